"""The checks of the exercises on the page 03_train_fast."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, pairwise
from typing import Any

from helpers.bpe.merging import merge_by_rank
from lessons.checks.nb03 import Ranks, rows_of
from lessons.exercises import Words, exercise, expect, lines_run, rejection


@exercise("03.merge_text")
def merge_text(answer: Any) -> str:
    backslash = "A backslash in the replacement of a regex has a meaning of its own."
    draw = random.Random(3)
    symbols = ["a", "b", "ab", "ba", "a.", ".", "-a", "\\", "é"]
    cases = [
        ("w a l k", ("a", "l"), ""),
        ("aa b", ("a", "b"), "There is no symbol a in it: aa is another one."),
        ("a bb", ("a", "b"), "There is no symbol b in it: bb is another one."),
        ("a b", ("a", "b"), ""),
        ("a b aa b a b", ("a", "b"), "Every occurrence, but of whole symbols only."),
        ("a b a b a b", ("a", "b"), "Pairs may stand directly next to each other."),
        ("a a a a a", ("a", "a"), "From left to right, and nothing is used twice."),
        ("x . y axb", (".", "y"), ""),
        ("x y . y", (".", "y"), "A point in a regex stands for any character: regex.escape."),
        ("-a b", ("a", "b"), "The symbol is -a. What ends a symbol is a space, or the end of the word."),
        (r"\ 1 a", ("\\", "1"), backslash),
        ("wa lk ed", ("wa", "lk"), "Symbols may be longer than one character."),
        ("a", ("a", "b"), ""),
        ("b a", ("a", "b"), "The order in the pair counts."),
    ]
    for _ in range(150):
        word = " ".join(draw.choices(symbols, k=draw.randint(1, 9)))
        cases.append((word, tuple(draw.choices(symbols, k=2)), ""))
    for word, pair, hint in cases:
        expect(answer, (word, pair), merged(word, pair), hint)
    return "The published code of the 2015 paper guards against it with the two lookarounds."


def merged(word: str, pair: tuple[str, str]) -> str:
    out: list[str] = []
    used = True  # whether the last symbol of `out` is made of two already
    for symbol in word.split(" "):
        used = not used and (out[-1], symbol) == pair
        out[-1:] = ["".join(pair)] if used else [*out[-1:], symbol]
    return " ".join(out)


@exercise("03.enough")
def enough(answer: Any) -> str:
    for words, least, hint in [
        ([[1, 2, 1, 2]], 2, "A pair that occurs just `least` times is still merged."),
        ([[1], [2], [1], [2]], 2, "Ids of two words are no pair: do not count across words."),
        ([[1, 2], [1, 2], [3]], 2, "Count over all words."),
        ([[1, 2], [2, 1]], 2, "A pair goes from left to right: (1, 2) is not (2, 1)."),
        ([[3, 4, 1, 2], [3, 4, 1, 2]], 2, "Of equals, the pair with the smaller ids is merged first."),
        ([[1, 2, 3], [1, 2, 3], [1, 2, 3]], 3, "A new token can be merged again."),
        ([[1, 1, 1], [1, 1, 1]], 2, "Of three equal ids, two are merged: from left to right."),
        ([[1], []], 1, "There is no pair at all."),
        ([], 2, "There is no word at all."),
        *random_words(),
    ]:
        expect(answer, (words, least), merged_while(words, least), hint)
    return "Hugging Face's trainer calls this min_frequency."


def random_words() -> Iterator[tuple[list[list[int]], int, str]]:
    draw = random.Random(4)
    for _ in range(60):
        words = [draw.choices((1, 2, 3), k=draw.randint(0, 7)) for _ in range(draw.randint(1, 9))]
        yield words, draw.randint(1, 5), ""


def merged_while(words: list[list[int]], least: int) -> list[tuple[int, int]]:
    words, merges = [list(word) for word in words], []
    while counts := Counter(chain.from_iterable(map(pairwise, words))):
        pair = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[pair] < least:
            break
        words = [merge_by_rank(word, {pair: 256 + len(merges)}) for word in words]
        merges.append(pair)
    return merges


@exercise("03.long_word")
def long_word(answer: Any) -> str:
    short_lines, long_lines = _lines()
    for ids, ranks, right, hint in short_lines:
        expect(answer, (ids, ranks), right, hint)
    few, many = (work(answer, n) for n in (200, 800))
    if many > 9 * few:  # about 4 to 5 for n log n, 12 to 16 for the square
        given, wanted = "a line of 800 ids", Words(f"about 4 times the work of 200 ids, which was {few:,}")
        came = Words(f"{many / few:.0f} times: {many:,} lines run, looks into ranks, and comparisons")
        raise rejection(given, wanted, came, "The ids are right. What do you do once for every merge?")
    for ids, ranks, right, hint in long_lines:
        expect(answer, (ids, ranks), right, hint)
    return "Now even a megabyte without a space is encoded in a short time."


@cache
def _lines() -> tuple[list[tuple], list[tuple]]:
    """(ids, ranks, the right ids, a hint) for many short lines, and for some long ones."""
    rng, cases = random.Random(0), []
    hand_made = {(1, 2): 256, (2, 3): 257, (256, 3): 258, (3, 1): 259, (257, 259): 260}
    doubling = {(1, 1): 256, (256, 256): 257, (257, 257): 258, (258, 1): 259}
    for ranks, hint in [
        (hand_made, "The lowest rank comes first. And is a pair that comes out of the heap still there?"),
        (doubling, "In a row of equal ids merge from left to right, and use nothing twice."),
    ]:
        tries = [[], *rows_of((1, 2, 3), 4), [2, 3, 1, 2, 3, 1], [1] * 13]
        tries += [[rng.randint(1, 3) for _ in range(rng.randint(2, 30))] for _ in range(150)]
        for ids in tries:
            cases.append((ids, ranks, hint))
    cases.append((*long_line(500), "This line is long."))
    hint = "This line is long. A merge may join any two neighbours, wherever you cut the line."
    lines = [([1, 2, 3] * 2500)[start:] for start in range(3)]  # any blocks cut one of them inside 1, 2, 3
    lines.append([rng.randint(1, 3) for _ in range(10_000)])
    long = [(line, hand_made, hint) for line in lines]
    solved = lambda cases: [(ids, ranks, merge_by_rank(ids, ranks), hint) for ids, ranks, hint in cases]
    return solved(cases), solved(long)


def long_line(n: int) -> tuple[list[int], Ranks]:
    """`n` ids that need n / 2 different ranks, in no order, and once more n / 4."""
    rng = random.Random(n)
    places = rng.sample(range(0, n, 2), n // 2)
    ranks = {(at, at + 1): n + rank for rank, at in enumerate(places)}
    twos = [ranks[at, at + 1] for at in range(0, n, 2)]
    pairs = [(twos[k], twos[k + 1]) for k in rng.sample(range(0, len(twos) - 1, 2), n // 4)]
    return list(range(n)), ranks | {pair: 2 * n + rank for rank, pair in enumerate(pairs)}


class Rank(int):
    """An integer that counts how often one is compared, in C too: min(), sorted(), a heap."""

    compared = 0
    __hash__ = int.__hash__

    def __lt__(self, other: int) -> bool:
        Rank.compared += 1
        return int(self) < other

    def __gt__(self, other: int) -> bool:
        Rank.compared += 1
        return int(self) > other


class Looked(dict):
    """A dictionary that counts the looks into it."""

    looks = 0

    def __getitem__(self, key: tuple[int, int]) -> int:
        Looked.looks += 1
        return super().__getitem__(key)

    def get(self, key: tuple[int, int], default: Any = None) -> Any:
        Looked.looks += 1
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        Looked.looks += 1
        return super().__contains__(key)


def work(answer: Callable, n: int) -> int:
    """What `answer` does on a line of `n` ids: lines of Python run, looks into `ranks`, and comparisons."""
    ids, ranks = long_line(n)
    counted = Looked({pair: Rank(rank) for pair, rank in ranks.items()})
    Rank.compared = Looked.looks = 0
    lines = lines_run(answer, ids, counted)
    return lines + Rank.compared + Looked.looks
