"""Answers to the exercises of the page 03_train_fast."""

import functools
import heapq
import re
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from answers import endless, form, says
from answers.nb03 import by_rank
from helpers.bpe.merging import merge_by_rank, train_merges
from lessons.checks import nb03 as lesson

# ---- 03.merge_text ----


def by_symbols(word, pair):
    symbols, out, at = word.split(" "), [], 0
    while at < len(symbols):
        if symbols[at : at + 2] == list(pair):
            out.append(pair[0] + pair[1])
            at += 2
        else:
            out.append(symbols[at])
            at += 1
    return " ".join(out)


def by_lookarounds(text, symbols):
    both = r"(?<!\S)" + re.escape(" ".join(symbols)) + r"(?!\S)"
    return re.sub(both, lambda _: "".join(symbols), text)


class Merger:
    def __call__(self, word, pair):
        left, right = pair
        out = []
        for symbol in word.split():
            if out and out[-1] == (left,) and symbol == right:
                out[-1] = (left, right)
            else:
                out.append((symbol,))
        return np.str_(" ".join("".join(parts) for parts in out))


def as_published_with_bugs(word, pair):
    return word.replace(" ".join(pair), "".join(pair))


def padded(word, pair):
    return f" {word} ".replace(f" {' '.join(pair)} ", f" {''.join(pair)} ").strip()


def at_word_borders(word, pair):
    return re.sub(rf"\b{re.escape(' '.join(pair))}\b", lambda _: "".join(pair), word)


def unescaped(word, pair):
    return re.sub(rf"(?<!\S){' '.join(pair)}(?!\S)", lambda _: "".join(pair), word)


def escaped_pattern_only(word, pair):
    return re.sub(rf"(?<!\S){re.escape(' '.join(pair))}(?!\S)", "".join(pair), word)


def first_only(word, pair):
    return re.sub(rf"(?<!\S){re.escape(' '.join(pair))}(?!\S)", lambda _: "".join(pair), word, count=1)


def list_of_symbols(word, pair):
    return by_symbols(word, pair).split(" ")


def used_twice(word, pair):
    symbols = word.split(" ")
    out = []
    for n, symbol in enumerate(symbols):
        if tuple(symbols[n : n + 2]) == pair:
            out.append("".join(pair))
        elif n == 0 or tuple(symbols[n - 1 : n + 1]) != pair:
            out.append(symbol)
    return " ".join(out)


def from_the_right(word, pair):
    symbols, at = word.split(" "), len(word.split(" ")) - 2
    while at >= 0:
        if tuple(symbols[at : at + 2]) == pair:
            symbols[at : at + 2] = ["".join(pair)]
        at -= 1
    return " ".join(symbols)


def skips_a_word(word, pair):  # after a merge it goes on one symbol too far
    symbols, out, at = word.split(" "), [], 0
    while at < len(symbols):
        if tuple(symbols[at : at + 2]) == pair:
            out.append("".join(pair))
            at += 3
            out += symbols[at - 1 : at]
        else:
            out.append(symbols[at])
            at += 1
    return " ".join(out)


# ---- 03.enough ----


def merge(word, pair, new_id):
    out = []
    for i in word:
        if out and (out[-1], i) == pair:
            out[-1] = new_id
        else:
            out.append(i)
    return out


def smaller_first(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair), default=None)


def count_and_merge(words, least, best=smaller_first, merge=merge, too_few=int.__lt__, first_id=256):
    merges = []
    while True:
        counts = Counter(pair for word in words for pair in pairwise(word))
        pair = best(counts)
        if pair is None or too_few(counts[pair], least):
            return merges
        words = [merge(word, pair, first_id + len(merges)) for word in words]
        merges.append(pair)


def by_the_trainer(words, least):
    """Train to the end, then keep the merges whose pair was frequent when it was merged."""
    kept = [list(word) for word in words]
    for n, pair in enumerate(train_merges([list(word) for word in words], [1] * len(words), 1000)):
        if sum(pair == each for word in kept for each in pairwise(word)) < least:
            return
        kept = [merge(word, pair, 256 + n) for word in kept]
        yield pair


class InNumPy:
    def __call__(self, words, least):
        words, merges = [np.array(word, int) for word in words], []
        while found := sorted(p for w in words for p in zip(w[:-1].tolist(), w[1:].tolist(), strict=True)):
            pairs, counts = np.unique(found, axis=0, return_counts=True)
            if counts.max() < least:
                break
            pair = tuple(pairs[counts.argmax()].tolist())
            words = [np.array(merge(w.tolist(), pair, 256 + len(merges)), int) for w in words]
            merges.append(list(pair))
        return np.array(merges, int).reshape(-1, 2)


