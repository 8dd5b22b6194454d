"""The checks of lesson 06."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from helpers.positions import alibi_bias, frequencies, rope, sinusoidal
from lessons.exercises import Words, call, exercise, expect, rejection, short


@exercise("06.shift_invariant")
def shift_invariant(answer: Any) -> str:
    for what, scores, right, hint in _matrices():
        expect(answer, (scores,), right, hint, given=f"{what}, {short(scores[:3, :3])} at its upper left,")
    return "This is the test that any relative scheme must pass."


def _matrices() -> Iterator[tuple[str, Tensor, bool, str]]:
    """(description, scores, whether they depend on the distance alone, hint)."""
    steps = torch.arange(12.0)
    even = torch.cos(steps[:, None] - steps)
    random = torch.Generator().manual_seed(0)
    future = torch.rand(12, 12, generator=random).triu(1)
    vectors = sinusoidal(12, 8) + 1
    yield "ALiBi's bias", alibi_bias(1, 12)[0], True, "The last diagonal has one entry, which is fine."
    moving = vectors @ torch.arange(64.0).reshape(8, 8) @ vectors.T
    yield "scores with sinusoidal positions", moving, False, "These move with the position."
    yield "scores with anything above the diagonal", even + 9 * future, True, "Leave out keys of the future."
    hidden = even.masked_fill(future > 0, -math.inf)
    yield "scores with -inf above the diagonal", hidden, True, "Leave out keys of the future."
    rounded = even + 9e-4 * torch.randint(2, (12, 12), generator=random)
    yield "scores that differ by 0.0009", rounded, True, "Up to 0.001 apart they count as equal."
    yield "scores all near 0", 1e-5 * future.T, True, "0.001 is a difference, not a share of the scores."
    for query, key, off in [
        (11, 4, 0.5),
        (11, 4, -0.5),
        (7, 0, 0.5),
        (11, 1, -0.5),
        (5, 5, 0.5),
        (9, 6, 0.005),
    ]:
        one_off = even.clone()
        one_off[query, key] += off
        what = f"scores where that of query {query} for key {key} alone is {off} off"
        yield what, one_off, False, f"Look at all scores at distance {query - key}, with a limit of 0.001."
    drifting = even + 0.0005 * steps
    yield "scores that grow by 0.0005 a column", drifting, False, "The first and the last are 0.005 apart."
    for scale, off in [(1, 0.0015), (100, 0.02)]:
        one_off = scale * even
        one_off[9, 7] -= off
        what = f"scores up to {scale}, where that of query 9 for key 7 alone is {off} too low"
        yield what, one_off, False, "The limit is 0.001, however large the scores are."
    yield "equal rows", steps.expand(12, 12), False, "Each row is the same here, but the diagonals are not."
    yield "one token's score", torch.ones(1, 1), True, "It has nothing to differ from."
    yield "two tokens' scores", torch.tensor([[1.0, 0.0], [5.0, 2.0]]), False, "Distance 0 counts too."
    for size in (2, 5, 30):
        by_distance = torch.randn(size, generator=random)
        toeplitz = by_distance[(torch.arange(size)[:, None] - torch.arange(size)).abs()]
        yield f"a score for each distance, {size} x {size}", toeplitz, True, "Each diagonal is constant."
        toeplitz = toeplitz.clone()
        toeplitz[-1, -2] += 0.003
        yield (
            "the same, with the last score at distance 1 off by 0.003",
            toeplitz,
            size == 2,
            "Look at them all.",
        )


@exercise("06.broken_rope")
def broken_rope(answer: Any) -> str:
    for dim, at in [(4, [3, 1, 5, 0]), (16, [2, 9, 16, 3, 0]), (64, [40, 7]), (6, [1]), (2, [5, 50])]:
        x = torch.randn(len(at), dim, generator=torch.Generator().manual_seed(dim))
        positions = torch.tensor(at)
        given = f"x of shape {tuple(x.shape)} at positions {short(at)}"
        form = f"a tensor of shape {tuple(x.shape)}"
        got = call(answer, x, positions, given=given, expected=form)
        try:
            turned = torch.stack([torch.as_tensor(row).detach().float() for row in got])
        except (TypeError, ValueError, RuntimeError):
            turned = torch.empty(0)
        if turned.shape != x.shape:
            raise rejection(given, Words(form), got)
        either = rope(x, positions), _half_split(x, positions)
        near = [(turned - right).abs().amax(-1) < 1e-4 for right in either]
        if not any(convention.all() for convention in near):
            row = int((~(near[0] | near[1])).float().argmax())
            given = f"{given}, where row {row} is {short(x[row])},"
            wanted = [short(right[row]) for right in either]
            hint = _what_is_broken(x[row], turned[row])
            raise rejection(given, Words(" or ".join(wanted)), turned[row], hint)
    return "Both conventions are right; mixing them is not."


def _what_is_broken(before: Tensor, after: Tensor) -> str:
    if torch.allclose(before, after, atol=1e-4):
        return "That row came back as it was: no pair was turned."
    if abs(before.norm() - after.norm()) > 1e-3:
        return (
            f"A vector of length {before.norm():.3f} has become one of length {after.norm():.3f}; a rotation "
            "keeps it. Does each pair get one angle, the same in its two dimensions?"
        )
    return (
        "The lengths are kept, but the angles are not position * frequency, or the turn goes the other way: "
        "(a, b) becomes (a cos - b sin, a sin + b cos)."
    )


def _half_split(x: Tensor, positions: Tensor) -> Tensor:
    """RoPE with pairs (i, i + head_dim / 2)."""
    angles = positions[:, None] * frequencies(x.shape[-1]).float()
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


@exercise("06.look_back")
def look_back(answer: Any) -> str:
    n = 1000
    for steps, dim in [(3, 32), (1, 16), (0, 16), (10, 64), (25, 128), (200, 64)]:
        form = f"two vectors of {dim} numbers, (query, key)"
        got = call(answer, steps, dim, expected=form)
        try:
            query, key = (torch.as_tensor(v, dtype=torch.float32).reshape(1, dim) for v in got)
        except (TypeError, ValueError, RuntimeError):
            raise rejection((steps, dim), Words(form), got) from None
        if not (query.isfinite().all() and key.isfinite().all()):
            raise rejection((steps, dim), Words(f"{form}, all finite"), got)
        scores = (rope(key.expand(n, dim), torch.arange(n)) @ rope(query, [n - 1])[0]).flip(0)  # by distance
        best = int(scores.argmax())
        wanted = Words(f"the highest score at distance {steps}, alone by a thousandth")
        near = (scores >= scores[best] - 1e-3 * abs(scores[best])).nonzero().flatten().tolist()
        if best != steps or len(near) > 1:
            shown = [f"distance {d}: {short(scores[d].item())}" for d in sorted({steps, best, *near[:3]})]
            raise rejection((steps, dim), wanted, Words(", ".join(shown)), _why_not(steps, query, key, near))
    return "A head that looks a fixed number of steps back, built without a single step of training."


def _why_not(steps: int, query: Tensor, key: Tensor, near: list[int]) -> str:
    if not query.norm() * key.norm():
        return "A vector of zeros scores 0 with everything."
    if steps and torch.allclose(query, key):
        return (
            "Your query and key are equal, and such a pair scores highest at distance 0. RoPE will turn the "
            "query further than the key; make up for it beforehand."
        )
    if len(near) > 1:
        return "A fast pair comes round again, and a slow one hardly turns: let all pairs have a say."
    return "The score is the query turned by m times the key turned by n: which of the two is ahead?"
