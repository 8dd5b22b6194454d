"""Answers to the exercises of notebook 09."""

import bisect
import functools
import itertools
import json
import os
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from answers import form, later, says
from helpers.bpe import BPETokenizer
from helpers.shards import TokenShards, split_corpus, tokenize_corpus, tokenize_shard
from helpers.shards.record import RECORD, manifest_path

# ---- 09.width ----


def width_with_numpy(tokens, vocab_size):
    return tokens * np.dtype(np.uint16 if vocab_size - 1 <= np.iinfo(np.uint16).max else np.uint32).itemsize


class Width:
    def __call__(self, n, vocab):
        return np.int64(n) << (1 if vocab - 1 < 2**16 else 2)


def width_by_min_scalar_type(tokens, vocab_size):
    return tokens * np.min_scalar_type(vocab_size - 1).itemsize


# ---- 09.locate ----


def locate_in_a_loop(lengths, index):
    if index >= 0:
        for file, length in enumerate(lengths):
            if index < length:
                return file, index
            index -= length
    raise IndexError(index)


def locate_by_bisection(sizes, i):
    ends = list(itertools.accumulate(sizes))
    if i < 0 or i >= ends[-1]:
        raise IndexError("outside")
    file = bisect.bisect_right(ends, i)
    return [file, i - (ends[file - 1] if file else 0)]


def locate_with_numpy(lengths, index):
    starts = np.cumsum([0, *lengths])
    if not 0 <= index < starts[-1]:
        raise IndexError(f"{index} is outside")
    file = np.searchsorted(starts, index, side="right") - 1
    return np.array([file, index - starts[file]])


def locate_in_a_table(lengths, index):
    table = [(file, place) for file, length in enumerate(lengths) for place in range(length)]
    if index < 0:
        raise IndexError
    return table[index]


def locate_left(lengths, index):
    starts = np.cumsum([0, *lengths])
    if not 0 <= index < starts[-1]:
        raise IndexError
    file = max(0, int(np.searchsorted(starts, index, side="left")) - 1)
    return file, int(index - starts[file])


def first_of_equal_starts(lengths, index):
    starts = list(itertools.accumulate(lengths, initial=0))
    if not 0 <= index < starts[-1]:
        raise IndexError
    start = max(s for s in starts if s <= index)
    return starts.index(start), index - start


def from_the_end(lengths, index):
    return [(f, p) for f, length in enumerate(lengths) for p in range(length)][index]


def no_error(lengths, index):
    for file, length in enumerate(lengths):
        if 0 <= index < length:
            return file, index
        index -= length
    return None


def value_error(lengths, index):
    if not 0 <= index < sum(lengths):
        raise ValueError("outside")
    return locate_in_a_loop(lengths, index)


def equal_files(lengths, index):
    if not 0 <= index < sum(lengths):
        raise IndexError
    return divmod(index, max(lengths[0], 1))


def end_counts_too(lengths, index):
    if index == sum(lengths):
        return len(lengths) - 1, lengths[-1]
    return locate_in_a_loop(lengths, index)


def eats_lengths(lengths, index):
    if not 0 <= index < sum(lengths):
        raise IndexError
    file = 0
    while index >= lengths[0]:
        index -= lengths.pop(0)
        file += 1
    return file, index


# ---- 09.corpus ----

WORDS = ["sort", "array", "of", "the", "axis", "mean", "file", "token", "index", "batch", "model", "shape"]


@functools.cache
def text(n=1500):
    """Documents in a language of their own, 1.2 MB of many different words."""
    draw = random.Random(9)
    syllables = ["".join(s) for s in itertools.product("bdfgklmnprstvz", "aeiou", "lnrst")]
    words = WORDS + ["".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(12_000)]
    return tuple(" ".join(draw.choices(words, k=110)) for _ in range(n))


@functools.cache
def tokenizer(size=8000):
    return BPETokenizer.train(text()[:700], size)


@functools.cache
def built(documents, vocab_size, shard_bytes):
    """A folder with text shards and token shards, made once for all answers."""
    folder = tempfile.TemporaryDirectory()
    paths = split_corpus(documents, Path(folder.name) / "text", shard_bytes)
    tokenize_corpus(paths, tokenizer(vocab_size), Path(folder.name) / "tokens")
    return folder


def made(documents=text, vocab_size=8000, shard_bytes=300_000, workers=2, harm=None):
    """A folder as tokenize_corpus leaves it, its record signed by so many processes."""

    def make():
        folder = built(tuple(documents()), vocab_size, shard_bytes)
        tokens = Path(shutil.copytree(folder.name, "corpus")).absolute() / "tokens"
        signed = json.loads((tokens / RECORD).read_text())
        for number, shard in enumerate(signed["shards"]):
            shard["run"]["pid"] += number % workers
        (tokens / RECORD).write_text(json.dumps(signed))
        return harm(tokens) if harm else tokens

    return make


def flip_a_bit(tokens):
    data = bytearray((tokens / "tokens-000001.bin").read_bytes())
    data[100] ^= 1
    (tokens / "tokens-000001.bin").write_bytes(data)
    return tokens


def lose_a_shard(tokens):
    (tokens / "tokens-000002.bin").unlink()
    return tokens


