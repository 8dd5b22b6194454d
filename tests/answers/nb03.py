"""Answers to the exercises of notebook 03."""

import functools
import itertools
from itertools import pairwise

import numpy as np

from answers import endless, form, says

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


RIGHT = {
    "03.breaks": [
        ("忘れ物", "Zoë"),
        ["👍", "\x80"],
        np.array(["Ā and more", "naïve café"]),
        (text for text in ("é€", "ÿ")),
    ],
    "03.is_by_rank": [on_all_rows, by_asserts, in_numpy, with_any],
    "03.spellings": [from_the_left, remembered, with_lists_kept, lambda data, vocab: int(Count(data, vocab))],
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
        says(one_by_one, "too many spellings to list: count them"),
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
}
