"""Answers to the exercises of lesson 06."""

import math

import numpy as np
import torch

from answers import endless, form, says
from helpers.positions import frequencies, rope

# ---- 06.shift_invariant ----


def invariant_by_comparing(scores):
    n = len(scores)
    for query in range(n):
        for key in range(query + 1):
            if abs(scores[query][key] - scores[query - key][0]) > 1e-3:
                return False
    return True


def invariant_by_diagonals(scores):
    array = np.asarray(scores)
    return all(np.ptp(np.diagonal(array, -d)) <= 0.001 for d in range(array.shape[0]))


def invariant_as_tensor(scores):
    lower = [scores.diagonal(-d) for d in range(len(scores))]
    return torch.stack([d.max() - d.min() <= 1e-3 for d in lower]).all()


def skips_distance_0(scores):
    return all(float(d.max() - d.min()) < 1e-3 for d in (scores.diagonal(-i) for i in range(1, len(scores))))


def skips_the_far_end(scores):
    return all(float(np.ptp(scores.diagonal(-i).numpy())) < 1e-3 for i in range(len(scores) // 2))


def compares_neighbours(scores):
    return all(bool((scores.diagonal(-i).diff().abs() < 1e-3).all()) for i in range(len(scores)))


def with_tolerance(limit):
    return lambda scores: all(float(np.ptp(scores.diagonal(-i).numpy())) <= limit for i in range(len(scores)))


def without_abs(scores):
    return all(bool((d - d[0] < 1e-3).all()) for d in (scores.diagonal(-i) for i in range(len(scores))))


def above_the_diagonal_too(scores):
    n = len(scores)
    return all(float(np.ptp(scores.diagonal(i).numpy())) < 1e-3 for i in range(1 - n, n))


def changes_the_scores(scores):
    scores.sub_(scores.mean())
    return invariant_by_diagonals(scores)


# ---- 06.broken_rope ----


def rotated(x, positions, pairing):
    """A rotation written out for each pair: pairing(i, half) gives the two dimensions of pair i."""
    out = torch.empty_like(x)
    half = x.shape[-1] // 2
    for row, p in enumerate(positions.tolist()):
        for i in range(half):
            a, b = pairing(i, half)
            angle = p * 10_000 ** (-i / half)
            out[row, a] = x[row, a] * math.cos(angle) - x[row, b] * math.sin(angle)
            out[row, b] = x[row, a] * math.sin(angle) + x[row, b] * math.cos(angle)
    return out


def neighbours(i, half):
    return 2 * i, 2 * i + 1


def halves(i, half):
    return i, i + half


def in_complex_numbers(x, positions):
    pairs = x.double().numpy()[..., ::2] + 1j * x.double().numpy()[..., 1::2]
    turned = pairs * np.exp(1j * positions.numpy()[:, None] * frequencies(x.shape[-1]).numpy())
    return np.stack([turned.real, turned.imag], axis=-1).reshape(x.shape)


def as_nested_lists(x, positions):
    return rotated(x, positions, halves).tolist()


def still_broken(x, positions):
    angles = positions[:, None] * frequencies(x.shape[-1]).float()
    angles = angles.repeat_interleave(2, dim=-1)
    half = x.shape[-1] // 2
    swapped = torch.cat([-x[:, half:], x[:, :half]], dim=-1)
    return x * angles.cos() + swapped * angles.sin()


def mended_the_wrong_way(x, positions):
    """Angles in blocks, and pairs of neighbours: the other half of the mistake."""
    angles = (positions[:, None] * frequencies(x.shape[-1]).float()).repeat(1, 2)
    swapped = torch.stack([-x[:, 1::2], x[:, ::2]], dim=-1).flatten(-2)
    return x * angles.cos() + swapped * angles.sin()


def only_here(x, positions):
    """Fits head_dim 4 alone."""
    angles = positions[:, None] * torch.tensor([1.0, 0.01])
    first, second = x[:, 0::2], x[:, 1::2]
    turned = [first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()]
    return torch.stack(turned, dim=-1).flatten(-2)


def in_place(x, positions):
    x[:] = rope(x, positions)
    return x


# ---- 06.look_back ----


def by_random_vector(steps, dim):
    vector = torch.randn(dim, generator=torch.Generator().manual_seed(3))
    return vector, rope(vector[None], [steps])[0]


def by_turning_back(steps, dim):
    """The query turned backwards, in NumPy, where rope takes no negative positions."""
    query, key = np.zeros(dim), np.zeros(dim)
    for i in range(dim // 2):
        angle = -steps * 10_000 ** (-2 * i / dim)
        query[2 * i : 2 * i + 2] = math.cos(angle), math.sin(angle)
        key[2 * i] = 1
    return query, key


def as_lists(back, d):
    return tuple(v.tolist() for v in by_random_vector(back, d))


def one_pair(which):
    def look(steps, dim):
        vector = torch.zeros(dim)
        vector[2 * which : 2 * which + 2] = 1
        return vector, rope(vector[None], [steps])[0]

    return look


def turned_the_query(steps, dim):
    return rope(torch.ones(1, dim), [steps])[0], torch.ones(dim)


def one_step_too_far(steps, dim):
    return torch.ones(dim), rope(torch.ones(1, dim), [steps + 1])[0]


def by_the_other_pairs(steps, dim):
    half = dim // 2
    angles = steps * frequencies(dim).float()
    key = torch.cat([angles.cos() - angles.sin(), angles.sin() + angles.cos()])
    return torch.ones(2 * half), key


def for_ever(steps, dim):
    while True:
        steps += 1


def diagonals(scores):
    return [scores.diagonal(-i) for i in range(len(scores))]


def near(middle, **tolerance):
    """Compares each diagonal with one number of its own."""
    return lambda scores: all(
        np.allclose(d, middle(d), **({"rtol": 0, "atol": 1e-3} | tolerance)) for d in diagonals(scores)
    )


RIGHT = {
    "06.shift_invariant": [
        invariant_by_comparing,
        invariant_by_diagonals,
        invariant_as_tensor,
        near(lambda d: d[0]),
        with_tolerance(0.001),
        lambda scores: np.bool_(max(np.ptp(d.numpy()) for d in diagonals(scores)) <= 1e-3),
    ],
    "06.broken_rope": [
        lambda x, positions: rotated(x, positions, neighbours),
        lambda x, p: rotated(x, p, halves),
        in_complex_numbers,
        as_nested_lists,
        rope,
        lambda x, positions: (rope(x[i : i + 1], positions[i : i + 1])[0] for i in range(len(x))),
    ],
    "06.look_back": [
        lambda steps, dim: (torch.ones(dim), rope(torch.ones(1, dim), [steps])[0]),
        by_random_vector,
        by_turning_back,
        as_lists,
        lambda steps, dim: [5 * v for v in by_turning_back(steps, dim)],
        lambda steps, dim: dict(enumerate(by_random_vector(steps, dim))).values(),
    ],
}

WRONG = {
    "06.shift_invariant": [
        says(skips_distance_0, "distance 0"),
        skips_the_far_end,
        says(compares_neighbours, "0.005 apart"),
        says(with_tolerance(0.01), "limit of 0.001"),
        says(with_tolerance(0.0), "0.001 apart"),
        without_abs,
        says(above_the_diagonal_too, "future"),
        lambda scores: bool(torch.allclose(scores, scores.T)),
        lambda scores: all(float(row.max() - row.min()) < 1e-3 for row in scores),
        lambda scores: all(np.allclose(np.diagonal(scores, -i), scores[i][0]) for i in range(len(scores))),
        lambda scores: True,
        lambda scores: max(float(np.ptp(scores.diagonal(-i).numpy())) for i in range(len(scores))),
        lambda scores: int(invariant_by_diagonals(scores)),
        lambda scores: [with_tolerance(1e-3)(scores)],
        lambda scores: not invariant_by_diagonals(scores),
        lambda scores: bool(abs(scores.diagonal(-3).max() - scores.diagonal(-3).min()) < 1e-3),
        lambda scores: all(
            len(d) < 2 or float(d.std()) < 1e-3 for d in (scores.diagonal(-i) for i in range(len(scores)))
        ),
        says(changes_the_scores, "changed its argument"),
        form(True, "should be a function"),
        says(near(lambda d: d[0], rtol=1e-3), "however large"),
        says(near(lambda d: d[0], rtol=1e-3, atol=0), "0.001 apart"),
        says(with_tolerance(0.002), "The limit is 0.001"),
        says(with_tolerance(0.0005), "count as equal"),
        lambda scores: with_tolerance(0.001)(scores.half().float()),
        lambda scores: all(len(set((d * 1000).round().tolist())) == 1 for d in diagonals(scores)),
        lambda scores: all(d.max() - d.min() <= 1e-3 * d.abs().max() for d in diagonals(scores)),
    ],
    "06.broken_rope": [
        says(still_broken, "a rotation keeps it"),
        mended_the_wrong_way,
        says(lambda x, positions: x, "no pair was turned"),
        says(lambda x, positions: rope(x, torch.arange(len(x))), "no pair was turned"),
        says(lambda x, positions: rotated(x, -positions, neighbours), "the other way"),
        says(lambda x, positions: rope(x, positions + 1), "position * frequency"),
        lambda x, positions: rope(x, positions, 500_000.0),
        lambda x, positions: rope(x.to(torch.bfloat16), positions),
        lambda x, positions: rotated(x, positions, lambda i, half: (i, 2 * half - 1 - i)),
        lambda x, positions: rope(x, positions)[0],
        lambda x, positions: rope(x, positions).T,
        only_here,
        says(in_place, "changed its argument"),
        says(lambda x, positions: print(rope(x, positions)), "Does it end with `return`?"),
        lambda x, positions: "rotated",
        form(rope(torch.ones(2, 4), [0, 1]), "should be a function"),
    ],
    "06.look_back": [
        says(lambda steps, dim: (torch.ones(dim), torch.ones(dim)), "are equal"),
        says(turned_the_query, "which of the two is ahead"),
        one_step_too_far,
        by_the_other_pairs,
        says(one_pair(0), "comes round again"),
        says(one_pair(7), "hardly turns"),
        says(lambda steps, dim: (torch.zeros(dim), torch.zeros(dim)), "zeros"),
        lambda steps, dim: (torch.ones(dim), rope(torch.ones(1, dim), [3])[0]),
        lambda steps, dim: (torch.ones(dim), -rope(torch.ones(1, dim), [steps])[0]),
        lambda steps, dim: tuple(reversed(by_random_vector(steps, dim))),
        lambda steps, dim: by_random_vector(steps, dim)[1],
        lambda steps, dim: by_random_vector(steps, 2 * dim),
        lambda steps, dim: (torch.full((dim,), torch.nan), torch.ones(dim)),
        lambda steps, dim: steps,
        says(lambda steps, dim: print(by_random_vector(steps, dim)), "Does it end with `return`?"),
        endless(for_ever),
    ],
}