def lose_the_record(tokens):
    (tokens / RECORD).unlink()
    return tokens


def no_corpus():
    Path("empty").mkdir()
    return Path("empty")


def by_hand():
    """Shards under names of one's own, by tokenize_shard: right too, if two processes made them."""
    paths = sorted(Path(built(text(), 8000, 300_000).name, "text").iterdir())
    for number, path in enumerate(paths):
        target = Path("mine") / f"part{number}.bin"
        tokenize_shard(path, target, tokenizer())
        signed = json.loads(manifest_path(target).read_text())
        signed["run"]["host"] = f"machine{number % 2}"
        manifest_path(target).write_text(json.dumps(signed))
    return "mine"


RIGHT = {
    "09.width": [
        lambda tokens, vocab_size: tokens * (2 if vocab_size <= 65_536 else 4),
        width_with_numpy,
        Width(),
        lambda n, v: n * 2 * (1 + (v > 2**16)),
    ],
    "09.locate": [
        locate_in_a_loop,
        locate_by_bisection,
        locate_with_numpy,
        locate_in_a_table,
        lambda lengths, index: tuple(torch.tensor(locate_with_numpy(lengths, index))),
    ],
    "09.corpus": [
        later(made()),
        later(lambda: str(made()())),
        later(lambda: os.path.relpath(made(workers=3)())),
        later(by_hand),
    ],
}

WRONG = {
    "09.width": [
        says(lambda n, v: 2 * n, "uint16 ends"),
        says(lambda n, v: 4 * n, "fit in uint16"),
        says(lambda n, v: n * (2 if v < 65_536 else 4), "still fits"),
        says(lambda n, v: n * (2 if v <= 65_537 else 4), "one too many"),
        says(lambda n, v: n * (2 if v <= 65_535 else 4), "still fits"),
        says(lambda n, v: n * (2 if v < 65_535 else 4), "still fits"),
        lambda n, v: n * (2 if v <= 50_257 else 4),
        says(width_by_min_scalar_type, "two bytes"),
        lambda n, v: n * max(2, -(-(v - 1).bit_length() // 8)),
        lambda n, v: 2 if v <= 65_536 else 4,
        lambda n, v: n * (16 if v <= 65_536 else 32),
        lambda n, v: np.dtype("uint16") if v <= 65_536 else np.dtype("uint32"),
        lambda n, v: f"{n * (2 if v <= 65_536 else 4)} bytes",
        lambda n, v: n * (2 if v <= 65_536 else 4) + 1,
        lambda n, v: v * (2 if n <= 65_536 else 4),
        lambda n, v: np.int32(min(n, 2**31 - 1)) * np.int32(2 if v <= 65_536 else 4),
        says(lambda n, v: print(n * (2 if v <= 65_536 else 4)), "Does it end with `return`?"),
        form(2000, "should be a function"),
    ],
    "09.locate": [
        says(locate_left, "belongs to that file"),
        first_of_equal_starts,
        says(from_the_end, "an IndexError"),
        says(no_error, "an IndexError"),
        says(value_error, "an IndexError"),
        equal_files,
        says(end_counts_too, "an IndexError"),
        lambda lengths, index: locate_in_a_loop(lengths, index)[::-1],
        lambda lengths, index: locate_in_a_loop(lengths, index)[0],
        lambda lengths, index: (locate_in_a_loop(lengths, index)[0], index),
        lambda lengths, index: tuple(x + 1 for x in locate_in_a_loop(lengths, index)),
        lambda lengths, index: locate_in_a_loop([n for n in lengths if n], index),
        lambda lengths, index: locate_in_a_loop(sorted(lengths), index),
        lambda lengths, index: str(locate_in_a_loop(lengths, index)),
        says(lambda lengths, index: np.array(locate_in_a_loop(lengths, index)) / 1, "Integers"),
        lambda lengths, index: set(locate_in_a_loop(lengths, index)),
        lambda lengths, index: dict([locate_in_a_loop(lengths, index)]),
        says(eats_lengths, "changed its argument"),
        says(lambda lengths, index: print(locate_in_a_loop(lengths, index)), "Does it end with `return`?"),
        form((0, 4), "should be a function"),
    ],
    "09.corpus": [
        later(made(documents=lambda: [d for d in text() for _ in range(2)]), "exact copies"),
        later(made(documents=lambda: [*text(), *text()[:1]]), "1 exact copies"),
        later(made(vocab_size=500), "ids up to 7,999"),
        later(made(documents=lambda: text()[:400], shard_bytes=60_000), "1,000,000 bytes"),
        later(made(shard_bytes=500_000), "4 shards"),
        later(made(workers=1), "Give tokenize_corpus a client"),
        later(made(harm=flip_a_bit), "is damaged"),
        later(made(harm=lose_a_shard), "missing"),
        later(made(harm=lose_the_record), "nobody knows what is missing"),
        later(made(harm=lambda tokens: tokens.parent / "text"), "no token shard"),
        later(made(harm=lambda tokens: tokens / RECORD), "is a file"),
        later(made(harm=TokenShards), "a path"),
        later(made(harm=lambda tokens: sorted(tokens.iterdir())), "a path"),
        later(no_corpus, "no token shard"),
        says("nowhere/at/all", "is not there"),
        says(12, "a path"),
    ],
}
