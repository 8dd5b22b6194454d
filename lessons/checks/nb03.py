"""The checks of lesson 03's exercises."""

import random
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from helpers.bpe import BPETokenizer
from helpers.bpe.merging import merge_by_rank
from lessons.exercises import Words, Wrong, call, exercise, expect, lines_run, plain, rejection, same, short

Ranks = dict[tuple[int, int], int]


@exercise("03.breaks")
def breaks(answer: Any) -> str:
    pair = answer.tolist() if hasattr(answer, "tolist") else plain(answer)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise Wrong(f"Give two texts, (raises, wrong); you gave {short(answer)}.")
    for text in pair:
        if not isinstance(text, str):
            raise Wrong(f"Each of the two should be a str; one is {short(text)}.")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Wrong(f"{short(text)} has a lone surrogate, which has no bytes in UTF-8 at all.")
    raises, wrong = pair
    got, right = ([ord(character) for character in wrong], list(wrong.encode()))
    if all(ord(character) < 256 for character in raises):
        came = [ord(character) for character in raises]
        hint = "Each of its characters is among chr(0) to chr(255)."
        raise rejection(f"the first text, {short(raises)},", Words("a KeyError"), came, hint)
    if beyond := [character for character in wrong if ord(character) > 255]:
        hint = "The second text should run, and give other ids than its bytes."
        given = f"the second text, {short(wrong)},"
        raise rejection(given, Words("no error"), Words(f"KeyError: {beyond[0]!r}"), hint)
    if got == right:
        given, came = f"the second text, {short(wrong)},", Words(f"its bytes, {short(right)}")
        raise rejection(given, Words("ids that are not its bytes"), came)
    seen = f"{short(wrong)} gives {short(got)}, where UTF-8 has {short(right)}."
    return f"{seen} This error is the worse one, because nothing tells you about it."


# ---- encoders, right and wrong ----


def left_to_right(ids: list[int], ranks: Ranks) -> list[int]:
    """Merge the leftmost pair that can be merged, whatever its rank, until none is left."""
    ids = list(ids)
    while (at := next((n for n, pair in enumerate(pairwise(ids)) if pair in ranks), None)) is not None:
        ids[at : at + 2] = [ranks[ids[at], ids[at + 1]]]
    return ids


def one_sweep(ids: list[int], ranks: Ranks) -> list[int]:
    out: list[int] = []
    for i in ids:
        out.append(i)
        while len(out) > 1 and (out[-2], out[-1]) in ranks:
            out[-2:] = [ranks[out[-2], out[-1]]]
    return out


def one_pair_at_a_time(ids: list[int], ranks: Ranks, best: Callable = min, turn: int = 1) -> list[int]:
    """Merge the pair with the `best` rank; of equal ones the first, or, if `turn` is -1, the last."""
    ids = list(ids)
    while known := [ranks[pair] for pair in pairwise(ids) if pair in ranks]:
        places = [n for n, pair in enumerate(pairwise(ids)) if ranks.get(pair) == best(known)]
        at = places[::turn][0]
        ids[at : at + 2] = [ranks[ids[at], ids[at + 1]]]
    return ids


def last_first(ids: list[int], ranks: Ranks) -> list[int]:
    return one_pair_at_a_time(ids, ranks, best=max)


def right_to_left(ids: list[int], ranks: Ranks) -> list[int]:
    return one_pair_at_a_time(ids, ranks, turn=-1)


def each_once(ids: list[int], ranks: Ranks) -> list[int]:
    """By rank, but a pair that stands in two places is merged in the first one only."""
    ids = list(ids)
    for pair in sorted(ranks, key=ranks.get):
        at = next((n for n, there in enumerate(pairwise(ids)) if there == pair), None)
        if at is not None:
            ids[at : at + 2] = [ranks[pair]]
    return ids


def longest_match(ids: list[int], ranks: Ranks) -> list[int]:
    spelt = {i: (i,) for i in ids}
    for (left, right), new in sorted(ranks.items(), key=lambda item: item[1]):
        spelt[new] = spelt.get(left, (left,)) + spelt.get(right, (right,))
    known, out, at = {parts: i for i, parts in spelt.items()}, [], 0
    while at < len(ids):
        length = next(n for n in range(len(ids) - at, 0, -1) if tuple(ids[at : at + n]) in known)
        out.append(known[tuple(ids[at : at + length])])
        at += length
    return out


def in_order(ids: list[int], ranks: Ranks) -> list[int]:
    """Each merge in turn, wherever it fits: slow, and right."""
    for pair in sorted(ranks, key=ranks.get):
        out: list[int] = []
        for i in ids:
            if out and (out[-1], i) == pair:
                out[-1:] = [ranks[pair], None]
            else:
                out.append(i)
        ids = [i for i in out if i is not None]
    return list(ids)


def nothing_merged(ids: list[int], ranks: Ranks) -> list[int]:
    return list(ids)


