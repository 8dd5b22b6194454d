"""Answers to the exercises of notebook 03."""

import functools
import heapq
import itertools
import re
from collections import defaultdict
from itertools import pairwise

import numpy as np

from answers import endless, form, says
from helpers.bpe.merging import merge_by_rank
from lessons.checks import nb03 as checks

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


# ---- 03.is_by_rank ----

RANKS = {(1, 2): 256, (3, 1): 257, (2, 3): 258, (258, 257): 259, (1, 1): 260, (260, 260): 261}


def by_rank(ids, ranks):
    ids = list(ids)
    while found := [pair for pair in pairwise(ids) if pair in ranks]:
        pair, out = min(found, key=ranks.get), []
        for i in ids:
            if out and (out[-1], i) == pair:
                out[-1] = ranks[pair]
            else:
                out.append(i)
        ids = out
    return ids


def on_all_rows(encode):
    for length in range(6):
        for ids in itertools.product((1, 2, 3), repeat=length):
            if list(encode(list(ids), RANKS)) != by_rank(ids, RANKS):
                return False
    return True


def by_asserts(encode):
    for ids in ([1, 2, 3], [2, 3, 1, 2], [3, 1, 2], [1, 1, 1], [1, 1, 1, 1], [1, 2, 1, 2], [2, 3, 3, 1]):
        assert encode(ids, RANKS) == by_rank(ids, RANKS)
    return True


def in_numpy(encoder):
    rng = np.random.default_rng(0)
    tries = [rng.integers(1, 4, n).tolist() for n in range(12) for _ in range(10)]
    return np.all([encoder(ids, RANKS) == by_rank(ids, RANKS) for ids in tries])


def with_any(encode, measure=lambda ids: ids):
    rows = itertools.chain(*(itertools.product((1, 2, 3), repeat=n) for n in range(6)))
    return not any(measure(encode([*row], RANKS)) != measure(by_rank(row, RANKS)) for row in rows)


def one_list_only(encode):
    return encode([2, 3, 1, 2], RANKS) == by_rank([2, 3, 1, 2], RANKS)


def same_text(encode):  # what the ids stand for; every encoder keeps that
    spelt = {1: "a", 2: "b", 3: "c"}
    for (left, right), new in RANKS.items():
        spelt[new] = spelt[left] + spelt[right]
    tries = [[1, 2, 3], [2, 3, 1, 2], [1, 1, 1]]
    return all("".join(spelt[i] for i in encode(t, RANKS)) == "".join(spelt[i] for i in t) for t in tries)


def no_repeats(encode):
    return all(encode([*row], RANKS) == by_rank(row, RANKS) for row in itertools.permutations((1, 2, 3)))


def the_other_way_round(encode):
    return not on_all_rows(encode)


def without_ranks(encode):
    return encode([1, 2, 3]) == [256, 3]


def forgets_to_return(encode):
    print(on_all_rows(encode))


def one_level(encode):
    ranks = {(1, 2): 256, (2, 3): 257, (1, 1): 258}
    rows = itertools.product((1, 2, 3), repeat=5)
    return all(encode([*row], ranks) == by_rank(row, ranks) for row in rows)


# ---- 03.spellings ----


def from_the_left(data, vocab, dtype=object):
    ways = np.zeros(len(data) + 1, dtype)
    ways[0] = 1
    for end in range(1, len(data) + 1):
        for token in vocab.values():
            if token and data[:end].endswith(token):
                ways[end] += ways[end - len(token)]
    return ways[len(data)]


def remembered(data, vocab):
    tokens = list(vocab.values())

    @functools.cache
    def ways(at):
        return 1 if at == len(data) else sum(ways(at + len(t)) for t in tokens if data.startswith(t, at))

    return ways(0)


class Count:
    def __init__(self, data, tokens):
        self.data, self.tokens = data, {*tokens.values()}

    def __int__(self):
        ways = {len(self.data): 1}
        for at in reversed(range(len(self.data))):
            ends = (end for end in ways if self.data[at:end] in self.tokens)
            ways[at] = sum(ways[end] for end in ends)
        return ways[0]


def with_lists_kept(data, vocab):
    ways = [1] + [0] * len(data)
    longest = max(len(t) for t in vocab.values())
    known = frozenset(vocab.values())
    for start, n in enumerate(ways):
        n = ways[start]
        for end in range(start + 1, min(len(data), start + longest) + 1):
            ways[end] += n * (data[start:end] in known)
    return ways[-1]


