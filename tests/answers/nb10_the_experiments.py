"""Answers to the exercise of deeper/10_the_experiments."""

import itertools
import statistics
from fractions import Fraction

import numpy as np

from answers import endless, says

# ---- 10.chance ----


def deals(a, b):
    pool = [*a, *b]
    for way in itertools.combinations(range(len(pool)), len(a)):
        yield [pool[i] for i in way], [pool[i] for i in range(len(pool)) if i not in way]


def gap(x, y, mean=statistics.fmean):
    return abs(mean(x) - mean(y))


def chance_with_fractions(a, b):
    exact = lambda part: Fraction(sum(Fraction(str(x)) for x in part), len(part))
    hits = [gap(x, y, exact) >= gap(a, b, exact) for x, y in deals(a, b)]
    return Fraction(sum(hits), len(hits))


def chance_with_arrays(a, b):
    pool = np.array([*a, *b])
    ways = np.array(list(itertools.combinations(range(len(pool)), len(a))))
    part = pool[ways].sum(axis=1)
    gaps = np.abs(part / len(a) - (pool.sum() - part) / len(b))
    return (gaps >= abs(np.mean(a) - np.mean(b)) - 1e-9).mean()


def chance_by_permutations(first, second):
    apart, n = gap(first, second), len(first)
    orders = list(itertools.permutations([*first, *second]))
    return sum(gap(order[:n], order[n:]) >= apart - 1e-12 for order in orders) / len(orders)


def chance_of(hit, finish=lambda hits: sum(hits) / len(hits)):
    return lambda a, b: finish([hit(x, y, a, b) for x, y in deals(a, b)])


def chance_by_sampling(a, b):
    rng = np.random.default_rng(0)
    draws = [rng.permutation([*a, *b]) for _ in range(2000)]
    return np.mean([gap(d[: len(a)], d[len(a) :]) >= gap(a, b) - 1e-12 for d in draws])


def chance_of_distinct(a, b):
    ways = {tuple(sorted(x)): (x, y) for x, y in deals(a, b)}.values()
    return sum(gap(x, y) >= gap(a, b) - 1e-12 for x, y in ways) / len(ways)


def sorts_its_argument(a, b):
    a.sort(reverse=True)
    return chance_of(lambda x, y, a, b: gap(x, y) >= gap(a, b) - 1e-12)(a, b)


RIGHT = {
    "10.chance": [
        chance_with_fractions,
        chance_with_arrays,
        chance_by_permutations,
        chance_of(lambda x, y, a, b: gap(x, y) >= gap(a, b) - 1e-12),
        chance_of(lambda x, y, a, b: round(gap(x, y), 9) >= round(gap(a, b), 9), np.mean),
    ],
}

WRONG = {
    "10.chance": [
        says(chance_of(lambda x, y, a, b: gap(x, y) >= gap(a, b)), "last digit"),
        says(chance_of(lambda x, y, a, b: gap(x, y, np.mean) >= gap(a, b, np.mean)), "last digit"),
        says(chance_of(lambda x, y, a, b: gap(x, y) > gap(a, b) + 1e-12), "*at least*"),
        says(
            chance_of(
                lambda x, y, a, b: (
                    statistics.fmean(x) - statistics.fmean(y)
                    >= statistics.fmean(a) - statistics.fmean(b) - 1e-12
                )
            ),
            "Count both directions",
        ),
        says(chance_of(lambda x, y, a, b: abs(sum(x) - sum(y)) >= abs(sum(a) - sum(b)) - 1e-12), "not sums"),
        says(chance_of(lambda x, y, a, b: gap(x, y) >= gap(a, b) - 1e-12, sum), "a share, from 0 to 1"),
        chance_by_sampling,
        says(chance_of_distinct, "counts once"),
        says(sorts_its_argument, "changed its argument"),
        chance_of(lambda x, y, a, b: gap(x, y, statistics.median) >= gap(a, b, statistics.median) - 1e-12),
        lambda a, b: 0.1,
        says(lambda a, b: gap(a, b), "how far apart the means are"),
        says(lambda a, b: statistics.fmean(a) - statistics.fmean(b), "difference of the means"),
        says(lambda a, b: print(0.1), "`return`"),
        endless(lambda a, b: [None for _ in itertools.count()]),
        says(chance_of(lambda x, y, a, b: gap(x, y) >= gap(a, b) - 1e-3), "allow 1e-12, no more"),
        chance_of(lambda x, y, a, b: round(gap(x, y), 2) >= round(gap(a, b), 2)),
        chance_of(lambda x, y, a, b: gap(x, y) >= 0.99 * gap(a, b)),
    ],
}