def only_of_bytes(ids: list[int], ranks: Ranks) -> list[int]:
    """By rank, but what a merge has made is not merged again."""
    return merge_by_rank(ids, {pair: new for pair, new in ranks.items() if not {*pair} & {*ranks.values()}})


ENCODERS = {
    "encodes by rank": (merge_by_rank, True),
    "applies each merge in order, which comes to the same": (in_order, True),
    "merges one pair at a time, the leftmost of the lowest rank": (one_pair_at_a_time, True),
    "merges nothing": (nothing_merged, False),
    "merges the leftmost pair first, whatever its rank": (left_to_right, False),
    "goes through the ids in one sweep": (one_sweep, False),
    "takes the last learned pair first": (last_first, False),
    "takes the longest match": (longest_match, False),
    "merges each pair only once": (each_once, False),
    "does not merge again what a merge has made": (only_of_bytes, False),
    "begins at the right end where a pair stands there twice": (right_to_left, False),
}


@exercise("03.is_by_rank")
def is_by_rank(answer: Any) -> str:
    for description, (encode, right) in ENCODERS.items():
        given = f"an encoder that {description}"
        try:
            got = call(answer, encode, expected=right, given=given)
        except Wrong as error:
            if not isinstance(error.__cause__, AssertionError):
                raise
            got = False  # a test that fails by an assert has caught it
        if not same(got, right):
            trusted = "Which ids did you expect of it? by_rank has the right ones."
            raise rejection(given, right, got, trusted if right else hint_for(encode))
    return f"Your test told {len(ENCODERS)} encoders apart."


def hint_for(encode: Callable) -> str:
    """Ids on which a wrong encoder gives itself away: the shortest of some, on ranks from 1, 2 and 3."""
    ranks = {(1, 2): 256, (2, 3): 257, (256, 3): 258, (3, 1): 259, (257, 259): 260, (1, 1): 261}
    ids = next(ids for ids in rows_of((1, 2, 3), 7) if encode(ids, ranks) != merge_by_rank(ids, ranks))
    right = f"{encode(ids, ranks)}, by rank it is {merge_by_rank(ids, ranks)}"
    return f"Try it on the ids {ids} with ranks {ranks}: it gives {right}."


def rows_of(ids: tuple[int, ...], longest: int) -> Iterator[list[int]]:
    rows: list[list[int]] = [[]]
    for _ in range(longest):
        rows = [[*row, i] for row in rows for i in ids]
        yield from rows


@exercise("03.spellings")
def spellings(answer: Any) -> str:
    small = dict(enumerate([b"a", b"b", b"ab", b"abab", b"ba"]))
    for data, vocab, hint in [
        (b"a", small, "One token, one spelling."),
        (b"ab", small, "Either a and b, or ab."),
        (
            b"abab",
            small,
            "Each token that ends at a place adds the number of spellings of the bytes before it.",
        ),
        (b"", small, "There is one way to write nothing: no tokens."),
        (b"abc", small, "No token holds c, so there is no way."),
        (b"ab" * 8, small, ""),
        (b"\xc3\xab", {0: b"\xc3", 1: b"\xab", 2: b"\xc3\xab"}, "Bytes, not characters."),
        *random_vocabularies(),
    ]:
        expect(answer, (data, vocab), count_spellings(data, vocab), hint)
    # Asked before a length at which an answer that lists the spellings would never end
    few, many = (lines_run(answer, b"ab" * n, small) for n in (5, 8))
    if many > 10 * few:
        wanted = Words(f"not many more lines of Python to run than the {few:,} for 10 bytes")
        hint = "The number is right. But a long text has too many spellings to list: count them."
        raise rejection((b"ab" * 8, small), wanted, Words(f"{many:,}"), hint)
    for n in (40, 60):
        hint = "Large, and exact: neither a float nor an integer of 64 bits has room for it."
        expect(answer, (b"ab" * n, small), count_spellings(b"ab" * n, small), hint)
    for data in (b" plimbet", b"everything is somewhere, everything is"):
        vocab = small_tokenizer().vocab
        expect(answer, (data, vocab), count_spellings(data, vocab))
    return "`encode` gives one of these spellings. A model may give any of them."


def random_vocabularies() -> Iterator[tuple[bytes, dict[int, bytes], str]]:
    draw = random.Random(5)
    for _ in range(40):
        tokens = {bytes(draw.choices(b"xyz", k=draw.randint(1, 4))) for _ in range(9)} | {b"x", b"y"}
        vocab = dict(zip(draw.sample(range(100), len(tokens)), sorted(tokens), strict=True))
        yield bytes(draw.choices(b"xyz", k=draw.randint(3, 14))), vocab, ""


@lru_cache
def small_tokenizer() -> BPETokenizer:
    return BPETokenizer.train(" plimbet everything is somewhere, everything is somewhere" * 2, 280)


def count_spellings(data: bytes, vocab: dict[int, bytes]) -> int:
    ways = [1]
    for end in range(1, len(data) + 1):
        ways.append(sum(ways[end - len(t)] for t in vocab.values() if t and data[:end].endswith(t)))
    return ways[-1]
