"""The merges of BPE in many short words at once, with arrays (notebook 11)."""

from collections.abc import Sequence
from functools import cached_property
from itertools import chain, compress

import numpy as np

from helpers.bpe_merges import NO_MERGE, Pair, merge_by_rank

FEW = 200  # words; fewer are merged sooner one by one
ROW = 15  # ids in a row; were there more, most would be empty
END = -1  # stands before and behind each word; no merge has it


class RowMerger:
    """Does what `merge_by_rank` does, in many words at once. Ids are below NO_MERGE.

    >>> merge = RowMerger({(1, 2): 9, (3, 1): 10, (9, 3): 11})
    >>> merge([bytes([3, 1, 2, 3]), bytes([3, 1])])
    (array([ 3, 11, 10], dtype=int32), array([2, 1]))
    """

    def __init__(self, merges: dict[Pair, int]):
        self._merges = merges

    def __call__(self, words: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """The ids of all `words`, end to end, int32, and how many each has, int64, (n,).

        A word is bytes, each the id of one byte of text. Words of more than 15 are merged one by one.
        """
        lengths = np.fromiter(map(len, words), np.int64)
        in_rows = lengths <= ROW if len(words) >= FEW else np.zeros(len(words), bool)
        others = [merge_by_rank(word, self._merges) for word in compress(words, ~in_rows)]
        counts = np.empty(len(words), np.int64)
        counts[~in_rows] = [len(ids) for ids in others]
        if not in_rows.any():
            return np.fromiter(chain.from_iterable(others), np.int32), counts
        rows = np.full((np.count_nonzero(in_rows), 1 + ROW + 1), END, np.int32)
        letters = np.frombuffer(b"".join(compress(words, in_rows)), np.uint8)
        rows[:, 1:-1][np.arange(ROW) < lengths[in_rows, None]] = letters
        rows = self._merge_rows(rows)
        counts[in_rows] = np.count_nonzero(rows != END, axis=1)
        merged, from_rows = np.empty(counts.sum(), np.int32), np.repeat(in_rows, counts)
        merged[from_rows] = rows[rows != END]
        merged[~from_rows] = list(chain.from_iterable(others))
        return merged, counts

    def _merge_rows(self, rows: np.ndarray) -> np.ndarray:
        """The merged `rows`, int32, (n, width): each is END, the ids of a word, and at least one more END."""
        merged = np.full_like(rows, END)
        number = np.arange(len(rows))  # which rows of `merged` those still at work are
        ranks = self._rank(rows[:, :-1], rows[:, 1:])
        while len(rows):
            best = ranks.min(axis=1)
            done = best == NO_MERGE
            merged[number[done], : rows.shape[1]] = rows[done]
            number, rows, ranks, best = (array[~done] for array in (number, rows, ranks, best))
            n, width = rows.shape
            row, at = np.arange(n), ranks.argmin(axis=1)  # of equals, the leftmost
            rows[row, at] = best
            keep = np.ones((n, width), bool)
            keep[row, at + 1] = False  # one id of each row, so they stay equally long
            rows, ranks = rows[keep].reshape(n, width - 1), ranks[keep[:, 1:]].reshape(n, width - 2)
            ranks[row, at - 1] = self._rank(rows[row, at - 1], best)
            ranks[row, at] = self._rank(best, rows[row, at + 1])
        return merged

    def _rank(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The id that each pair becomes, or NO_MERGE."""
        keys, ranks = self._sorted
        wanted = left.astype(np.int64) << 32 | right  # below 0 if one of the two is END
        at = np.searchsorted(keys, wanted)
        return np.where(keys[at] == wanted, ranks[at], NO_MERGE)

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """The pairs, each as one int64, in order, and what they become; then a key above all."""
        pairs = np.fromiter(chain.from_iterable(self._merges), np.int64).reshape(-1, 2)
        keys, ranks = pairs[:, 0] << 32 | pairs[:, 1], np.fromiter(self._merges.values(), np.int32)
        order = np.argsort(keys)
        return np.append(keys[order], 2**62), np.append(ranks[order], np.int32(NO_MERGE))
