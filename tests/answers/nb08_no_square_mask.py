"""Answers to the exercises of the page 08_no_square_mask."""

from itertools import pairwise

import numpy as np
import torch

from answers import endless, form, says


def with_a_formula(borders, window):
    total = 0
    for start, end in pairwise(borders):
        n = end - start
        total += n * (n + 1) // 2 if n <= window else window * (window + 1) // 2 + (n - window) * window
    return total


def with_numpy(edges, width):
    n = np.diff(edges)
    return int(
        (np.minimum(n, width) * (np.minimum(n, width) + 1) // 2 + np.maximum(n - width, 0) * width).sum()
    )


def triangle_minus_triangle(borders, window):
    def triangle(n):
        return n * (n + 1) // 2 if n > 0 else 0

    return sum(triangle(b - a) - triangle(b - a - window) for a, b in pairwise(borders))


def no_window(borders, window):
    return sum((b - a) * (b - a + 1) // 2 for a, b in pairwise(borders))


def full_window_always(borders, window):
    return sum(min(b - a, window) * (b - a) for a, b in pairwise(borders))


def window_and_itself(borders, window):
    return with_a_formula(borders, window + 1)


def one_document(borders, window):
    return with_a_formula([borders[0], borders[-1]], window)


def one_by_one(borders, window):
    total = 0
    for a, b in pairwise(borders):
        for i in range(b - a):
            total += min(i + 1, window)
    return total


def last_document_left_out(borders, window):
    return with_a_formula(borders[:-1], window)


def for_ever(borders, window):
    while True:
        with_a_formula(borders, window)


def row_by_row(input_ids, attention_mask):
    ids, positions, borders = [], [], [0]
    for row, mask in zip(input_ids, attention_mask, strict=True):
        place = 0
        for i, real in zip(row, mask, strict=True):
            if real:
                ids.append(i)
                positions.append(place)
                place += 1
        if place:
            borders.append(len(ids))
    return ids, positions, borders


def with_tensors(rows, mask):
    real = torch.tensor(mask).bool()
    lengths = real.sum(1)
    lengths = lengths[lengths > 0]
    ids = torch.tensor(rows)[real]
    positions = (real.cumsum(1) - 1)[real]
    return ids, positions, torch.nn.functional.pad(lengths.cumsum(0), (1, 0))


class Unpad:
    def __call__(self, input_ids, attention_mask):
        kept = [np.array(i)[np.array(m) == 1] for i, m in zip(input_ids, attention_mask, strict=True)]
        kept = [row for row in kept if row.size]
        ids = [int(i) for row in kept for i in row]
        return [ids, [n for row in kept for n in range(len(row))], np.cumsum([0, *map(len, kept)])]


def empty_rows_too(input_ids, attention_mask):
    ids, positions, _ = row_by_row(input_ids, attention_mask)
    return ids, positions, np.cumsum([0, *map(sum, attention_mask)])


def places_of_the_batch(input_ids, attention_mask):
    ids, _, borders = row_by_row(input_ids, attention_mask)
    return ids, [n for mask in attention_mask for n, m in enumerate(mask) if m], borders


def positions_go_on(input_ids, attention_mask):
    ids, _, borders = row_by_row(input_ids, attention_mask)
    return ids, list(range(len(ids))), borders


def by_the_last_id(input_ids, attention_mask):
    pad = input_ids[-1][-1]
    return row_by_row(input_ids, [[int(i != pad) for i in row] for row in input_ids])


def padding_on_the_right_only(input_ids, attention_mask):
    cut = [row[: sum(mask)] for row, mask in zip(input_ids, attention_mask, strict=True)]
    return [i for row in cut for i in row], *row_by_row(input_ids, attention_mask)[1:]


def lengths_for_borders(input_ids, attention_mask):
    ids, positions, borders = row_by_row(input_ids, attention_mask)
    return ids, positions, np.diff(borders)


def without_the_zero(input_ids, attention_mask):
    ids, positions, borders = row_by_row(input_ids, attention_mask)
    return ids, positions, borders[1:]


def two_things(input_ids, attention_mask):
    return row_by_row(input_ids, attention_mask)[::2]


RIGHT = {
    "08.window_pairs": [with_a_formula, with_numpy, triangle_minus_triangle],
    "08.unpad": [row_by_row, with_tensors, Unpad()],
}
WRONG = {
    "08.window_pairs": [
        no_window,
        full_window_always,
        window_and_itself,
        one_document,
        last_document_left_out,
        says(one_by_one, "by a formula"),
        lambda borders, window: float("nan"),
        says(lambda borders, window: print(with_a_formula(borders, window)), "`return`"),
        endless(for_ever),
        form([0, 3], "should be a function"),
    ],
    "08.unpad": [
        says(empty_rows_too, "adds none"),
        says(places_of_the_batch, "begins again at 0"),
        says(positions_go_on, "begins again at 0"),
        by_the_last_id,
        padding_on_the_right_only,
        lengths_for_borders,
        without_the_zero,
        says(two_things, "three lists"),
    ],
}
