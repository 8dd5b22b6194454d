"""The checks of the exercises in deeper/07_orders."""

import builtins
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from lessons.exercises import Words, call, exercise, expect, lines_run, peak_memory, rejection, same, short


@exercise("07.carry")
def carry(answer: Callable) -> str:
    sizes = [
        (97, 4, 5),
        (61, 3, 20),
        (60, 3, 20),
        (200, 8, 3),
        (50, 1, 7),
        (5, 4, 1),
        (4, 4, 1),
        (100, 10, 9),
    ]
    for n, batch_size, max_length in sizes:
        most = max(0, (n - 1) // batch_size // max_length)
        shape = (batch_size, max_length)
        ids = np.arange(700, 700 + n)
        form = f"a list of {most} batch{'es' * (most != 1)} (inputs, targets), each of shape {shape}"
        got = call(answer, ids, *shape, expected=form)
        batches = _batches((ids, *shape), form, got, shape)
        _follow((ids, *shape), batches)
        if len(batches) != most:
            hint = "A strip has (len(ids) - 1) // batch_size targets: its last can be the next one's input."
            raise rejection((ids, *shape), Words(form), Words(f"a list of {len(batches)}"), hint)
        mixed = np.random.default_rng(n).permutation(ids)
        wanted = [(mixed[x - 700], mixed[y - 700]) for x, y in batches]
        expect(answer, (mixed, *shape), wanted, "Take the targets from ids too: they need not count up.")
    return "This order is for models that carry a state; a transformer would rather have it shuffled."


def _batches(args: tuple, form: str, got: Any, shape: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The learner's batches as arrays: of the right shape, each row counting up, its target one ahead."""
    try:
        batches = [tuple(np.asarray(half) for half in batch) for batch in got]
        sizes = {tuple(half.shape for half in batch) for batch in batches}
    except (TypeError, ValueError):
        raise rejection(args, Words(form), got) from None
    if not sizes <= {(shape, shape)}:
        wrong = next(size for size in sizes if size != (shape, shape))
        raise rejection(args, Words(form), Words(f"a batch of shapes {short(wrong)}"))
    if odd := [half.dtype for batch in batches for half in batch if half.dtype.kind not in "iu"]:
        raise rejection(args, Words(form), Words(f"a batch of {odd[0]}"), "Ids are integers.")
    batches = [(inputs.astype(np.int64), targets.astype(np.int64)) for inputs, targets in batches]
    for inputs, targets in batches:
        for x, y in zip(inputs, targets, strict=True):
            right = np.arange(x[0], x[0] + shape[1])
            if not same(x, right):
                raise rejection(args, right, x, "That is the input of one row; a row goes on without a gap.")
            if not same(y, right + 1):
                raise rejection(args, right + 1, y, f"That is the target of the input {short(x)}.")
    return batches


def _follow(args: tuple, batches: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for number, ((inputs, _), (after, _)) in enumerate(pairwise(batches)):
        for row in np.flatnonzero(after[:, 0] != inputs[:, -1] + 1):
            wanted = Words(f"row {row} of batch {number + 1} to begin with {inputs[row, -1] + 1}")
            hint = f"Row {row} of batch {number} ends with the input {inputs[row, -1]}."
            raise rejection(args, wanted, Words(str(after[row, 0])), hint)
    seen = [t for _, targets in batches for t in targets.flatten().tolist()]
    if len(seen) > len(set(seen)) or not set(seen) <= set(args[0][1:].tolist()):
        twice = Words(f"{len(seen) - len(set(seen))} targets more than once")
        raise rejection(args, Words("each target once, and from ids"), twice, "Do your strips overlap?")


@exercise("07.shuffle")
def shuffle(answer: Callable) -> str:
    for n in (1, 2, 3, 7, 64, 100):
        for seed in (0, 1):
            order = [_place(answer, i, n, seed) for i in range(n)]
            if len(set(order)) < n:
                twice = next(x for x in order if order.count(x) > 1)
                places = [i for i, x in enumerate(order) if x == twice][:3]
                asked = f"places {short(places)} with n={n}, seed={seed}"
                raise rejection(asked, Words("different windows"), Words(f"{twice} in each"))
    peak = peak_memory(lambda: call(answer, 0, 10**5, 3))  # before the next asks for 10**12
    if peak > 50_000:
        wanted, came = Words("a few hundred bytes of memory"), Words(f"{peak:,} bytes")
        raise rejection((0, 10**5, 3), wanted, came, "It grows with n. Compute one place alone.")
    lines = max(lines_run(call, answer, i, 10**5, 3) for i in range(5))
    if lines > 20_000:
        wanted, came = Words("some hundred lines of Python to run"), Words(f"{lines:,}")
        raise rejection((0, 10**5, 3), wanted, came, "That grows with n. Compute one place alone.")
    for asked, wanted, came, hint in _orders(answer):
        raise rejection(asked, Words(wanted), Words(came), hint)
    far = [_place(answer, i, 10**12, 3) for i in range(200)]
    if len(set(far)) < 200 or max(far) < 10**11:
        wanted = Words("200 different windows from all over the range")
        hint = "Is there a limit on the size, or are there too few rounds?"
        raise rejection("places 0 to 199 with n=10**12, seed=3", wanted, far, hint)
    return "A trillion windows in any order, and nothing to hold."


def _orders(answer: Callable) -> Iterator[tuple[str, str, str, str]]:
    """(input, expected, came, hint) for what is wrong with the orders of a thousand windows."""
    thousand = range(1000)
    order = [_place(answer, i, 1000, 2) for i in thousand]
    backwards = [_place(answer, i, 1000, 2) for i in reversed(thousand)][::-1]
    asked = "n=1000, seed=2"
    if len(set(order)) < 1000:
        yield asked, "1,000 different windows", str(len(set(order))), ""
    if order != backwards:
        yield asked, "the same order each time", "two orders", "Compute from i, n and seed alone."
    with _salted():
        salted = [_place(answer, i, 1000, 2) for i in thousand]
    if order != salted:
        hint = "Python salts the `hash` of a str in each process: tomorrow the order would be another."
        yield asked, "one order in every process", "an order of this process", hint
    starts = {seed: tuple(_place(answer, i, 1000, seed) for i in range(20)) for seed in range(20)}
    if len(set(starts.values())) < 20:
        yield "n=1000, seeds 0 to 19", "20 orders", f"{len(set(starts.values()))}", "Does `seed` go in whole?"
    steps = len({(b - a) % 1000 for a, b in pairwise(order)})
    if steps < 100:
        yield asked, "steps of many lengths", f"steps of {steps} lengths from place to place", "Too regular."


@contextmanager
def _salted() -> Iterator[None]:
    """`hash` as another process would have it, where it is another there: of text, and of what holds text."""
    plain = builtins.hash
    number = lambda value: isinstance(value, int | float | np.number)
    whole = lambda value: number(value) or (isinstance(value, tuple) and all(map(whole, value)))
    builtins.hash = lambda value: plain(value) if whole(value) else plain((plain(value), "salt"))
    try:
        yield
    finally:
        builtins.hash = plain


def _place(answer: Callable, i: int, n: int, seed: int) -> int:
    got = call(answer, i, n, seed, expected=f"an integer from 0 to {n - 1}")
    if isinstance(got, bool) or not isinstance(got, int | np.integer) or not 0 <= got < n:
        raise rejection((i, n, seed), Words(f"an integer from 0 to {n - 1}"), got)
    return int(got)
