"""The checks of notebook 09."""

import itertools
import os
import random
from collections.abc import Callable

import numpy as np

from helpers.shards import TokenShards
from lessons.exercises import Words, call, exercise, expect, expect_error, rejection, said, same, short


@exercise("09.width")
def width(answer: Callable) -> str:
    cases = [
        ((1_000, 50_257), "GPT-2's ids fit in uint16."),
        ((1_000, 128_256), "uint16 ends at 65,535."),
        ((10, 65_536), "The last id of 65,536 tokens is 65,535, which still fits."),
        ((10, 65_537), "The last id is 65,536: one too many for two bytes."),
        ((10, 65_535), "The last id is 65,534."),
        ((7, 256), "The smallest width that the task allows is two bytes."),
        ((3, 20_000_000), "Two bytes a token or four, and no other width."),
        ((0, 256), "No tokens take no bytes."),
        ((15_600_000_000_000, 128_256), ""),
    ]
    for (tokens, vocab_size), hint in cases:
        expect(answer, (tokens, vocab_size), tokens * (2 if vocab_size <= 65_536 else 4), hint)
    return "15.6 trillion tokens of a vocabulary of 128,256 take 62.4 TB."


@exercise("09.locate")
def locate(answer: Callable) -> str:
    hint = "The first index of a file belongs to that file, and an empty file holds nothing."
    outside_hint = "There is no such token; a negative index counts as outside too."
    draw = random.Random(9)
    cases = [[5, 3], [4], [2, 0, 0, 3], [0, 1, 0], [7, 1, 1, 9, 0], [0, 0, 2]]
    cases += [[draw.choice([0, 1, 2, 30]) for _ in range(draw.randint(1, 8))] for _ in range(8)]
    for lengths in cases:
        places = [(file, place) for file, length in enumerate(lengths) for place in range(length)]
        for index, expected in enumerate(places):
            got = call(answer, lengths, index, expected=expected)
            if not same(got, expected):
                raise rejection((lengths, index), expected, got, hint)
            if np.asarray(got).dtype.kind not in "iu":
                raise rejection((lengths, index), expected, got, "Integers, so that they can be an index.")
        for outside in (len(places), -1, len(places) + 5, -len(places) - 1):
            expect_error(answer, (lengths, outside), IndexError, outside_hint)
    return "With the lengths in a cumulative sum, this is one binary search."


@exercise("09.corpus")
def own_corpus(answer: str | os.PathLike) -> str:
    if not isinstance(answer, str | os.PathLike):
        raise rejection("your answer", Words("the folder of your token shards, a path"), answer)
    given = f"the folder {short(os.fspath(answer), 80)}"
    try:
        tokens = TokenShards(answer)
        tokens.verify()
    except (OSError, ValueError) as error:
        wanted = Words("a whole corpus, as tokenize_corpus leaves it")
        raise rejection(given, wanted, Words("an error"), f"{said(error)}.") from None
    runs = [manifest.get("run", {}) for manifest in tokens.manifests]
    workers = {(run.get("host"), run.get("pid")) for run in runs}
    text_bytes = sum(manifest.get("text_bytes", 0) for manifest in tokens.manifests)
    copies, largest = _copies(tokens), max([0, *(int(tokens[s:e].max()) for s, e in _files(tokens))])
    for wanted, came, fine, hint in [
        ("1,000,000 bytes of text or more", f"{text_bytes:,}", text_bytes >= 1_000_000, ""),
        ("4 shards or more", f"{len(tokens.files)}", len(tokens.files) >= 4, "Choose a smaller shard_bytes."),
        ("ids up to 7,999, of 8,000 tokens", f"up to {largest:,}", 7900 <= largest < 8100, ""),
        ("each document once", f"{copies:,} exact copies", not copies, "Remove them before you split."),
        ("two workers or more", "one process", len(workers) >= 2, "Give tokenize_corpus a client."),
    ]:
        if not fine:
            raise rejection(given, Words(wanted), Words(came), hint)
    return f"{len(tokens):,} tokens in {len(tokens.files)} shards, by {len(workers)} processes."


def _files(tokens: TokenShards) -> list[tuple[int, int]]:
    """Where each file that is not empty begins and ends."""
    return [(int(s), int(e)) for s, e in itertools.pairwise(tokens.starts) if e > s]


def _copies(tokens: TokenShards) -> int:
    """How many documents have the ids of an earlier one; each ends with the last id of its file."""
    seen, copies = set(), 0
    for start, end in _files(tokens):
        ids = tokens[start:end]
        ends = np.flatnonzero(ids == ids[-1]) + 1
        for a, b in itertools.pairwise([0, *ends.tolist()]):
            before = len(seen)
            seen.add(ids[a:b].tobytes())
            copies += len(seen) == before
    return copies
