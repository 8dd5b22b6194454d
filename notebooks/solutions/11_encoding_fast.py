"""Solutions to the exercises of notebook 11."""

import numpy as np

from lessons.exercises import check


# 11.runs: a run starts where a value differs from the one before, and ends where the next one starts.
def run_lengths(values):
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    bounds = np.concatenate(([0], changes, [len(values)]))
    return np.diff(bounds) if len(values) else bounds[:0]


# 11.pack: the bytes in the lower seven places, their number in the top one.
def pack(word):
    if len(word) > 7:
        raise ValueError(f"{word!r} has {len(word)} bytes, but only 7 fit into a key")
    return int.from_bytes(word, "little") | len(word) << 56


# 11.thirds: the largest start so far is that of the run an element is in.
def group_starts(is_number):
    at = np.arange(len(is_number))
    before = np.concatenate(([False], is_number[:-1]))[: len(is_number)]
    starts = np.maximum.accumulate(np.where(is_number & ~before, at, 0))
    return is_number & ((at - starts) % 3 == 0)


check("11.runs", run_lengths)
check("11.pack", pack)
check("11.thirds", group_starts)
