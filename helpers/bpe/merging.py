"""The two algorithms of byte-pair encoding: learn merges, and apply them. They know ids only, no text.

BPE is from Sennrich et al. (2016, arXiv:1508.07909). The tie rule is that of Hugging Face's `BpeTrainer`.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress, islice, pairwise, repeat

import numpy as np
from tqdm import tqdm

Pair = tuple[int, int]
NO_MERGE = 2**30  # stands for the rank of a pair that is never merged; ranks and ids are below it
FEW = 60  # words; fewer are merged sooner one by one
LONG_WORD = 64  # bytes; longer words are merged one by one too: each merge goes over all that are left
SPARE = 4  # the hash table of ranks has at least so many places for each pair
_ODD = np.uint64(0x9E3779B97F4A7C15)  # of the golden ratio; multiply and shift, as in `arrays.mix`


# ---- learning ----


def train_merges(
    words: list[list[int]], weights: list[int], n_merges: int, first_id: int = 256, progress: bool = False
) -> list[Pair]:
    """Learn up to `n_merges` merges from `words`, lists of ids; word number i occurs `weights[i]` times.

    The most frequent pair of neighbours is merged first, among equals the one with the smaller ids. It gets
    the next id, from `first_id` on, also in `words`, which change in place. A merge touches only the words
    that hold its pair, and only the pair counts that it changes.

    >>> train_merges([[1, 1, 2], [1, 1]], [2, 1], n_merges=2, first_id=9)
    [(1, 1), (9, 2)]
    """
    counts: dict[Pair, int] = defaultdict(int)
    places: dict[Pair, set[int]] = defaultdict(set)  # the words that hold a pair, or held it once
    for index, word in enumerate(words):
        for pair in pairwise(word):
            counts[pair] += weights[index]
            places[pair].add(index)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    for new_id in tqdm(range(first_id, first_id + n_merges), desc="merges", disable=not progress):
        while heap and (count := counts[heap[0][1]]) != -heap[0][0]:  # it fell: put right at the top alone
            heapq.heapreplace(heap, (-count, heap[0][1]))
        if not heap or heap[0][0] == 0:
            break
        _, pair = heapq.heappop(heap)
        for changed, change in _merge_everywhere(words, weights, places, pair, new_id).items():
            counts[changed] += change
            if change > 0:
                heapq.heappush(heap, (-counts[changed], changed))
        del counts[pair]
        merges.append(pair)
    return merges


def _merge_everywhere(words: list, weights: list, places: dict, pair: Pair, new_id: int) -> dict[Pair, int]:
    """Merge `pair`, left to right, in each word that holds it; return by how much each pair count changes."""
    changes: dict[Pair, int] = defaultdict(int)
    first, second = pair
    for index in places.pop(pair):
        word, weight, at = words[index], weights[index], 0
        while at < len(word) - 1:
            if word[at] == first and word[at + 1] == second:
                word[at : at + 2] = [new_id]
                if at > 0:
                    changes[word[at - 1], first] -= weight
                    changes[word[at - 1], new_id] += weight
                    places[word[at - 1], new_id].add(index)
                if at < len(word) - 1:
                    changes[second, word[at + 1]] -= weight
                    changes[new_id, word[at + 1]] += weight
                    places[new_id, word[at + 1]].add(index)
            at += 1
    return changes


# ---- applying ----


def merge_by_rank(
    ids: Sequence[int], ranks: Mapping[Pair, int], made: Sequence[int] = range(NO_MERGE)
) -> list[int]:
    """Merge the pair of lowest rank, the leftmost of equals, until no pair of neighbours has a rank.

    `made` has the id that each rank makes. By default that is the rank itself: what we train has ids that
    grow in the order of learning. The ids are a linked list, and a heap holds the ranks with their places,
    so that n ids take n log n steps.

    >>> merge_by_rank([3, 1, 2, 3], {(1, 2): 9, (3, 1): 10, (9, 3): 11})
    [3, 11]
    """
    end = len(ids)
    ids = [*ids, None]  # None: nothing stands here, or no longer; no pair in `ranks` has it
    previous, following = list(range(-1, end)), list(range(1, end + 2))
    heap = [(ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in ranks]
    heapq.heapify(heap)
    while heap:
        best, at = heapq.heappop(heap)
        gone = following[at]
        if ranks.get((ids[at], ids[gone])) != best:  # another merge took one of the two
            continue
        ids[at], ids[gone] = made[best], None
        following[at] = after = following[gone]
        previous[after] = at
        for left, right in ((previous[at], at), (at, after)):
            if left >= 0 and (later := ranks.get((ids[left], ids[right]))) is not None:
                heapq.heappush(heap, (later, left))
    return [i for i in ids if i is not None]


@dataclass(frozen=True, eq=False)
class Merges:
    """What turns the bytes of a pre-token into ids.

    >>> merges = Merges({(1, 2): 300, (3, 1): 301, (300, 3): 302}, whole={b"!": 9})
    >>> merges.encode(bytes([3, 1, 2, 3])), merges.encode(b"!")
    ([3, 302], [9])
    """

    ranks: Mapping[Pair, int]  # of each pair of ids that is merged: the lowest goes first
    made: Sequence[int] = range(NO_MERGE)  # the id that each rank makes; by default the rank itself
    letters: Sequence[int] = range(256)  # the id of each byte
    whole: Mapping[bytes, int] = field(default_factory=dict)  # pre-tokens that have an id, and are not merged

    def encode(self, word: bytes) -> list[int]:
        """The ids of one pre-token."""
        if word in self.whole:
            return [self.whole[word]]
        return merge_by_rank([self.letters[byte] for byte in word], self.ranks, self.made)

    def encode_many(self, words: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """The ids of all `words`, end to end, int32, and how many each has, int64, (n,).

        The same ids, by arrays, for many new pre-tokens at once (deeper/03_encode_fast).
        """
        ids = np.fromiter(map(self.whole.get, words, repeat(-1)), np.int32, len(words))
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        together = (ids < 0) & (lengths <= LONG_WORD)
        together &= np.sum(together) >= FEW
        alone = (ids < 0) & ~together
        every, counts = [self.encode(words[n]) for n in np.flatnonzero(alone)], np.ones(len(words), np.int64)
        counts[alone] = [*map(len, every)]
        left = [words[n] for n in np.flatnonzero(together).tolist()]
        merged, counts[together] = self._merge_together(left, lengths[together])
        ids = np.repeat(ids, counts)
        ids[np.repeat(alone, counts)] = [*chain.from_iterable(every)]
        ids[np.repeat(together, counts)] = merged
        return ids, counts

    def look_up_whole(self, tokens: Sequence[bytes]) -> None:
        """From now on look up those of `tokens` that their own bytes merge to: the same ids, sooner."""
        ids, counts = self.encode_many(tokens)
        one = counts == 1
        self.whole.update(zip(compress(tokens, one), ids[np.repeat(one, counts)].tolist(), strict=True))

    def _merge_together(self, words: list[bytes], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `encode_many` returns, all by merging; `lengths` are those of the words.

        In each round every word merges its pair of lowest rank, the leftmost. A last id, of no word, stands
        behind all, so that each id has a next one.
        """
        rank_table, made = self.arrays
        letters = np.array(self.letters, np.int32)[np.frombuffer(b"".join(words), np.uint8)]
        ids = np.append(letters, np.int32(0))
        word = np.append(np.repeat(np.arange(len(words)), lengths), -1)
        ranks = np.full(len(ids), NO_MERGE, np.int32)  # of each id with the next; the last of a word has none

        def look_up_ranks(at: np.ndarray) -> None:
            found = rank_table.find(ids[at].astype(np.int64) << 32 | ids[at + 1])
            ranks[at] = np.where(word[at] == word[at + 1], found, NO_MERGE)

        look_up_ranks(np.arange(len(ids) - 1))
        while len(live := np.flatnonzero(ranks != NO_MERGE)):
            start = np.flatnonzero(np.diff(word[live], prepend=-1))
            lowest = np.repeat(np.minimum.reduceat(ranks[live], start), np.diff(start, append=len(live)))
            hit = live[ranks[live] == lowest]
            at = hit[np.diff(word[hit], prepend=-1) != 0]  # in each word the leftmost of the lowest
            ids[at] = made[ranks[at]]
            keep = np.ones(len(ids), bool)
            keep[at + 1] = False
            ids, word, ranks = ids[keep], word[keep], ranks[keep]
            at -= np.arange(len(at))  # where they stand now
            look_up_ranks(np.append(at - 1, at))
        return ids[:-1], np.bincount(word[:-1], minlength=len(words))

    @cached_property
    def arrays(self) -> tuple["RankTable", np.ndarray]:
        """The ranks of the pairs, and what each rank makes, int32."""
        top = max(self.ranks.values(), default=-1) + 1
        return RankTable(self.ranks), np.fromiter(islice(self.made, top), np.int32, top)