def one_by_one(data, vocab):
    if not data:
        return 1
    return sum(one_by_one(data[len(t) :], vocab) for t in vocab.values() if data.startswith(t))


def in_floats(data, vocab):
    return from_the_left(data, vocab, np.float64)


def in_floats_then_int(data, vocab):
    return int(from_the_left(data, vocab, float))


def in_int64(data, vocab):
    with np.errstate(over="ignore"):
        return from_the_left(data, vocab, np.int64)


def in_uint64_then_int(data, vocab):
    return int(from_the_left(data, vocab, np.uint64))


def nothing_has_no_spelling(data, vocab):
    return with_lists_kept(data, vocab) if data else 0


def as_text(data, vocab):
    return with_lists_kept(data.decode(), {i: t.decode() for i, t in vocab.items()})


def lists_them(data, vocab):
    if not data:
        return [[]]
    starts = [i for i, t in vocab.items() if data.startswith(t)]
    return [[i, *rest] for i in starts for rest in lists_them(data[len(vocab[i]) :], vocab)]


def ids_for_bytes(data, vocab):  # the keys of the dictionary
    return with_lists_kept(data, dict.fromkeys(vocab, b"a"))


def two_parts(data, vocab):
    tokens = set(vocab.values())
    return (data in tokens) + sum({data[:n], data[n:]} <= tokens for n in range(1, len(data)))


def eats_the_vocabulary(data, vocab):
    n = with_lists_kept(data, vocab)
    vocab.clear()
    return n


def by_all_products(data, vocab):
    rows = (itertools.product(vocab.values(), repeat=n) for n in range(len(data) + 1))
    return sum(b"".join(row) == data for row in itertools.chain(*rows))


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
    "03.breaks": [
        ("忘れ物", "Zoë"),
        ["👍", "\x80"],
        np.array(["Ā and more", "naïve café"]),
        (text for text in ("é€", "ÿ")),
    ],
    "03.merge_text": [
        by_symbols,
        by_lookarounds,
        Merger(),
        functools.partial(lambda f, w, p: f(w, p), by_symbols),
    ],
    "03.is_by_rank": [on_all_rows, by_asserts, in_numpy, with_any],
    "03.spellings": [from_the_left, remembered, with_lists_kept, lambda data, vocab: int(Count(data, vocab))],
    "03.long_word": [chain_and_heap, places_of_each_rank, nodes, merge_by_rank],
}
WRONG = {
    "03.breaks": [
        says(("Zoë", "忘れ物"), "KeyError"),
        says(("Zoë", "Zoë"), "the first text"),
        says(("忘れ物", "peg"), "the second text"),
        says(("", "Zoë"), "KeyError"),
        says(("忘れ物", ""), "not its bytes"),
        says(("忘れ物", "Zoë 忘"), "KeyError: '忘'"),
        form(("忘れ物", "Zoë".encode()), "should be a str"),
        form(("忘れ物",), "Give two texts"),
        form(("\ud83d", "Zoë"), "lone surrogate"),
        form({"忘れ物", "Zoë"}, "Give two texts"),
        form("忘", "Give two texts"),
    ],
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
    "03.is_by_rank": [
        says(lambda encode: True, "Try it on the ids"),
        says(lambda encode: False, "by_rank has the right ones"),
        says(functools.partial(with_any, measure=len), "begins at the right end"),
        says(functools.partial(with_any, measure=sorted), "begins at the right end"),
        functools.partial(with_any, measure=set),
        functools.partial(with_any, measure=sum),
        one_list_only,
        same_text,
        no_repeats,
        the_other_way_round,
        without_ranks,
        one_level,
        says(forgets_to_return, "`return`"),
        lambda encode: str(on_all_rows(encode)),
        form(True, "should be a function"),
    ],
    "03.spellings": [
        in_int64,
        in_uint64_then_int,
        in_floats,
        in_floats_then_int,
        says(one_by_one, "count, do not list them"),
        nothing_has_no_spelling,
        as_text,
        lists_them,
        lambda data, vocab: len(lists_them(data, vocab)),
        lambda data, vocab: 2 ** (len(data) - 1),
        ids_for_bytes,
        two_parts,
        says(eats_the_vocabulary, "changed its argument"),
        endless(by_all_products),
        says(lambda data, vocab: print(remembered(data, vocab)), "`return`"),
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
        checks.one_sweep,
        checks.longest_match,
        says(eats_the_ids, "changed its argument"),
        all_steps,
        endless(for_ever),
    ],
}
