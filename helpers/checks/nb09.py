"""The checks of notebook 09."""

import itertools
import operator
import os
import random
from collections import Counter
from collections.abc import Callable

from helpers.exercises import Wrong, call, exercise, expect, said, short
from helpers.shards import TokenShards


@exercise("09.width")
def width(answer: Callable) -> str:
    expect(answer, (1_000, 50_257), 2_000, "GPT-2's ids fit in uint16.")
    expect(answer, (1_000, 128_000), 4_000, "uint16 ends at 65,535.")
    expect(answer, (10, 65_536), 20, "The last id of 65,536 tokens is 65,535, which still fits.")
    expect(answer, (10, 65_537), 40, "The last id is 65,536: one too many for two bytes.")
    expect(answer, (0, 256), 0)
    return "15.6 trillion tokens of a vocabulary of 128,000 take 62.4 TB."


@exercise("09.locate")
def locate(answer: Callable) -> str:
    hint = "The first index of a file belongs to that file, and an empty file holds nothing."
    for lengths in ([5, 3], [4], [2, 0, 0, 3], [0, 1, 0], [7, 1, 1, 9, 0]):
        places = [(file, place) for file, length in enumerate(lengths) for place in range(length)]
        for index, expected in enumerate(places):
            expect(answer, (lengths, index), expected, hint)
        for outside in (len(places), -1):
            _must_raise(answer, lengths, outside)
    return "With the lengths in a cumulative sum, this is one binary search."


def _must_raise(answer: Callable, lengths: list[int], index: int) -> None:
    try:
        got = answer(list(lengths), index)
    except IndexError:
        return
    except Exception as error:
        raise Wrong(f"On {lengths}, {index} expected an IndexError, but it raised {said(error)}.") from error
    raise Wrong(f"{index} is outside of {sum(lengths)} tokens: expected an IndexError, but got {short(got)}.")


@exercise("09.buffer")
def buffer(answer: Callable) -> str:
    for n, size in ((3, 10), (10, 3), (10, 10), (0, 4), (5, 1), (200, 50)):
        got = Counter(_shuffle(answer, range(n), size, 0))
        if lost := [i for i in range(n) if not got[i]]:
            raise Wrong(f"{n} items, size {size}: {len(lost)} of them never come out, such as {lost[0]}.")
        if more := [i for i, count in got.items() if count > 1 or i not in range(n)]:
            raise Wrong(f"{n} items, size {size}: {short(more[0])} comes out {got[more[0]]} times.")
    _is_lazy(answer)
    many = _shuffle(answer, range(200), 50, 0)
    if many == sorted(many):
        raise Wrong("200 items with a buffer of 50 come out in their old order: nothing is shuffled.")
    if many[-45:] == sorted(many[-45:]):
        raise Wrong("The items left in the buffer at the end come out in their old order: shuffle them too.")
    if many == _shuffle(answer, range(200), 50, 1):
        raise Wrong("Another rng gives the same order: take all random places from the rng that is given.")
    if many != _shuffle(answer, range(200), 50, 0):
        raise Wrong("The same rng gives another order each time: take all random places from it.")
    return "What stays in a buffer at the end of a stream is lost silently, shard after shard."


def _shuffle(answer: Callable, items: range, size: int, seed: int) -> list:
    if not callable(answer):
        raise Wrong(f"This should be a function that one can call; it is {short(answer)}.")
    try:
        return list(itertools.islice(answer(iter(items), size, random.Random(seed)), 10_000))
    except Exception as error:
        raise Wrong(f"With {len(items)} items and size {size} your function raised {said(error)}.") from error


def _is_lazy(answer: Callable) -> None:
    stream = iter(range(10_000))
    next(iter(answer(stream, 10, random.Random(0))))
    read = 10_000 - len(list(stream))
    if read > 11:
        raise Wrong(f"With size 10 it has read {read:,} items before it gives the first: use `yield`.")


@exercise("09.resume")
def resume(answer: Callable) -> str:
    for n, steps, ranks in ((12, 2, 2), (20, 3, 4), (21, 0, 1), (20, 6, 2), (18, 6, 2), (31, 4, 5)):
        order = random.Random(n).sample(range(100, 100 + n), n)
        parts = [_part(answer, order, steps, rank, ranks) for rank in range(ranks)]
        before, got = set(order[: 3 * steps]), Counter(itertools.chain(*parts))
        case = f"{n} windows, {steps} steps of three ranks, then {ranks} ranks"
        if again := [i for i in got if i in before]:
            raise Wrong(f"{case}: window {again[0]} is trained on again. Three ranks did {3 * steps} places.")
        if strange := [i for i in got if i not in order]:
            raise Wrong(f"{case}: {strange[0]} is not in `order`; give the windows, not their places.")
        if twice := [i for i in got if got[i] > 1]:
            raise Wrong(f"{case}: window {twice[0]} goes to {got[twice[0]]} of the new ranks.")
        if lost := [i for i in order[3 * steps :] if i not in got]:
            raise Wrong(f"{case}: {len(lost)} of the windows left are never seen, such as {lost[0]}.")
        if max(map(len, parts)) - min(map(len, parts)) > 1:
            raise Wrong(f"{case}: the ranks get {[len(part) for part in parts]} windows; deal them evenly.")
    return "A state that counts steps of all ranks together does not care how many ranks come after."


def _part(answer: Callable, order: list[int], steps: int, rank: int, ranks: int) -> list[int]:
    got = call(answer, order, steps, rank, ranks)
    try:
        return [operator.index(i) for i in got]
    except TypeError as error:
        raise Wrong(f"It should give a list of windows of `order`; it gave {short(got)}.") from error


@exercise("09.corpus")
def own_corpus(answer: str | os.PathLike) -> str:
    if not isinstance(answer, str | os.PathLike):
        raise Wrong(f"This should be the folder of your token shards, a path; it is {short(answer)}.")
    try:
        tokens = TokenShards(answer)
        tokens.verify()
    except (OSError, ValueError) as error:
        raise Wrong(f"The folder cannot be read: {said(error)}") from error
    text_bytes = sum(manifest["text_bytes"] for manifest in tokens.manifests)
    workers = {(m["run"]["host"], m["run"]["pid"]) for m in tokens.manifests}
    if text_bytes < 1_000_000:
        raise Wrong(f"The shards hold {text_bytes:,} bytes of text; take at least 1,000,000.")
    if len(tokens.files) < 4:
        raise Wrong(f"There are {len(tokens.files)} shards; choose a smaller shard_bytes, for four or more.")
    if len(workers) < 2:
        raise Wrong("One process made all of them; give tokenize_corpus a client with two workers.")
    return f"{len(tokens):,} tokens in {len(tokens.files)} shards, by {len(workers)} processes."