class RankTable:
    """Finds the ranks of many pairs at once. A hash table takes one look, a binary search 16 or more.

    A pair is one int64, left << 32 | right. Each place holds one pair. If several want the same place, the
    last gets it, and the others go to a sorted list. Only a pair that finds another one in its place is
    searched for there.
    """

    def __init__(self, ranks: Mapping[Pair, int]):
        ids = np.fromiter(chain.from_iterable(ranks), np.int64, 2 * len(ranks))
        pairs, known = ids[::2] << 32 | ids[1::2], np.fromiter(ranks.values(), np.int32, len(ranks))
        self._bits = (SPARE * len(ranks)).bit_length()
        self._pairs, self._ranks = np.full(2**self._bits, -1), np.full(2**self._bits, NO_MERGE, np.int32)
        places = self._places(pairs)
        self._pairs[places], self._ranks[places] = pairs, known
        out = np.flatnonzero(self._pairs[places] != pairs)
        out = out[np.argsort(pairs[out])]
        self._others = np.append(pairs[out], 2**62), np.append(known[out], np.int32(NO_MERGE))

    def _places(self, pairs: np.ndarray) -> np.ndarray:
        return (pairs.view(np.uint64) * _ODD >> np.uint64(64 - self._bits)).view(np.int64)

    def find(self, pairs: np.ndarray) -> np.ndarray:
        """The rank of each pair, int32; NO_MERGE for a pair without one."""
        places = self._places(pairs)
        there, ranks = self._pairs.take(places), self._ranks.take(places)
        ranks[there != pairs] = NO_MERGE
        taken = np.flatnonzero((there != pairs) & (there >= 0))  # by another pair
        others, known = self._others
        at = np.searchsorted(others, pairs[taken])
        ranks[taken] = np.where(others[at] == pairs[taken], known[at], NO_MERGE)
        return ranks
