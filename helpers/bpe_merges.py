"""The two algorithms of byte-pair encoding: learn merges, and apply them. They know ids only, no text.

BPE is from Sennrich et al. (2016, arXiv:1508.07909). The tie rule is that of Hugging Face's `BpeTrainer`.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from tqdm import tqdm

Pair = tuple[int, int]
NO_MERGE = 2**30  # stands for the rank of a pair that is never merged
LONG = 256  # ids; in a longer list, looking through all pairs for each merge would take too long


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
    with tqdm(total=n_merges, desc="merges", disable=not progress) as bar:
        while heap and len(merges) < n_merges:
            count, pair = heapq.heappop(heap)
            if -count != counts[pair]:  # counts that fell are put right here, when they reach the top
                if counts[pair]:
                    heapq.heappush(heap, (-counts[pair], pair))
                continue
            for changed, change in _merge_everywhere(
                words, weights, places, pair, first_id + len(merges)
            ).items():
                counts[changed] += change
                if change > 0:
                    heapq.heappush(heap, (-counts[changed], changed))
            del counts[pair]
            merges.append(pair)
            bar.update()
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


def merge_by_rank(ids: Sequence[int], merges: dict[Pair, int]) -> list[int]:
    """Merge the pair of lowest rank, the leftmost of equals, until no pair of neighbours is in `merges`.

    `merges` has the id that each pair becomes. Ids grow in the order of learning, so they are the ranks.

    >>> merge_by_rank([3, 1, 2, 3], {(1, 2): 9, (3, 1): 10, (9, 3): 11})
    [3, 11]
    """
    if len(ids) > LONG:
        return _merge_long(ids, merges)
    ids, rank = list(ids), merges.get
    ranks = [rank(pair, NO_MERGE) for pair in pairwise(ids)]
    while ranks and (best := min(ranks)) != NO_MERGE:
        at = ranks.index(best)
        ids[at : at + 2] = [best]
        del ranks[at]
        if at > 0:
            ranks[at - 1] = rank((ids[at - 1], best), NO_MERGE)
        if at < len(ranks):
            ranks[at] = rank((best, ids[at + 1]), NO_MERGE)
    return ids


def _merge_long(ids: Sequence[int], merges: dict[Pair, int]) -> list[int]:
    """The same in n log n steps: the ids as a linked list, and for each rank the places it may apply to."""
    end = len(ids)
    ids = [*ids, None]  # None: nothing stands here, or no longer; no pair in `merges` has it
    previous, following = list(range(-1, end)), list(range(1, end + 2))
    places: dict[int, list[int]] = defaultdict(list)
    for at, pair in enumerate(pairwise(ids)):
        if pair in merges:
            places[merges[pair]].append(at)
    ranks = list(places)
    heapq.heapify(ranks)
    while ranks:
        rank = heapq.heappop(ranks)
        for at in sorted(places.pop(rank)):
            gone = following[at]
            if merges.get((ids[at], ids[gone])) != rank:  # another merge took one of the two
                continue
            ids[at], ids[gone] = rank, None
            following[at] = after = following[gone]
            previous[after] = at
            for left, right in ((previous[at], at), (at, after)):
                if left >= 0 and (ids[left], ids[right]) in merges:  # its rank is later than this one
                    later = merges[ids[left], ids[right]]
                    if later not in places:
                        heapq.heappush(ranks, later)
                    places[later].append(left)
    return [i for i in ids if i is not None]
