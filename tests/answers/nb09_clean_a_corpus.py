"""Answers to the exercises of the deeper page 09_clean_a_corpus."""

import math

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from answers import endless, form, says

# ---- 09.groups ----


def keep_by_labels(n, pairs):
    group = list(range(n))
    for a, b in pairs:
        old, new = max(group[a], group[b]), min(group[a], group[b])
        group = [new if g == old else g for g in group]
    return sorted(set(group))


def keep_by_walking(n, edges):
    near = {i: set() for i in range(n)}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    seen = set()
    for start in range(n):
        if start in seen:
            continue
        yield start
        todo = [start]
        while todo:
            here = todo.pop()
            if here not in seen:
                seen.add(here)
                todo += near[here]


def keep_with_scipy(n, pairs):
    if not n:
        return np.zeros(0, int)
    a, b = np.array(pairs, dtype=int).reshape(-1, 2).T
    _, labels = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(n, n)))
    return np.unique(labels, return_index=True)[1]


class Groups:
    def __call__(self, count, alike):
        smallest = list(range(count))
        for _ in range(count):
            for a, b in alike:
                smallest[a] = smallest[b] = min(smallest[a], smallest[b])
        return torch.tensor([i for i, low in enumerate(smallest) if i == low], dtype=torch.int64)


def without_the_second(n, pairs):
    gone = {b for _, b in pairs}
    return [i for i in range(n) if i not in gone]


def without_the_larger(n, pairs):
    gone = {max(pair) for pair in pairs}
    return [i for i in range(n) if i not in gone]


def none_of_a_pair(n, pairs):
    gone = {i for pair in pairs for i in pair}
    return [i for i in range(n) if i not in gone]


def one_round(n, pairs):
    smallest = list(range(n))
    for a, b in pairs:
        smallest[a] = smallest[b] = min(smallest[a], smallest[b])
    return sorted(set(smallest))


def moves_only_one(n, pairs):
    group = list(range(n))
    for a, b in pairs:
        group[max(a, b)] = group[min(a, b)]
    return sorted(set(group))


def greedy(n, pairs):
    kept = []
    for i in range(n):
        if not any((i, k) in pairs or (k, i) in pairs for k in kept):
            kept.append(i)
    return kept


def largest_of_each(n, pairs):
    group = list(range(n))
    for a, b in pairs:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
    return sorted({max(i for i in range(n) if group[i] == g) for g in group})


def eats_pairs(n, pairs):
    copied = []
    while pairs:
        copied.append(pairs.pop())
    return keep_by_labels(n, copied)


def never_ends(n, pairs):
    while pairs:
        pass
    return list(range(n))


# ---- 09.bands ----


def bands_in_a_loop(n, s, wanted):
    bands = 1
    while n % bands or 1 - (1 - s ** (n // bands)) ** bands < wanted:
        bands += 1
    return bands


def bands_with_numpy(n, s, wanted):
    bands = np.arange(1, n + 1)
    bands = bands[n % bands == 0]
    found = 1 - (1 - float(s) ** (n // bands)) ** bands
    return bands[found >= wanted][0]


class Bands:
    def __call__(self, numbers, similarity, chance):
        rows = [rows for rows in range(numbers, 0, -1) if numbers % rows == 0]
        missed = [(1 - similarity**r) ** (numbers // r) for r in rows]
        return next(numbers // r for r, miss in zip(rows, missed, strict=True) if 1 - miss >= chance)


def any_number(n, s, wanted):
    return next(b for b in range(1, n + 1) if 1 - (1 - s ** (n // b)) ** b >= wanted)


def rows_for_bands(n, s, wanted):
    return n // bands_in_a_loop(n, s, wanted)


def most_bands(n, s, wanted):
    return max(b for b in range(1, n + 1) if n % b == 0 and 1 - (1 - s ** (n // b)) ** b >= wanted)


def all_bands_agree(n, s, wanted):
    return next((b for b in range(1, n + 1) if n % b == 0 and s ** (n // b) >= wanted), n)


def swapped(n, s, wanted):
    fits = [b for b in range(1, n + 1) if n % b == 0 and 1 - (1 - s**b) ** (n // b) >= wanted]
    return fits[0] if fits else n


def strictly_more(n, s, wanted):
    return next((b for b in range(1, n + 1) if n % b == 0 and 1 - (1 - s ** (n // b)) ** b > wanted), n)


def by_the_threshold(n, s, wanted):
    """The rule of thumb (1 / bands) ** (1 / rows) for where the curve is steep."""
    return next((b for b in range(1, n + 1) if n % b == 0 and (1 / b) ** (b / n) <= s), n)


RIGHT = {
    "09.groups": [keep_by_labels, keep_by_walking, keep_with_scipy, Groups()],
    "09.bands": [bands_in_a_loop, bands_with_numpy, Bands(), lambda n, s, p: float(bands_in_a_loop(n, s, p))],
}

WRONG = {
    "09.groups": [
        says(without_the_second, "the larger number first"),
        says(without_the_larger, "both are like 2"),
        says(none_of_a_pair, "keep the smaller"),
        one_round,
        moves_only_one,
        says(greedy, "through 1"),
        says(largest_of_each, "keep the smaller"),
        says(lambda n, pairs: list(range(n)), "keep the smaller"),
        says(lambda n, pairs: len(keep_by_labels(n, pairs)), "expected"),
        lambda n, pairs: keep_by_labels(n, pairs)[::-1],
        lambda n, pairs: [i + 1 for i in keep_by_labels(n, pairs)],
        lambda n, pairs: [[i] for i in keep_by_labels(n, pairs)],
        lambda n, pairs: sorted({i for pair in pairs for i in pair} & set(keep_by_labels(n, pairs))),
        lambda n, pairs: keep_by_labels(n, sorted(pairs)[:-1]),
        lambda n, pairs: str(keep_by_labels(n, pairs)),
        says(eats_pairs, "changed its argument"),
        says(lambda n, pairs: print(keep_by_labels(n, pairs)), "Does it end with `return`?"),
        form([0, 2], "should be a function"),
        endless(never_ends),
    ],
    "09.bands": [
        any_number,
        says(rows_for_bands, "14 bands of 8"),
        says(most_bands, "expected"),
        all_bands_agree,
        swapped,
        strictly_more,
        by_the_threshold,
        says(lambda n, s, wanted: 14, "find 0.84"),
        lambda n, s, wanted: n,
        lambda n, s, wanted: 1,
        lambda n, s, wanted: bands_in_a_loop(n, s, wanted) + 1,
        lambda n, s, wanted: (bands_in_a_loop(n, s, wanted), n // bands_in_a_loop(n, s, wanted)),
        lambda n, s, wanted: 1 - (1 - s ** (n // 14 or 1)) ** 14,
        lambda n, s, wanted: math.ceil(math.log(1 - min(wanted, 0.999)) / math.log(1 - min(s, 0.999))),
        lambda n, s, wanted: str(bands_in_a_loop(n, s, wanted)),
        says(lambda n, s, wanted: print(bands_in_a_loop(n, s, wanted)), "Does it end with `return`?"),
        form(14, "should be a function"),
    ],
}