def recursive(words, least, new_id=256):
    counts = defaultdict(int)
    for word in words:
        for left, right in pairwise(word):
            counts[left, right] += 1
    enough = sorted((-count, pair) for pair, count in counts.items() if count >= least)
    if not enough:
        return []
    pair = enough[0][1]
    return [pair, *recursive([merge(word, pair, new_id) for word in words], least, new_id + 1)]


def first_met(counts):
    return max(counts, key=counts.get, default=None)


def larger_first(counts):
    return max(counts, key=lambda pair: (counts[pair], pair), default=None)


def across_words(words, least):
    return count_and_merge([[i for word in words for i in word]], least)


def once_a_word(words, least):
    """Counts in how many words a pair stands."""
    merges = []
    while counts := Counter(pair for word in words for pair in set(pairwise(word))):
        pair = smaller_first(counts)
        if counts[pair] < least:
            break
        words = [merge(word, pair, 256 + len(merges)) for word in words]
        merges.append(pair)
    return merges


def counts_once(words, least):
    """All pairs that are frequent at first; those that merges make are forgotten."""
    counts = Counter(pair for word in words for pair in pairwise(word))
    return sorted((p for p in counts if counts[p] >= least), key=lambda p: (-counts[p], p))


def merged_from_the_right(word, pair, new_id):
    return merge(word[::-1], pair[::-1], new_id)[::-1]


def in_place(words, least):
    merges = count_and_merge(words, least)
    for n, pair in enumerate(merges):
        words[:] = [merge(word, pair, 256 + n) for word in words]
    return merges


def never_stops(words, least):
    merges = []
    while True:
        counts = Counter(pair for word in words for pair in pairwise(word))
        if counts and counts[smaller_first(counts)] >= least:
            merges.append(smaller_first(counts))
            words = [merge(word, merges[-1], 256 + len(merges)) for word in words]


# ---- 03.long_word ----


def chain_and_heap(ids, ranks, order=lambda rank, at: (rank, at), fresh=True):
    ids, end = [*ids, None], len(ids)
    back, on = list(range(-1, end)), list(range(1, end + 2))
    heap = [(*order(ranks[p], at), ranks[p], at) for at, p in enumerate(pairwise(ids)) if p in ranks]
    heapq.heapify(heap)
    while heap:
        *_, rank, at = heapq.heappop(heap)
        gone = on[at]
        if ids[at] is None or (fresh and ranks.get((ids[at], ids[gone])) != rank):
            continue
        ids[at], ids[gone] = rank, None
        on[at] = on[gone]
        back[on[at]] = at
        for a, b in ((back[at], at), (at, on[at])):
            if a >= 0 and (ids[a], ids[b]) in ranks:
                new = ranks[ids[a], ids[b]]
                heapq.heappush(heap, (*order(new, a), new, a))
    return [i for i in ids if i is not None]


def places_of_each_rank(ids, ranks):
    """For each rank the places where it may be applied, and a heap of the ranks alone."""
    ids, n = np.array([*ids, -1], object), len(ids)
    before, after = np.arange(-1, n), np.arange(1, n + 2)
    places, heap = defaultdict(set), []

    def note(a, b):
        if a >= 0 and b < n and (rank := ranks.get((ids[a], ids[b]))) is not None:
            if not places[rank]:
                heapq.heappush(heap, rank)
            places[rank].add(a)

    for at in range(n - 1):
        note(at, at + 1)
    while heap:
        rank = heapq.heappop(heap)
        for at in sorted(places.pop(rank, ())):
            gone = after[at]
            if ids[at] is None or gone >= n or ranks.get((ids[at], ids[gone])) != rank:
                continue
            ids[at], ids[gone] = rank, None
            after[at] = after[gone]
            before[after[at]] = at
            note(before[at], at)
            note(at, after[at])
    return np.array([i for i in ids[:n] if i is not None], int)


class Node:
    def __init__(self, i, before):
        self.i, self.before, self.after = i, before, None


def nodes(ids, ranks):
    row, before = [], None
    for i in ids:
        node = Node(i, before)
        if before:
            before.after = node
        row.append(node)
        before = node
    number = {id(node): n for n, node in enumerate(row)}
    heap = []

    def push(node):
        if node and node.after and (node.i, node.after.i) in ranks:
            heapq.heappush(heap, (ranks[node.i, node.after.i], number[id(node)]))

    for node in row:
        push(node)
    while heap:
        rank, at = heapq.heappop(heap)
        node = row[at]
        if node.i is None or not node.after or ranks.get((node.i, node.after.i)) != rank:
            continue
        gone = node.after
        node.i, node.after, gone.i = rank, gone.after, None
        if node.after:
            node.after.before = node
        push(node.before)
        push(node)
    yield from (node.i for node in row if node.i is not None)


