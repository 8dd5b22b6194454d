"""Solutions to the exercises of lesson 06. Try them yourself first."""

import torch

from helpers.positions import frequencies, rope
from lessons.exercises import check


# Distance d is the diagonal d below the main one. Each must be constant, but for rounding.
def is_shift_invariant(scores):
    diagonals = [scores.diagonal(-distance) for distance in range(len(scores))]
    return all(float(d.max() - d.min()) < 1e-3 for d in diagonals)


check("06.shift_invariant", is_shift_invariant)


# The pairs are (i, i + half), so the angles of the first half must be repeated as a block, not one by one.
def mended(x, positions):
    angles = positions[:, None] * frequencies(x.shape[-1]).float()
    cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
    half = x.shape[-1] // 2
    swapped = torch.cat([-x[:, half:], x[:, :half]], dim=-1)
    return x * cos + swapped * sin


check("06.broken_rope", mended)


# A vector and itself score highest. RoPE will turn the key `steps` positions less than the query, so turn it
# that much ahead beforehand: at distance `steps` the two meet.
def look_back(steps, dim):
    query = torch.ones(1, dim)
    return query[0], rope(query, [steps])[0]


check("06.look_back", look_back)
