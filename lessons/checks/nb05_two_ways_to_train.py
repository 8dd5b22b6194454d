"""The checks of deeper/05_two_ways_to_train."""

import math
import warnings
from typing import Any

import numpy as np

from lessons.exercises import Wrong, call, exercise, rejection, same, short

SEED = 5


@exercise("05.ppmi")
def plain_ppmi(answer: Any) -> str:
    draw = np.random.default_rng(SEED)
    tables = [np.array([[2, 1, 0], [1, 6, 1], [0, 1, 7]]), draw.integers(0, 9, (4, 6)), np.eye(3) * 4]
    tables.append(np.array([[3, 0, 1], [0, 0, 0], [2, 0, 5]]))  # a word and a context that never occur
    tables.append(draw.poisson(0.7, (6, 3)))
    for counts in tables:
        right = _pmi(counts)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)  # where NumPy divides by 0, or takes its log
                got = call(answer, counts, expected=short(right))
        except Wrong as error:
            if not isinstance(error.__cause__, RuntimeWarning):
                raise
            hint = "A warning counts as an error here: take logarithms only where the count is above 0."
            raise Wrong(f"{error} {hint}") from None
        if not same(got, right):
            raise rejection((counts,), right, got, _about_ppmi(got, counts, right))
    return "The finished version does the same on a sparse matrix, and smooths the contexts."


def _pmi(counts: np.ndarray, power: float = 1, least: float = 0, add: float = 0) -> np.ndarray:
    """PMI by its definition, cell by cell: what is below `least` becomes `least`, and no count gives 0."""
    counts = counts + add
    total, rows, columns = counts.sum(), counts.sum(axis=1), counts.sum(axis=0) ** power
    right = np.zeros(counts.shape)
    for i, j in np.argwhere(counts > 0):
        shares = rows[i] / total * columns[j] / columns.sum()
        right[i, j] = max(least, math.log(counts[i, j] / total / shares))
    return right


def _about_ppmi(got: Any, counts: np.ndarray, right: np.ndarray) -> str:
    if got is None:
        return ""
    try:
        found = np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return "Give an array of numbers."
    if found.shape != right.shape:
        return f"It should have the shape of counts, {right.shape}."
    if not np.isfinite(found).all():
        return "An infinity or a NaN is in it: a count of 0 gives 0."
    if found[counts == 0].any():
        return "A count of 0 gives 0."
    known = [
        (right / math.log(2), "These are base-2 logarithms; take the natural one."),
        (right / math.log(10), "These are base-10 logarithms; take the natural one."),
        (_pmi(counts, least=-math.inf), "Positive PMI cuts values below zero to 0."),
        (_pmi(counts, power=0.75), "This smooths the contexts; leave that out."),
        (np.exp(_pmi(counts, least=-math.inf)) * (counts > 0), "The logarithm is missing."),
        (np.abs(_pmi(counts, least=-math.inf)), "Values below zero become 0, not their size."),
    ]
    return next((hint for value, hint in known if same(found, value)), SHARES)


SHARES = "P(i, j), P(i), P(j): the count, the sum of its row, that of its column, each over the total, as is."
