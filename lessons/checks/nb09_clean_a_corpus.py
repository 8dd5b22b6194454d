"""The checks of the deeper page 09_clean_a_corpus."""

import random
from collections.abc import Callable

from lessons.exercises import exercise, expect


@exercise("09.groups")
def groups(answer: Callable) -> str:
    draw = random.Random(9)
    cases = [
        ((4, []), "A document without a pair is a group of its own."),
        ((3, [(0, 1)]), "Of a pair, keep the smaller number."),
        ((3, [(1, 0)]), "A pair may name the larger number first."),
        ((4, [(0, 1), (1, 2)]), "0, 1 and 2 are one group, through 1."),
        ((4, [(0, 2), (1, 2)]), "0 and 1 are in one group, because both are like 2."),
        ((6, [(2, 3), (4, 5), (5, 3), (1, 4)]), "Groups that a later pair joins become one."),
        ((5, [(1, 3), (3, 1), (1, 3)]), "A pair may come twice."),
        ((0, []), "No documents, nothing to keep."),
        ((6, [(5, 4), (4, 3), (3, 2), (2, 1), (1, 0)]), "A chain is one group."),
        ((6, [(0, 3), (1, 4), (2, 5), (3, 5), (5, 4)]), "All six are connected."),
    ]
    for n, pairs in [(8, 4), (12, 9), (30, 20), (200, 150)]:
        cases.append(((n, [tuple(draw.sample(range(n), 2)) for _ in range(pairs)]), ""))
    for (n, pairs), hint in cases:
        expect(answer, (n, pairs), _keep(n, pairs), hint)
    return "This is the step that must see all pairs at once, so it runs in one process."


def _keep(n: int, pairs: list[tuple[int, int]]) -> list[int]:
    group = list(range(n))
    for a, b in pairs:
        low, high = sorted((group[a], group[b]))
        group = [low if g == high else g for g in group]
    return sorted(set(group))


@exercise("09.bands")
def bands(answer: Callable) -> str:
    for args, hint in [
        ((112, 0.75, 0.75), "FineWeb's numbers: 14 bands of 8 find 0.77 of these pairs."),
        ((112, 0.9, 0.99), "8 bands of 14 find 0.87 of these pairs."),
        ((112, 0.5, 0.99), "28 bands of 4 find 0.84 of these pairs."),
        ((112, 1.0, 1.0), "Equal texts agree in one band of any size."),
        ((12, 0.8, 0.9), "The number of bands divides n."),
        ((20, 0.5, 0.5), "The smallest number that is enough, not the best one."),
        ((1, 0.6, 0.5), "One number is one band."),
        ((128, 0.7, 0.95), ""),
        ((9000, 0.8, 0.97), ""),
        ((30, 0.05, 0.75), ""),
    ]:
        expect(answer, args, _fewest(*args), hint)
    return "Fewer bands of more numbers compare fewer pairs, and miss more."


def _fewest(n: int, s: float, wanted: float) -> int:
    divisors = [bands for bands in range(1, n + 1) if n % bands == 0]
    return next(bands for bands in divisors if 1 - (1 - s ** (n // bands)) ** bands >= wanted)
