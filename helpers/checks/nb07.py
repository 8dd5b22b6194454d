"""The checks of notebook 07's exercises."""

import math
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from helpers.exercises import Wrong, call, exercise, expect, same, short


def windows(ids: list[int], max_length: int, stride: int) -> list[tuple[list[int], list[int]]]:
    starts = range(0, len(ids) - max_length, stride)
    return [(ids[s : s + max_length], ids[s + 1 : s + max_length + 1]) for s in starts]


@exercise("07.never")
def never(answer: Callable) -> str:
    cases = [
        ((11, 4, 5), "Of positions 1 to 10, position 5 is in a gap and position 10 is the tail."),
        ((12, 4, 4), "The tail, too short for a window, is never predicted either."),
        ((23, 6, 2), "Where windows overlap, a position is still one position."),
        (
            (4, 4, 1),
            "Four inputs need a fifth token as the last target: no window fits, so nothing is predicted.",
        ),
        ((5, 4, 9), "One window just fits, and all four targets are in it."),
        ((1000, 7, 11), "Try it with a set of positions."),
        ((257, 16, 16), "Nothing is missed here. The very first token can be no target, so do not count it."),
    ]
    for (n, max_length, stride), hint in cases:
        seen = {t for _, targets in windows(list(range(n)), max_length, stride) for t in targets}
        expect(answer, (n, max_length, stride), n - 1 - len(seen), hint)
    return "Run it on your own settings before you train."


@exercise("07.split")
def split(answer: Callable) -> str:
    for n, max_length, stride, fraction in [(100, 8, 3, 0.2), (75, 5, 5, 0.1), (90, 6, 1, 0.3)]:
        ids = [(37 * i) % n + 500 for i in range(n)]  # each id once, so an id tells its position
        got = pair_of_lists(call(answer, ids, max_length, stride, fraction))
        leaked = targets_of(got[0]) & targets_of(got[1])
        where = f"With {n} ids, max_length={max_length}, stride={stride}, val_fraction={fraction}"
        if leaked:
            raise Wrong(
                f"{where}, {len(leaked)} of {len(targets_of(got[1]))} validation targets are targets in "
                "training too. Split the ids before you cut windows."
            )
        cuts = {math.floor(n * (1 - fraction)), round(n * (1 - fraction)), math.ceil(n * (1 - fraction))}
        wanted = [(windows(ids[:c], max_length, stride), windows(ids[c:], max_length, stride)) for c in cuts]
        if got[0] and got[0][0][0][:1] != ids[:1]:
            raise Wrong(
                f"{where}, nothing leaks, but the training windows do not begin with the first id, {ids[0]}: "
                "the last part of the ids is for validation, and the training windows come first."
            )
        if not any(same(got, list(w)) for w in wanted):
            sizes = " and ".join(str(len(part)) for part in wanted[0])
            raise Wrong(
                f"{where}, nothing leaks, but expected {sizes} windows, from the ids before and after the "
                f"cut, and got {len(got[0])} and {len(got[1])}. Are all there, in order, shifted by one?"
            )
    return "The cut costs a window or two. A score you can trust is worth it."


def pair_of_lists(got: Any) -> list[list[tuple[list[int], list[int]]]]:
    """The learner's two lists of windows, whatever the containers."""
    form = "It should return two lists of (input, target), the first to train on, the second to validate on"
    try:
        train, val = got
        parts = [[(np.asarray(x).tolist(), np.asarray(y).tolist()) for x, y in part] for part in (train, val)]
        for part in parts:
            targets_of(part)
    except (TypeError, ValueError):
        raise Wrong(f"{form}; it returned {short(got)}.") from None
    return parts


def targets_of(part: list[tuple[list[int], list[int]]]) -> set[int]:
    return {t for _, targets in part for t in targets}


class Watched(np.ndarray):
    """An array that counts how often it is indexed."""

    calls = 0

    def __repr__(self):
        return repr(np.asarray(self))

    def __getitem__(self, index):
        Watched.calls += 1
        return np.asarray(super().__getitem__(index))  # what comes out is not watched

    def __deepcopy__(self, memo):
        Watched.calls = 0  # `call` copies its arguments last, after it has made a text of them
        return self.copy()


@exercise("07.gather")
def gather(answer: Callable) -> str:
    rng = np.random.default_rng(0)
    for n, n_starts, max_length in [(30, 3, 4), (500, 64, 16), (9, 1, 8)]:
        ids = rng.integers(0, 60_000, n).astype(np.uint16)
        starts = rng.integers(0, n - max_length, n_starts)
        got = call(answer, ids.view(Watched), starts, max_length, expected="two arrays")
        calls = Watched.calls
        try:
            inputs, targets = (np.asarray(half) for half in got)
        except (TypeError, ValueError):
            raise Wrong(f"It should return a pair, (inputs, targets); it returned {short(got)}.") from None
        rows = starts[:, None] + np.arange(max_length)
        compare("inputs", inputs, ids[rows], starts)
        compare("targets", targets, ids[rows + 1], starts)
        if calls > 2:
            raise Wrong(
                f"The numbers are right, but for {n_starts} windows it indexed into ids {calls} times."
            )
    return "This is what reads ten million tokens in a fraction of a second."


