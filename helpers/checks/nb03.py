"""Checks of the exercises in 03_bpe_from_scratch."""

import random
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from helpers.bpe import BPETokenizer
from helpers.bpe.merging import merge_by_rank
from helpers.exercises import Wrong, exercise, expect, said, same, short

Ranks = dict[tuple[int, int], int]


@exercise("03.breaks")
def breaks(answer: Any) -> str:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Wrong(f"Give two texts, (raises, wrong); you gave {short(answer)}.")
    raises, wrong = answer
    for text in answer:
        if not isinstance(text, str):
            raise Wrong(f"Each of the two should be a str; one is {short(text)}.")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Wrong(f"{short(text)} has a lone surrogate, which has no bytes in UTF-8 at all.")
    if all(ord(character) < 256 for character in raises):
        raise Wrong(f"No error on {short(raises)}: each of its characters is among chr(0) to chr(255).")
    if any(ord(character) > 255 for character in wrong):
        raise Wrong(f"{short(wrong)} raises a KeyError too. The second text should run, with other ids.")
    if [ord(character) for character in wrong] == list(wrong.encode()):
        raise Wrong(f"On {short(wrong)} the ids are {short(list(wrong.encode()))}, its bytes: all right.")
    got, right = [ord(character) for character in wrong], list(wrong.encode())
    return (
        f"{short(wrong)} gives {short(got)}, where UTF-8 has {short(right)}. Silent is the worse of the two."
    )


@exercise("03.merge_text")
def merge_text(answer: Any) -> str:
    for word, pair, right, hint in [
        ("w a l k", ("a", "l"), "w al k", ""),
        ("aa b", ("a", "b"), "aa b", "There is no symbol a in it: aa is another one."),
        ("a bb", ("a", "b"), "a bb", "There is no symbol b in it: bb is another one."),
        ("a b", ("a", "b"), "ab", ""),
        ("a b aa b a b", ("a", "b"), "ab aa b ab", "Every occurrence, but of whole symbols only."),
        ("a b a b a b", ("a", "b"), "ab ab ab", "Pairs may stand right beside each other."),
        ("a a a a a", ("a", "a"), "aa aa a", "From left to right, and nothing is used twice."),
        ("x . y axb", (".", "y"), "x .y axb", ""),
        ("x y . y", (".", "y"), "x y .y", "A point in a regex stands for any character: regex.escape."),
        (
            r"\ 1 a",
            ("\\", "1"),
            r"\1 a",
            "A backslash in the replacement of a regex has a meaning of its own.",
        ),
        ("wa lk ed", ("wa", "lk"), "walk ed", "Symbols may be longer than one character."),
        ("a", ("a", "b"), "a", ""),
        ("b a", ("a", "b"), "b a", "The order in the pair counts."),
    ]:
        expect(answer, (word, pair), right, hint)
    return "The published code of the 2015 paper guards against it with the two lookarounds."


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


def last_first(ids: list[int], ranks: Ranks) -> list[int]:
    ids = list(ids)
    while known := [ranks[pair] for pair in pairwise(ids) if pair in ranks]:
        at = next(n for n, pair in enumerate(pairwise(ids)) if ranks.get(pair) == max(known))
        ids[at : at + 2] = [ranks[ids[at], ids[at + 1]]]
    return ids


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


ENCODERS = {
    "encodes by rank": (merge_by_rank, True),
    "applies each merge in order, which comes to the same": (in_order, True),
    "merges nothing": (nothing_merged, False),
    "merges the leftmost pair first, whatever its rank": (left_to_right, False),
    "goes through the ids in one sweep": (one_sweep, False),
    "takes the last learned pair first": (last_first, False),
    "takes the longest match": (longest_match, False),
    "merges each pair only once": (each_once, False),
}


@exercise("03.is_by_rank")
def is_by_rank(answer: Any) -> str:
    for description, (encode, right) in ENCODERS.items():
        if not callable(answer):
            raise Wrong(f"This should be a function that one can call; it is {short(answer)}.")
        try:
            got = answer(encode)
        except AssertionError:
            got = False  # a test that fails by an assert has caught it
        except Exception as error:
            raise Wrong(f"On an encoder that {description} your function raised {said(error)}.") from error
        if got is None:
            raise Wrong("Your function returned None. Does it end with `return`, on every way through it?")
        if not same(bool(got), right):
            verdict = "True" if right else "False"
            hint = (
                "Which ids did you expect of it? by_rank has the right ones." if right else hint_for(encode)
            )
            raise Wrong(f"An encoder that {description} should get {verdict}. {hint}")
    return f"{len(ENCODERS)} encoders told apart."


