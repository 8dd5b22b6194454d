"""The two algorithms of byte-pair encoding: learn merges, and apply them. They know ids only, no text.

BPE is from Sennrich et al. (2016, arXiv:1508.07909). The tie rule is that of Hugging Face's `BpeTrainer`.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress, islice, pairwise, repeat

import numpy as np
from tqdm import tqdm

Pair = tuple[int, int]
NO_MERGE = 2**30  # stands for the rank of a pair that is never merged; ranks and ids are below it
GONE = -1  # stands where no id is: behind a word, and where a merge took one away
FEW = 60  # words; fewer are merged faster one by one
LONG_WORD = 24  # bytes; longer words are merged one by one too: they need more rounds, each over all words
SPARE = 4  # the hash table of ranks has at least so many places for each pair
_ODD = np.uint64(0x9E3779B97F4A7C15)  # of the golden ratio; multiply and shift, as in `arrays.mix`


# ---- learning ----


def train_merges(
    words: Sequence[Sequence[int]],
    weights: Sequence[int],
    n_merges: int,
    first_id: int = 256,
    progress: bool = False,
) -> list[Pair]:
    """Learn up to `n_merges` merges from `words`, sequences of ids below `first_id`.

    Word number i occurs `weights[i]` times, at least once. The most frequent pair of neighbours is merged
    first, among equals the one with the smaller ids. It gets the next id, from `first_id` on.

    >>> train_merges([[1, 1, 2], [1, 1]], [2, 1], n_merges=2, first_id=9)
    [(1, 1), (9, 2)]
    """
    text, merges = _Training(words, weights), []
    for new_id in tqdm(range(first_id, first_id + n_merges), desc="merges", disable=not progress):
        if (pair := text.merge_best(new_id)) is None:
            break
        merges.append(pair)
    return merges


class _Training:
    """All words of a training, end to end, and for each pair the places where it stands.

    Each merge writes one new id, and nothing else. So all places of a pair arise at once: at the start, or in
    the merge that makes the larger of its ids. Later merges only take places away. So a count in the heap may
    be too high, never too low, and it is enough to count a pair again when it comes to the front.
    """

    def __init__(self, words: Sequence[Sequence[int]], weights: Sequence[int]):
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        ids = np.fromiter(chain.from_iterable(words), np.int64, np.sum(lengths))
        self.ids, self.previous, self.following = _linked(ids, lengths)
        self.weights = np.repeat(np.array(weights, np.int64), lengths + 1)
        self.pairs = np.full_like(self.ids, GONE)  # the pair that begins at each place: left * 2**32 + right
        self.heap: list[tuple[int, int, np.ndarray]] = []  # -count, pair, places
        self._note(np.arange(len(self.ids)))

    def merge_best(self, new_id: int) -> Pair | None:
        """Merge the most frequent pair everywhere, and return it, or None if there is none."""
        while self.heap:
            count, pair, at = heapq.heappop(self.heap)
            at = at[self.pairs[at] == pair]  # where it still stands
            if (now := self.weights[at].sum().item()) == -count:
                left, right = divmod(pair, 2**32)
                self._merge(self._apart(at) if left == right else at, new_id)
                return left, right
            if now:
                heapq.heappush(self.heap, (-now, pair, at))
        return None

    def _apart(self, at: np.ndarray) -> np.ndarray:
        """`at` without places that overlap the last one kept: `aaaa` has two pairs to merge, not three."""
        kept: list[int] = []
        for place in at.tolist():
            if not kept or self.following[kept[-1]] != place:
                kept.append(place)
        return np.array(kept)

    def _merge(self, at: np.ndarray, new_id: int) -> None:
        gone = self.following[at]
        after = self.following[gone]  # the right ids of the pairs go, and their places become empty
        self.ids[at], self.ids[gone], self.pairs[gone] = new_id, GONE, GONE
        self.following[at], self.previous[after] = after, at
        before = self.previous[at]
        self._note(np.concatenate((at, before[self.ids[before] != new_id])))  # the others are in `at` already

    def _note(self, at: np.ndarray) -> None:
        """Put the pairs that begin at these places into the heap: all are new, and stand nowhere else."""
        pairs = self.pairs[at] = self.ids[at] << 32 | self.ids[self.following[at]]
        order = pairs.argsort(kind="stable")  # equal pairs side by side, their places in order, for `_apart`
        pairs, at = pairs[order], at[order]
        starts = np.flatnonzero(pairs != np.append(GONE - 1, pairs[:-1]))
        counts, spans = np.add.reduceat(self.weights[at], starts), pairwise([*starts.tolist(), len(at)])
        for pair, count, (start, end) in zip(pairs[starts].tolist(), counts.tolist(), spans, strict=True):
            if pair >= 0:  # no GONE in it
                heapq.heappush(self.heap, (-count, pair, at[start:end]))


def _linked(ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Words end to end, a GONE behind each, int64; and for each place the place before it, and the one after.

    With these a merge takes a place out and moves nothing (a linked list). Before the first stands the last.
    """
    linked = np.full(len(ids) + len(lengths), GONE)
    linked[np.arange(len(ids)) + np.repeat(np.arange(len(lengths)), lengths)] = ids
    places = np.arange(len(linked))
    return linked, np.roll(places, 1), np.roll(places, -1)


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

        This is `merge_by_rank` for all at once: in each round every word merges its pair of lowest rank, the
        leftmost. In place of the heap, `order` has a number for each place: the rank of the pair that begins
        there, times 2**32, plus the place. The smallest of a word (`reduceat` finds it) is the pair to merge.
        """
        rank_table, made = self.arrays
        letters = np.array(self.letters)[np.frombuffer(b"".join(words), np.uint8)]
        ids, previous, following = _linked(letters, lengths)
        starts, none = np.cumsum(lengths + 1) - lengths - 1, NO_MERGE << 32

        def ranked(left: np.ndarray, right: np.ndarray) -> np.ndarray:
            return rank_table.find(ids[left] << 32 | ids[right]).astype(np.int64) << 32 | left

        order = ranked(np.arange(len(ids)), following)
        while len(best := (lowest := np.minimum.reduceat(order, starts))[lowest < none]):
            at = best & 0xFFFFFFFF
            gone, before = following[at], previous[at]
            after = following[gone]
            ids[at], ids[gone] = made[best >> 32], GONE
            following[at], previous[after], order[gone] = after, at, none
            left, right = np.concatenate((before, at)), np.concatenate((at, after))
            order[left] = ranked(left, right)
        kept = ids != GONE
        return ids[kept], np.add.reduceat(kept, starts, dtype=np.int64)

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
        self._others = np.append(pairs[out], 2**63 - 1), np.append(known[out], np.int32(NO_MERGE))

    def _places(self, pairs: np.ndarray) -> np.ndarray:
        return (pairs.view(np.uint64) * _ODD >> np.uint64(64 - self._bits)).view(np.int64)

    def find(self, pairs: np.ndarray) -> np.ndarray:
        """The rank of each pair, int32; NO_MERGE for a pair without one."""
        places = self._places(pairs)
        there, ranks = self._pairs.take(places), self._ranks.take(places)
        missed = there != pairs
        ranks[missed] = NO_MERGE
        if len(taken := np.flatnonzero(missed & (there >= 0))):  # by another pair
            others, known = self._others
            at = np.searchsorted(others, pairs[taken])
            ranks[taken] = np.where(others[at] == pairs[taken], known[at], NO_MERGE)
        return ranks
