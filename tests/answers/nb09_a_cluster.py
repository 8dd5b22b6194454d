"""Answers to the exercises of the deeper page 09_a_cluster."""

import heapq
import math

import numpy as np
import torch

from answers import endless, form, says

# ---- 09.finish ----


def finish_by_heap(seconds, workers):
    free = [0] * workers
    for one in seconds:
        heapq.heappush(free, heapq.heappop(free) + one)
    return max(free)


def finish_by_min(shards, n):
    free = [0.0 for _ in range(n)]
    for shard in shards:
        free[free.index(min(free))] += shard
    return max(free)


def finish_with_numpy(seconds, workers):
    free = np.zeros(workers)
    for one in seconds:
        free[free.argmin()] += one
    return free.max()


class Cluster:
    def __call__(self, seconds, workers):
        free, done = dict.fromkeys(range(workers), 0), [0]
        for one in seconds:
            who = min(free, key=free.get)
            free[who] += one
            done.append(free[who])
        return torch.tensor(max(done))


def step_by_step(seconds, workers):
    """Time goes from one end of a shard to the next."""
    waiting, ends, now = list(seconds), [], 0
    while waiting or ends:
        while waiting and len(ends) < workers:
            ends.append(now + waiting.pop(0))
        now = min(ends)
        ends.remove(now)
    return now


def in_turns(seconds, workers):
    return max(sum(seconds[i::workers]) for i in range(workers))


def in_blocks(seconds, workers):
    size = math.ceil(len(seconds) / workers) or 1
    return max([sum(seconds[i : i + size]) for i in range(0, len(seconds), size)] or [0])


def in_rounds(seconds, workers):
    return sum(max(seconds[i : i + workers]) for i in range(0, len(seconds), workers))


def end_of_the_last_shard(seconds, workers):
    free, end = [0] * workers, 0
    for one in seconds:
        end = heapq.heappop(free) + one
        heapq.heappush(free, end)
    return end


def longest_first(seconds, workers):
    return finish_by_heap(sorted(seconds, reverse=True), workers)


def eats_the_list(seconds, workers):
    free = [0] * workers
    while seconds:
        heapq.heapreplace(free, free[0] + seconds.pop(0))
    return max(free)


def never_ends(seconds, workers):
    while seconds:
        pass


RIGHT = {
    "09.finish": [finish_by_heap, finish_by_min, finish_with_numpy, Cluster(), step_by_step],
}

WRONG = {
    "09.finish": [
        says(lambda seconds, workers: sum(seconds) / workers, "the longest decides"),
        says(lambda seconds, workers: max([sum(seconds) / workers, *seconds]), "expected"),
        says(lambda seconds, workers: sum(seconds), "the longest decides"),
        says(lambda seconds, workers: max(seconds, default=0), "one after another"),
        says(in_turns, "not the one whose turn it is"),
        in_blocks,
        in_rounds,
        says(end_of_the_last_shard, "need not be the last"),
        says(longest_first, "in the order of the list"),
        lambda seconds, workers: finish_by_heap(sorted(seconds), workers),
        lambda seconds, workers: math.ceil(len(seconds) / workers) * max(seconds, default=0),
        lambda seconds, workers: finish_by_heap(seconds, workers + 1),
        lambda seconds, workers: int(finish_by_heap(seconds, workers)),
        lambda seconds, workers: str(finish_by_heap(seconds, workers)),
        says(lambda seconds, workers: finish_by_heap(seconds, workers) if seconds else None, "takes no time"),
        says(lambda seconds, workers: max(np.cumsum(seconds)) if workers == 1 else max(seconds), "expected"),
        says(eats_the_list, "changed its argument"),
        says(lambda seconds, workers: print(finish_by_heap(seconds, workers)), "Does it end with `return`?"),
        form(12, "should be a function"),
        endless(never_ends),
    ],
}
