"""Answers to the exercise of deeper/05_two_ways_to_train."""

import math

import numpy as np
import torch

from answers import says

# ---- 05.ppmi ----


def in_shares(counts):
    p = counts / counts.sum()
    expected = p.sum(axis=1, keepdims=True) @ p.sum(axis=0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.maximum(np.log(p / expected), 0), nan=0.0, posinf=0.0)


def by_cells(table):
    total, height, width = table.sum(), *table.shape
    result = [[0.0] * width for _ in range(height)]
    for i in range(height):
        for j in range(width):
            if table[i, j]:
                value = math.log(table[i, j] * total / table[i].sum() / table[:, j].sum())
                result[i][j] = max(value, 0)
    return result


def with_where(counts):
    counts = np.array(counts, float)
    chance = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
    logs -= np.log(chance, out=np.zeros_like(counts), where=counts > 0)
    return torch.from_numpy(np.where(logs > 0, logs, 0))


def changed(least=0, power=1.0, base=math.e, add=0.0, log=np.log):
    """in_shares, with something changed."""

    def answer(counts):
        counts = counts + add
        columns = counts.sum(axis=0) ** power
        chance = np.outer(counts.sum(axis=1), columns) / columns.sum()
        with np.errstate(all="ignore"):
            values = np.where(counts > 0, log(counts / chance) / math.log(base), 0)
        return np.maximum(values, least)

    return answer


def warns(counts):
    p = counts / counts.sum()
    expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    return np.nan_to_num(np.maximum(np.log(p / expected), 0))


def infinite(counts):
    with np.errstate(all="ignore"):
        p = counts / counts.sum()
        return np.log(p / np.outer(p.sum(1), p.sum(0)))


def conditional(counts):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.maximum(np.log(counts / counts.sum(axis=1, keepdims=True)), 0), nan=0.0)


def rows_for_columns(counts):
    with np.errstate(all="ignore"):
        chance = np.outer(counts.sum(1), counts.sum(1)) / counts.sum()
        return np.maximum(np.where(counts > 0, np.log(counts / chance[:, : counts.shape[1]]), 0), 0)


def in_place(counts):
    counts += 1
    return changed()(counts - 1)


RIGHT = {
    "05.ppmi": [in_shares, by_cells, with_where, changed()],
}

WRONG = {
    "05.ppmi": [
        says(changed(base=2), "base-2"),
        says(changed(base=10), "base-10"),
        says(changed(power=0.75), "smooths"),
        says(changed(least=-np.inf), "below zero"),
        says(changed(log=lambda x: x), "logarithm is missing"),
        says(lambda counts: np.abs(changed(least=-np.inf)(counts)), "not their size"),
        changed(add=1.0),
        changed(log=np.log1p),
        says(infinite, "An infinity or a NaN"),
        says(warns, "A warning counts as an error"),
        conditional,
        rows_for_columns,
        in_place,
        lambda counts: changed()(counts).T,
        lambda counts: changed()(counts).sum(),
        lambda counts: changed()(counts).round(2),
        says(lambda counts: print(changed()(counts)), "Does it end with `return`?"),
        says(lambda counts: changed()(counts + (counts == 0) * 1e-9), "A count of 0 gives 0"),
    ],
}