def in_blocks(ids, ranks, size=1000, encode=merge_by_rank):
    return [i for at in range(0, len(ids), size) for i in encode(ids[at : at + size], ranks)]


def splice_the_list(ids, ranks):
    ids = list(ids)
    while True:
        found = [(ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in ranks]
        if not found:
            return ids
        rank, at = min(found)
        ids[at : at + 2] = [rank]


def kept_ranks(ids, ranks):
    """As `splice_the_list`, but only two ranks are looked up again, and min() is in C: still the square."""
    ids, never = list(ids), 10**9
    found = [ranks.get(pair, never) for pair in pairwise(ids)]
    while found and (best := min(found)) < never:
        at = found.index(best)
        ids[at : at + 2] = [best]
        del found[at]
        if at > 0:
            found[at - 1] = ranks.get((ids[at - 1], ids[at]), never)
        if at < len(found):
            found[at] = ranks.get((ids[at], ids[at + 1]), never)
    return ids


def one_sort(ids, ranks):
    """All pairs sorted once; those that merges make are forgotten."""
    out = list(ids)
    for _, at in sorted((ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in ranks):
        if out[at] is not None and out[at + 1] is not None and (out[at], out[at + 1]) in ranks:
            out[at], out[at + 1] = ranks[out[at], out[at + 1]], None
    return [i for i in out if i is not None]


def eats_the_ids(ids, ranks):
    out = merge_by_rank(ids, ranks)
    ids[:] = []
    return out


def all_steps(ids, ranks):
    return [list(ids), merge_by_rank(ids, ranks)]


def for_ever(ids, ranks):
    while True:
        ids = by_rank(ids, ranks)


RIGHT = {
    "03.merge_text": [
        by_symbols,
        by_lookarounds,
        Merger(),
        functools.partial(lambda f, w, p: f(w, p), by_symbols),
    ],
    "03.enough": [count_and_merge, by_the_trainer, InNumPy(), recursive],
    "03.long_word": [chain_and_heap, places_of_each_rank, nodes, merge_by_rank],
}
WRONG = {
    "03.merge_text": [
        as_published_with_bugs,
        padded,
        at_word_borders,
        unescaped,
        escaped_pattern_only,
        first_only,
        list_of_symbols,
        used_twice,
        from_the_right,
        skips_a_word,
        says(lambda word, pair: print(by_symbols(word, pair)), "`return`"),
        form("walk", "should be a function"),
    ],
    "03.enough": [
        says(functools.partial(count_and_merge, best=first_met), "smaller ids"),
        says(functools.partial(count_and_merge, best=larger_first), "smaller ids"),
        says(functools.partial(count_and_merge, too_few=int.__le__), "still merged"),
        says(across_words, "across words"),
        functools.partial(count_and_merge, first_id=257),
        functools.partial(count_and_merge, merge=merged_from_the_right),
        once_a_word,
        counts_once,
        says(in_place, "changed its argument"),
        lambda words, least: {pair: 256 + n for n, pair in enumerate(count_and_merge(words, least))},
        lambda words, least: count_and_merge(words, 2),
        lambda words, least: count_and_merge(words, least)[:1],
        says(lambda words, least: print(count_and_merge(words, least)), "`return`"),
        endless(never_stops),
        form([(1, 2)], "should be a function"),
    ],
    "03.long_word": [
        says(in_blocks, "wherever you cut the line"),
        says(functools.partial(in_blocks, size=4096), "wherever you cut the line"),
        functools.partial(in_blocks, size=100),
        says(
            lambda ids, ranks: by_rank(in_blocks(ids, ranks, size=2000), ranks), "wherever you cut the line"
        ),
        says(by_rank, "once for every merge"),
        says(splice_the_list, "once for every merge"),
        says(kept_ranks, "once for every merge"),
        one_sort,
        functools.partial(chain_and_heap, order=lambda rank, at: (rank, -at)),
        functools.partial(chain_and_heap, order=lambda rank, at: (at, rank)),
        functools.partial(chain_and_heap, fresh=False),
        lesson.one_sweep,
        lesson.longest_match,
        says(eats_the_ids, "changed its argument"),
        all_steps,
        endless(for_ever),
    ],
}