def compare(name: str, got: np.ndarray, wanted: np.ndarray, starts: np.ndarray) -> None:
    if got.shape != wanted.shape:
        raise Wrong(f"For {len(starts)} starts the {name} should have shape {wanted.shape}, not {got.shape}.")
    if not same(got, wanted.astype(np.int64)):
        row = int(np.flatnonzero((got != wanted).any(axis=1))[0])
        raise Wrong(
            f"Row {row} of the {name} starts from {starts[row]}: expected {short(wanted[row].tolist())}, "
            f"but got {short(got[row].tolist())}."
        )
    if got.dtype != np.int64:
        raise Wrong(
            f"The {name} are right, but of dtype {got.dtype}; an embedding wants int64: .astype(np.int64)."
        )


@exercise("07.carry")
def carry(answer: Callable) -> str:
    if not callable(answer):
        raise Wrong(f"This should be a function that one can call; it is {short(answer)}.")
    as_list = lambda *args: list(answer(*args))  # a generator will do as well
    for n, batch_size, max_length in [(97, 4, 5), (61, 3, 20), (200, 8, 3), (50, 1, 7)]:
        got = call(as_list, np.arange(700, 700 + n), batch_size, max_length, expected="a list of batches")
        where = f"With {n} ids, batch_size={batch_size}, max_length={max_length}"
        batches = [as_batch(where, batch, (batch_size, max_length)) for batch in got]
        follow(where, batches)
        most = (n - 1) // batch_size // max_length
        if len(batches) < most:
            raise Wrong(
                f"{where}, full batches possible: {most}, and you give {len(batches)}. The last target of a "
                "strip may be the first input of the next: it is a target only once."
            )
    return "This order is for models that carry a state; a transformer would rather have it shuffled."


def as_batch(where: str, batch: Any, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    try:
        inputs, targets = (np.asarray(half) for half in batch)
    except (TypeError, ValueError):
        raise Wrong(f"{where}: each batch should be a pair, (inputs, targets), not {short(batch)}.") from None
    if inputs.shape != shape or targets.shape != shape:
        raise Wrong(
            f"{where}: a batch has the shapes {inputs.shape} and {targets.shape}; both should be {shape}."
        )
    if not np.array_equal(targets, inputs + 1) or (np.diff(inputs, axis=1) != 1).any():
        raise Wrong(
            f"{where}, ids that count up: a row should count up, and its target be one ahead. The input "
            f"{short(inputs[0].tolist())} has the target {short(targets[0].tolist())}."
        )
    return inputs, targets


def follow(where: str, batches: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for number, ((inputs, _), (after, _)) in enumerate(pairwise(batches)):
        for row in np.flatnonzero(after[:, 0] != inputs[:, -1] + 1):
            raise Wrong(
                f"{where}, ids that count up: row {row} of batch {number} ends with the input "
                f"{inputs[row, -1]}, so row {row} of batch {number + 1} should begin with "
                f"{inputs[row, -1] + 1}, not {after[row, 0]}."
            )
    seen = [t for _, targets in batches for t in targets.flatten().tolist()]
    if len(seen) > len(set(seen)):
        raise Wrong(
            f"{where}: {len(seen) - len(set(seen))} targets come more than once. Do your strips overlap?"
        )


@exercise("07.shuffle")
def shuffle(answer: Callable) -> str:
    for n in (1, 2, 3, 7, 64, 100, 1000):
        for seed in (0, 1):
            order = [number(call(answer, i, n, seed), i, n, seed) for i in range(n)]
            if len(set(order)) < n:
                twice = next(x for x in order if order.count(x) > 1)
                raise Wrong(f"With n={n}, seed={seed} the window {twice} comes {order.count(twice)} times.")
    orders = [[call(answer, i, 1000, seed) for i in range(1000)] for seed in (1, 2, 2)]
    if orders[1] != orders[2]:
        raise Wrong("The same seed gave two orders. Compute from i, n and seed alone.")
    if orders[0] == orders[1]:
        raise Wrong("Seeds 1 and 2 give the same order.")
    steps = {(b - a) % 1000 for a, b in pairwise(orders[0])}
    if len(steps) < 100:
        raise Wrong(
            f"From place to place it goes on by one of only {len(steps)} steps: too regular a shuffle."
        )
    if peak_memory(lambda: call(answer, 0, 10**5, 3)) > 50_000:  # or the next would fill the machine
        raise Wrong("All right so far, but the memory it takes grows with n. Compute one place alone.")
    far = [number(call(answer, i, 10**12, 3), i, 10**12, 3) for i in range(200)]
    if len(set(far)) < 200 or max(far) < 10**11:
        raise Wrong(
            "With n=10**12 the first 200 windows should be 200 different ones, from all over the range."
        )
    return "A trillion windows in any order, and nothing to hold."


def peak_memory(run: Callable) -> int:
    """The bytes that Python and NumPy hold at most while `run` runs."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def number(got: Any, i: int, n: int, seed: int) -> int:
    if isinstance(got, bool) or not isinstance(got, int | np.integer) or not 0 <= got < n:
        raise Wrong(f"shuffled({i}, {n}, {seed}) should be an integer from 0 to {n - 1}, not {short(got)}.")
    return int(got)