def hint_for(encode: Callable) -> str:
    """Ids on which a wrong encoder gives itself away: the shortest of some, on ranks from 1, 2 and 3."""
    ranks = {(1, 2): 256, (2, 3): 257, (256, 3): 258, (3, 1): 259, (257, 259): 260}
    found = (ids for ids in rows_of((1, 2, 3), 7) if encode(ids, ranks) != merge_by_rank(ids, ranks))
    return f"Try it on the ids {next(found)} with ranks {ranks}."


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
        (b"abab", small, "Each token that ends at a place adds the spellings of what stands before it."),
        (b"", small, "There is one way to write nothing: no tokens."),
        (b"abc", small, "No token holds c, so there is no way."),
        (b"ab" * 8, small, ""),
        (b"\xc3\xab", {0: b"\xc3", 1: b"\xab", 2: b"\xc3\xab"}, "Bytes, not characters."),
    ]:
        expect(answer, (data, vocab), count_spellings(data, vocab), hint)
    # Before a length that would take those for ever who list the spellings
    times = [min(cpu_seconds(answer, b"ab" * n, small) for _ in range(2)) for n in (8, 12)]
    if times[1] > 10 * max(times[0], 1e-3):
        raise Wrong(
            "Right so far. But four times ab more made it over ten times as slow, as if you went through the "
            "spellings one by one. There may be more of them than atoms: count, do not list them."
        )
    expect(answer, (b"ab" * 40, small), count_spellings(b"ab" * 40, small), "Large, and exact.")
    for data in (b" plimbet", b"everything is somewhere, everything is"):
        vocab = small_tokenizer().vocab
        expect(answer, (data, vocab), count_spellings(data, vocab))
    return "Of all these, encode gives one. A model may give any."


@lru_cache
def small_tokenizer() -> BPETokenizer:
    return BPETokenizer.train(" plimbet everything is somewhere, everything is somewhere" * 2, 280)


def count_spellings(data: bytes, vocab: dict[int, bytes]) -> int:
    ways = [1]
    for end in range(1, len(data) + 1):
        ways.append(sum(ways[end - len(t)] for t in vocab.values() if t and data[:end].endswith(t)))
    return ways[-1]


@exercise("03.long_word")
def long_word(answer: Any) -> str:
    rng = random.Random(0)
    hand_made = {(1, 2): 256, (2, 3): 257, (256, 3): 258, (3, 1): 259, (257, 259): 260}
    doubling = {(1, 1): 256, (256, 256): 257, (257, 257): 258, (258, 1): 259}
    for ranks, hint in [
        (hand_made, "The lowest rank comes first. And is a pair that comes out of the heap still there?"),
        (doubling, "In a row of equal ids merge from left to right, and use nothing twice."),
    ]:
        tries = [[], *rows_of((1, 2, 3), 4), [2, 3, 1, 2, 3, 1], [1] * 13]
        tries += [[rng.randint(1, 3) for _ in range(rng.randint(2, 30))] for _ in range(150)]
        for ids in tries:
            expect(answer, (ids, ranks), merge_by_rank(ids, ranks), hint)
    ids, ranks = long_line(500)
    expect(answer, (ids, ranks), merge_by_rank(ids, ranks), "This line is long.")
    factor = min(times_as_long(answer) for _ in range(3))  # a busy machine may disturb one measurement
    if factor > 24:  # about 9 to 11 for n log n, 40 and more for the square
        raise Wrong(
            f"The ids are right. But 8 times the length took {factor:.0f} times as long, as if each merge "
            "looked at the whole word again. What does your function do once for every merge?"
        )
    return "A megabyte without a space is no danger any more."


def long_line(n: int) -> tuple[list[int], Ranks]:
    """`n` ids that need n / 2 different ranks, in no order, and once more n / 4."""
    rng = random.Random(n)
    places = rng.sample(range(0, n, 2), n // 2)
    ranks = {(at, at + 1): n + rank for rank, at in enumerate(places)}
    twos = [ranks[at, at + 1] for at in range(0, n, 2)]
    pairs = [(twos[k], twos[k + 1]) for k in rng.sample(range(0, len(twos) - 1, 2), n // 4)]
    return list(range(n)), ranks | {pair: 2 * n + rank for rank, pair in enumerate(pairs)}


def times_as_long(answer: Callable) -> float:
    """How many times as long a line of 4,000 ids takes as one of 500."""
    short_time = min(cpu_seconds(answer, *long_line(500)) for _ in range(5))
    long_time = min(cpu_seconds(answer, *long_line(4000)) for _ in range(2))
    return long_time / max(short_time, 1e-5)


def cpu_seconds(function: Callable, *args: Any) -> float:
    start = time.process_time()
    function(*args)
    return time.process_time() - start
