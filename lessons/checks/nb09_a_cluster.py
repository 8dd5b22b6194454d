"""The checks of the deeper page 09_a_cluster."""

import heapq
import random
from collections.abc import Callable

from lessons.exercises import exercise, expect


@exercise("09.finish")
def finish(answer: Callable) -> str:
    draw = random.Random(9)
    cases = [
        (([5], 1), "One shard, one worker."),
        (([2, 3, 4], 1), "One worker does them all, one after another."),
        (([2, 3, 4], 3), "All are at work at once, so the longest decides."),
        (([2, 3, 4], 5), "Workers without a shard cost nothing."),
        (([], 4), "Nothing to do takes no time."),
        (([1, 1, 1, 1, 8], 2), "The shards are given out in the order of the list."),
        (([3, 1, 1, 4], 2), "The worker that is free takes the next shard, not the one whose turn it is."),
        (([1, 6, 1, 1], 2), "The worker of the last shard need not be the last to end."),
        (([3, 3, 3, 3, 3], 2), "Five shards of one length on two workers: three rounds."),
        (([0.5, 0.25, 0.25, 1.25], 2), ""),
    ]
    for n in (7, 12, 30, 200):
        cases.append((([draw.randint(1, 40) for _ in range(n)], draw.choice([2, 3, 5])), ""))
    for (seconds, workers), hint in cases:
        expect(answer, (seconds, workers), _finish(seconds, workers), hint)
    early, late = _finish([8, 1, 1, 1, 1, 1, 1, 1, 1], 2), _finish([1, 1, 1, 1, 1, 1, 1, 1, 8], 2)
    return (
        f"Eight shards of 1 s and one of 8 s, two workers: {early} s with the long one first, {late} s last."
    )


def _finish(seconds: list[float], workers: int) -> float:
    free = [0] * workers
    for long in seconds:
        heapq.heapreplace(free, free[0] + long)
    return max(free)
