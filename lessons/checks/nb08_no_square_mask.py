"""The checks of the exercises on deeper/08_no_square_mask."""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from lessons.exercises import Words, call, exercise, expect, lines_run, rejection, same


@exercise("08.window_pairs")
def window_pairs(answer: Callable) -> str:
    for borders, window, hint in [
        ([0, 3, 5], 2, "The first document has 3 tokens: they read 1, 2 and 2. The second has 2: 1 and 2."),
        ([0, 3, 5], 100, "A window that is never full changes nothing: 1 + 2 + 3, and 1 + 2."),
        ([0, 4], 1, "With a window of 1 each token reads itself."),
        ([0, 4], 4, "1 + 2 + 3 + 4."),
        ([0, 4], 3, "1 + 2 + 3 + 3."),
        ([0], 5, "A row without tokens has no pairs."),
        *random_rows(),
    ]:
        right = sum(min(i + 1, window) for start, end in pairwise(borders) for i in range(end - start))
        expect(answer, (borders, window), right, hint)
    few, many = (lines_run(answer, [0, n], n // 2) for n in (100, 10_000))
    if many > 3 * few:
        wanted = Words(f"about as much work as for a row of 100, {few} lines of Python")
        raise rejection(
            "a document of 10,000 tokens",
            wanted,
            Words(f"{many:,} lines"),
            "Count the tokens before the window is full by a formula.",
        )
    return "Long rows cost little now: at most the window for each token."


def random_rows() -> list[tuple[list[int], int, str]]:
    draw = random.Random(8)
    rows = []
    for _ in range(40):
        lengths = [draw.randint(1, 12) for _ in range(draw.randint(1, 5))]
        rows.append(([0, *np.cumsum(lengths).tolist()], draw.randint(1, 14), ""))
    return rows


@exercise("08.unpad")
def unpad(answer: Callable) -> str:
    cases = [
        ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]]),
        ([[9, 9, 4], [9, 2, 9]], [[0, 0, 1], [0, 1, 1]]),
        ([[3, 3], [3, 3], [1, 3]], [[1, 1], [0, 0], [1, 0]]),
        ([[0, 0]], [[1, 1]]),
        ([[4]], [[0]]),
    ]
    draw = random.Random(9)
    for _ in range(30):
        width, sides = draw.randint(1, 7), draw.random() < 0.5
        masks = []
        for _ in range(draw.randint(1, 5)):
            n = draw.randint(0, width)
            masks.append([0] * (width - n) + [1] * n if sides else [1] * n + [0] * (width - n))
        cases.append(([[draw.randint(0, 3) for _ in row] for row in masks], masks))
    names = "ids", "positions", "borders"
    hints = {
        "ids": "Only what the mask says is real, row after row.",
        "positions": "Each row begins again at 0, at its first real token.",
        "borders": "From 0 to the number of all real tokens; an empty row adds none.",
    }
    for input_ids, attention_mask in cases:
        right = unpadded(input_ids, attention_mask)
        form = Words("three lists: ids, positions, borders")
        got = call(answer, input_ids, attention_mask, expected=form)
        args = (input_ids, attention_mask)
        if isinstance(got, dict | str | set) or not hasattr(got, "__len__") or len(got) != 3:
            raise rejection(args, form, got)
        for name, wanted, part in zip(names, right, got, strict=True):
            if not same(part, wanted):
                raise rejection(args, wanted, part, f"Those are the {name}. {hints[name]}")
    return "With the three lists a model reads no padding, and FlashAttention needs no mask."


def unpadded(input_ids: list[list[int]], attention_mask: list[list[int]]) -> tuple[list, list, list]:
    ids, positions, borders = [], [], [0]
    for row, mask in zip(input_ids, attention_mask, strict=True):
        real = [i for i, m in zip(row, mask, strict=True) if m]
        ids += real
        positions += range(len(real))
        if real:
            borders.append(len(ids))
    return ids, positions, borders
