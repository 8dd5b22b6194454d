"""Solution to the exercise of deeper/10_the_experiments."""

import itertools

from lessons.exercises import check


# 10.chance: if the labels a and b meant nothing, any way to deal them would be as likely as this one.
def chance(a, b):
    pool = [*a, *b]
    difference = lambda part, rest: abs(sum(part) / len(part) - sum(rest) / len(rest))
    ways = list(itertools.combinations(range(len(pool)), len(a)))
    extreme = 0
    for way in ways:
        part = [pool[i] for i in way]
        rest = [pool[i] for i in range(len(pool)) if i not in way]
        extreme += difference(part, rest) >= difference(a, b) - 1e-12
    return extreme / len(ways)


check("10.chance", chance)
