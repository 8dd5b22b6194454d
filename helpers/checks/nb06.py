"""Checks of the exercises in 06_positional_encodings."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.exercises import Wrong, call, exercise, expect, same, short
from helpers.positions import alibi_bias, alibi_slopes, frequencies, rope, sinusoidal


@exercise("06.wavelength")
def wavelength(answer: Any) -> str:
    for pair, dim, base in [(0, 64, 10000.0), (3, 8, 10000.0), (31, 64, 500000.0), (10, 128, 10000.0)]:
        right = 2 * math.pi * base ** (2 * pair / dim)
        got = call(answer, pair, dim, base)
        if same(got, right / (2 * math.pi)):
            raise Wrong(
                f"On pair {pair}, dim {dim} you gave {short(got)}: the positions for one radian. How many "
                "radians are a full turn?"
            )
        if pair and same(got, 2 * math.pi * base ** (pair / dim)):
            raise Wrong("Pair i stands in columns 2i and 2i + 1, so its exponent is 2i / dim, not i / dim.")
        if same(got, 1 / right) or (pair and same(got, 2 * math.pi * base ** (-2 * pair / dim))):
            raise Wrong(
                f"On pair {pair}, dim {dim} you gave {short(got)}: slow pairs have long waves, not short."
            )
        if base != 10000.0 and same(got, 2 * math.pi * 10000.0 ** (2 * pair / dim)):
            raise Wrong(f"With base={base} you gave the wavelength of base 10,000: is `base` used?")
        expect(answer, (pair, dim, base), right, "A pair turns by base^(-2i / dim) radians at each step.")
    return "From about 6 positions up to more than 2 million: one vector holds clock hands of all speeds."


@exercise("06.alibi_slopes")
def slopes(answer: Any) -> str:
    for n_heads in (8, 16, 4, 1, 64):
        got = call(answer, n_heads)
        if n_heads != 8 and same(got, [2.0**-i for i in range(1, n_heads + 1)]):
            raise Wrong(
                f"With {n_heads} heads you gave 1/2, 1/4, 1/8, ...: right for 8 heads only. The last "
                "slope is 2^-8 for any number of heads."
            )
        right = alibi_slopes(n_heads).tolist()
        if same(got, [1.0, *right[:-1]]):
            raise Wrong(f"With {n_heads} heads your slopes start at 1; the first is the ratio itself.")
        expect(
            answer,
            (n_heads,),
            right,
            "The first slope is the ratio of each to the one before; the last is 2^-8.",
        )
    return "Numbers fixed in advance: ALiBi has nothing to train."


@exercise("06.shift_invariant")
def shift_invariant(answer: Any) -> str:
    steps = torch.arange(12.0)
    by_distance = torch.cos(steps[:, None] - steps)
    garbage = torch.rand(12, 12, generator=torch.Generator().manual_seed(0)).triu(1)
    one_off = by_distance.clone()
    one_off[11, 4] += 0.5
    vectors = sinusoidal(12, 8) + 1
    for scores, right, hint in [
        (
            alibi_bias(1, 12)[0],
            True,
            "ALiBi's bias depends on the distance alone. (The last diagonal has a single entry.)",
        ),
        (vectors @ torch.arange(64.0).reshape(8, 8) @ vectors.T, False, "These move with the position."),
        (by_distance + garbage, True, "Above the diagonal lie keys of the future: leave them out."),
        (by_distance.masked_fill(garbage > 0, -math.inf), True, "The future is -inf here: leave it out."),
        (one_off, False, "One entry, of query 11 and key 4, differs from the others at distance 7."),
        (by_distance + 1e-6 * steps, True, "Allow for rounding: a tolerance of 0.001 will do."),
        (steps.expand(12, 12), False, "Each row is the same here, but the diagonals are not."),
        (torch.ones(1, 1), True, "One token is in step with itself."),
    ]:
        got = call(answer, scores)
        if isinstance(got, Tensor) and got.numel() == 1:
            got = bool(got)
        if not isinstance(got, bool | np.bool_):
            raise Wrong(f"Return True or False; you gave {short(got)}.")
        if not same(got, right):
            asked = f"a {len(scores)} x {len(scores)} matrix that begins {short(scores[:2, :3].tolist())}"
            raise Wrong(f"On {asked} expected {right}, but got {short(got)}. {hint}")
    return "This is the test that any relative scheme must pass."


@exercise("06.broken_rope")
def broken_rope(answer: Any) -> str:
    for length, dim in [(6, 4), (9, 16), (3, 64)]:
        x = torch.randn(length, dim, generator=torch.Generator().manual_seed(dim))
        positions = torch.arange(length) * 7 + 2
        got = call(answer, x, positions)
        if isinstance(got, np.ndarray):
            got = torch.as_tensor(got)
        if not isinstance(got, Tensor) or got.shape != x.shape:
            what = tuple(got.shape) if isinstance(got, Tensor) else short(got)
            raise Wrong(f"For x of shape {tuple(x.shape)} expected a tensor of that shape, but got {what}.")
        adjacent, split = rope(x, positions), _half_split(x, positions)
        if same(got, x):
            raise Wrong("Your function gives x back as it came: no pair was turned.")
        if torch.allclose(got.float(), adjacent, atol=1e-4) or torch.allclose(got.float(), split, atol=1e-4):
            continue
        before, after = x.norm(dim=-1)[-1].item(), got.norm(dim=-1)[-1].item()
        if abs(before - after) > 1e-3:
            raise Wrong(
                f"With head_dim {dim} a vector of length {before:.3f} came out with length {after:.3f}: a "
                "rotation keeps it. Does each pair get one angle, the same in its two dimensions?"
            )
        raise Wrong(
            f"With head_dim {dim} the lengths are kept, but the angles are not position * frequency, or the "
            "turn goes the other way: (a, b) becomes (a cos - b sin, a sin + b cos)."
        )
    return "Both conventions are right; mixing them is not."


def _half_split(x: Tensor, positions: Tensor) -> Tensor:
    """RoPE with pairs (i, i + head_dim / 2)."""
    angles = positions[:, None] * frequencies(x.shape[-1]).float()
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


@exercise("06.look_back")
def look_back(answer: Any) -> str:
    for steps, dim in [(3, 32), (1, 16), (0, 16), (10, 64), (25, 128)]:
        got = call(answer, steps, dim)
        try:
            query, key = (torch.as_tensor(t, dtype=torch.float32).reshape(1, dim) for t in got)
        except (TypeError, ValueError, RuntimeError):
            raise Wrong(
                f"Return two vectors of {dim} numbers, (query, key); you gave {short(got)}."
            ) from None
        if steps and torch.allclose(query, key):
            raise Wrong(
                f"With steps={steps} your query and key are equal: such a pair scores highest at distance 0. "
                "RoPE will turn the query further than the key; make up for it beforehand."
            )
        keys = rope(key.expand(64, dim), torch.arange(64))
        scores = (keys @ rope(query, [63])[0]).flip(0)  # by distance: 0, 1, 2, ...
        best = int(scores.argmax())
        if (scores >= scores[best] - 1e-3 * abs(scores[best])).sum() > 1:
            raise Wrong(
                f"With steps={steps}, dim={dim} several distances share the highest score, or nearly. A fast "
                "pair comes round again and a slow one hardly turns: let all pairs have a say."
            )
        if best != steps:
            mirrored = " The score is q turned by m times k turned by n: which of the two is ahead?"
            raise Wrong(
                f"With steps={steps}, dim={dim} the highest score is at distance {best}, not {steps}."
                f"{mirrored if steps else ''}"
            )
    return "A head that looks a fixed number of steps back, built without a single step of training."
