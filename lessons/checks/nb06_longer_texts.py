"""The checks of deeper/06_longer_texts."""

import math
from typing import Any

from helpers.positions import alibi_slopes
from lessons.exercises import call, exercise, rejection, same


@exercise("06.wavelength")
def wavelength(answer: Any) -> str:
    cases = [
        (0, 64, 1e4),
        (3, 8, 1e4),
        (31, 64, 5e5),
        (10, 128, 1e4),
        (3, 8, 500.0),
        (2, 6, 100.0),
        (1, 4, 2.0),
    ]
    for pair, dim, base in cases:
        right = 2 * math.pi * base ** (2 * pair / dim)
        got = call(answer, pair, dim, base, expected=right)
        hints = {
            right / (2 * math.pi): "That is where it has turned by one radian. How many are a full turn?",
            2 * math.pi * base ** (pair / dim): "Pair i has columns 2i and 2i + 1: its exponent is 2i / dim.",
            right / 2: "A full turn is 2 pi radians.",
            right * 180 / math.pi: "A full turn is 2 pi radians: the angles are no degrees.",
            right * base ** (2 / dim): "Pairs count from 0.",
            **dict.fromkeys((round(right), round(right, 1), round(right, 2)), "Do not round it."),
            1 / right: "That is turns for a position; the question is positions for a turn.",
            2 * math.pi / base ** (2 * pair / dim): "Slow pairs have long waves, not short ones.",
            2
            * math.pi
            * 1e4 ** (2 * pair / dim): f"That is the wave of base 10,000, not {base}: use `base`.",
        }
        if not same(got, right):
            hint = next((hint for value, hint in hints.items() if same(got, value)), "")
            hint = hint or "A pair turns by base^(-2i / dim) radians at each step."
            raise rejection((pair, dim, base), right, got, hint)
    return "From about 6 positions up to more than 2 million: one vector holds clock hands of all speeds."


@exercise("06.alibi_slopes")
def slopes(answer: Any) -> str:
    for n_heads in (8, 16, 4, 2, 1, 64):
        right = alibi_slopes(n_heads).tolist()
        got = call(answer, n_heads, expected=right)
        if same(got, right):
            continue
        hint = "The first slope is the ratio of each to the one before; the last is 2^-8."
        if same(got, [2.0**-i for i in range(1, n_heads + 1)]):
            hint = "Halving is right for 8 heads only: the last slope is 2^-8 for any number of heads."
        if same(got, [1.0, *right[:-1]]):
            hint = "Yours start at 1; the first slope is the ratio itself."
        if same(got, right[::-1]):
            hint = "The numbers are right, but the steepest slope comes first."
        raise rejection((n_heads,), right, got, hint)
    return "Numbers fixed in advance: ALiBi has nothing to train."
