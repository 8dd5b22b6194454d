"""Solutions of the exercises in 03_train_fast."""

import heapq
from collections import Counter
from itertools import pairwise

from lessons.exercises import check


# Work on the symbols, not on the characters. Then a part of a longer symbol can never match.
def merge_text(word, pair):
    symbols, merged = word.split(" "), []
    while symbols:
        if tuple(symbols[:2]) == tuple(pair):
            merged.append("".join(pair))
            symbols = symbols[2:]
        else:
            merged.append(symbols[0])
            symbols = symbols[1:]
    return " ".join(merged)


check("03.merge_text", merge_text)


# As `train_plain`, with one condition more: stop when the best pair is too rare.
def merge(word, pair, new_id):
    merged = []
    for i in word:
        if merged and (merged[-1], i) == pair:
            merged[-1] = new_id
        else:
            merged.append(i)
    return merged


def train_while(words, least):
    merges = []
    while True:
        counts = Counter(pair for word in words for pair in pairwise(word))
        pair = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if counts[pair] < least:
            return merges
        words = [merge(word, pair, 256 + len(merges)) for word in words]
        merges.append(pair)


check("03.enough", train_while)


# The word is a chain of places: `before` and `after` hold the neighbours of each place. The heap has entries
# (rank, place). If the pair at a place has changed since, its rank is now another one: skip the entry.
def encode_long(ids, ranks):
    ids, n = list(ids), len(ids)
    before, after = list(range(-1, n - 1)), [*range(1, n), -1]
    heap = [(ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in ranks]
    heapq.heapify(heap)
    while heap:
        rank, at = heapq.heappop(heap)
        gone = after[at]
        if gone == -1 or ids[at] is None or ranks.get((ids[at], ids[gone])) != rank:
            continue
        ids[at], ids[gone] = rank, None
        after[at] = following = after[gone]
        if following != -1:
            before[following] = at
        for left, right in ((before[at], at), (at, following)):
            if left != -1 and right != -1 and (ids[left], ids[right]) in ranks:
                heapq.heappush(heap, (ranks[ids[left], ids[right]], left))
    return [i for i in ids if i is not None]


check("03.long_word", encode_long)
