"""Solutions to the exercises of the deeper page 09_a_cluster."""

import heapq

from lessons.exercises import check


# 09.finish: a heap keeps the worker that is free first at its front. The longest shard should stand first.
def finish(seconds, workers):
    free = [0] * workers
    for long in seconds:
        heapq.heapreplace(free, free[0] + long)
    return max(free)


check("09.finish", finish)
