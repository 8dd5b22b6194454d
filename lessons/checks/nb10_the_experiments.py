"""The checks of the exercise on deeper/10_the_experiments."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import combinations
from random import Random

from lessons.exercises import call, exercise, rejection, same


@exercise("10.chance")
def chance(answer: Callable) -> str:
    for a, b, shares in _cases():
        right = shares[""]
        got = call(answer, a, b, expected=right)
        if not same(got, right):
            hint = "Each choice of len(a) places counts once, also where the numbers in them are equal."
            hint = next((hint for hint, share in shares.items() if hint and same(got, share)), hint)
            raise rejection((a, b), right, got, hint)
    return "Three seeds against three never go below 0.1: for stronger words, run more seeds."


@cache
def _cases() -> list[tuple[list[float], list[float], dict[str, float]]]:
    draw = Random(1)
    cases = [([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), ([2.0, 2.0], [2.0, 2.0]), ([8.0, 2.0, 1.0, 1.0], [6.0, 4.0])]
    cases += [([2.71, 2.76, 2.80], [2.78, 2.83, 2.84]), ([1.0], [3.0, 4.0, 9.0])]
    cases += [([2.8141, 2.8264, 2.8634, 2.7555], [2.8304, 2.8782, 2.8818, 2.7373])]  # close, and not equal
    cases += [([5.0, 1.0], [9.0, 1.0, 4.0]), ([9.0, 3.0, 3.0], [3.0, 3.0, 4.0, 6.0, 1.0])]
    cases += [([float(draw.randrange(9)) for _ in range(n)], [float(draw.randrange(9)) for _ in range(m)])
              for n, m in [(3, 3), (2, 4), (4, 2), (1, 5), (3, 4)]]  # fmt: skip
    return [(a, b, near_chances(a, b)) for a, b in cases]


def near_chances(a: list[float], b: list[float]) -> dict[str, float]:
    """The right share under "", and what comes of each usual mistake under the words about it."""
    pool = a + b
    ways = list(combinations(range(len(pool)), len(a)))
    parts = [([pool[i] for i in way], [x for i, x in enumerate(pool) if i not in way]) for way in ways]
    exact = lambda x: Fraction(str(x))  # so that 0.1 + 0.2 is 0.3
    mean = lambda part: sum(map(exact, part)) / len(part)
    gaps = [mean(x) - mean(y) for x, y in parts]
    apart = mean(a) - mean(b)
    inexact = lambda x, y: abs(sum(x) / len(x) - sum(y) / len(y))
    sums = [abs(sum(map(exact, x)) - sum(map(exact, y))) for x, y in parts]
    share = lambda hits: sum(hits) / len(ways)
    at_least = share(abs(gap) >= abs(apart) for gap in gaps)
    return {
        "": at_least,
        "Means that are equal on paper may differ in the last digit: allow 1e-12.": share(
            inexact(x, y) >= inexact(a, b) for x, y in parts
        ),
        "Ways that are nearly as far apart do not count: allow 1e-12, no more.": share(
            abs(gap) >= abs(apart) - exact(0.001) for gap in gaps
        ),
        "Count ways that are just as far apart too: *at least* as far.": share(
            abs(gap) > abs(apart) for gap in gaps
        ),
        "Count both directions: the difference without its sign.": share(gap >= apart for gap in gaps),
        "Count both directions, without the sign of the difference.": share(gap <= apart for gap in gaps),
        "Compare means, not sums: the lists may have different lengths.": share(s >= sums[0] for s in sums),
        "Deal into lists of the lengths of a and b, and count the ways far apart.": 1 - at_least,
        "That is how far apart the means are: in which share of the ways are they as far?": float(abs(apart)),
        "That is the difference of the means: in which share of the ways is it as large?": float(apart),
        "Give a share, from 0 to 1, not a count.": at_least * len(ways),
        "Give a share, from 0 to 1, not a percentage.": at_least * 100,
        "The deal that happened is one of the ways: count it too.": at_least - 1 / len(ways),
    }
