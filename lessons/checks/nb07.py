"""The checks of notebook 07's exercises."""

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lessons.exercises import Words, call, exercise, expect, lines_run, rejection, same, short


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
            "Four inputs need a fifth token as the last target: no window fits, nothing is predicted.",
        ),
        ((5, 4, 9), "One window just fits, and all four targets are in it."),
        ((1, 3, 2), "A text of one token has no target at all."),
        ((1000, 7, 11), "Try it with a set of positions."),
        ((257, 16, 16), "Nothing is missed here. The very first token can be no target, so do not count it."),
    ]
    draw = random.Random(7)
    cases += [((draw.randint(1, 60), draw.randint(1, 12), draw.randint(1, 15)), "") for _ in range(60)]
    for (n, max_length, stride), hint in cases:
        seen = {t for _, targets in windows(list(range(n)), max_length, stride) for t in targets}
        expect(answer, (n, max_length, stride), n - 1 - len(seen), hint)
    return "Run it on your own settings before you train."


@exercise("07.split")
def split(answer: Callable) -> str:
    cases = [
        (24, 4, 3, 0.25),
        (100, 8, 3, 0.2),
        (75, 5, 5, 0.1),
        (90, 6, 1, 0.3),
        (80, 4, 7, 0.25),
        (60, 4, 3, 0.3),
    ]
    for n, max_length, stride, part in cases:
        step = 1 if n == 24 else 37  # the first counts up, to be easily read
        ids = [(step * i) % n + 500 for i in range(n)]  # each id once, so an id tells its position
        if n == 60:  # at last ids that repeat
            ids = [i % 7 for i in ids]
        args = ids, max_length, stride, part
        form = "two lists of (input, target), the first to train on, the second to validate on"
        got = call(answer, *args, expected=form)
        train, val = _two_lists(got) or ((), ())
        if _two_lists(got) is None:
            raise rejection(args, Words(form), got)
        leaked = _targets(train) & _targets(val)
        if leaked and n != 60:
            wanted = Words("no target in both parts")
            came = Words(f"{len(leaked)} of {len(_targets(val))} validation targets in training too")
            raise rejection(args, wanted, came, "Split the ids before you cut windows.")
        cuts = sorted({math.floor(n * (1 - part)), round(n * (1 - part)), math.ceil(n * (1 - part))})
        wanted = [w for cut in cuts for w in _both_parts(ids, cut, max_length, stride)]
        if not any(same([train, val], w) for w in wanted):
            nearest = next((w for w in wanted if same(train, w[0])), wanted[0])
            which = int(same(train, nearest[0]))
            hint = (
                f"No target is in both, but the {'validation' if which else 'training'} windows are others."
            )
            raise rejection(args, nearest[which], (train, val)[which], f"{hint} {_why(train, val, ids)}")
    return "The cut costs a window or two. A score you can trust is worth it."


def _both_parts(ids: list[int], cut: int, max_length: int, stride: int) -> Iterator[list]:
    """The windows before and after the cut, where those after it begin at the cut, or go on in the grid."""
    train = windows(ids[:cut], max_length, stride)
    for start in (cut, -(-cut // stride) * stride):
        yield [train, windows(ids[start:], max_length, stride)]


def _why(train: list, val: list, ids: list[int]) -> str:
    if train and val and train[0][0][0] != ids[0] and val[0][0][0] == ids[0]:
        return "The last part of the ids is for validation, the first to train on."
    return "Are all there, in the order of the text, targets shifted by one?"


def _two_lists(got: Any) -> tuple[list, list] | None:
    """The learner's two lists of windows, whatever the containers; None where it is something else."""
    try:
        train, val = got
        parts = [[(np.asarray(x).tolist(), np.asarray(y).tolist()) for x, y in part] for part in (train, val)]
        for part in parts:
            _targets(part)
    except (TypeError, ValueError):
        return None
    return parts[0], parts[1]


def _targets(part: list[tuple[list[int], list[int]]]) -> set[int]:
    return {t for _, targets in part for t in targets}


class Watched(np.ndarray):
    """An array that counts how often it is indexed."""

    calls = 0
    whole = False  # true of the ids themselves, not of what is made from them

    def __getitem__(self, index):
        Watched.calls += self.whole
        return np.asarray(super().__getitem__(index))  # what comes out is not watched

    def tolist(self):
        Watched.calls += len(self) * self.whole  # a list can only be read piece by piece
        return super().tolist()

    def __iter__(self):
        return iter(self.tolist())

    def __deepcopy__(self, memo):
        Watched.calls = 0  # `call` hands out copies, and this is the last thing before it calls
        ids = self.copy()
        ids.whole = True
        return ids


@exercise("07.gather")
def gather(answer: Callable) -> str:
    rng, lines = np.random.default_rng(0), []
    for n, n_starts, max_length in [(30, 3, 4), (500, 300, 4), (600, 64, 200), (9, 1, 8)]:
        ids = rng.integers(0, 60_000, n).astype(np.uint16)
        starts = rng.integers(0, n - max_length, n_starts)
        args = ids, starts, max_length
        given = f"ids {short(ids, 60)}, starts {short(starts, 60)}, max_length {max_length}"
        form = f"(inputs, targets), two int64 arrays of shape {(n_starts, max_length)}"
        got = call(answer, ids.view(Watched), starts, max_length, expected=form, given=given)
        calls = Watched.calls
        rows = starts[:, None] + np.arange(max_length)
        _compare(given, form, got, [ids[rows].astype(np.int64), ids[rows + 1].astype(np.int64)])
        if calls > 2:
            wanted, came = Words("ids indexed twice at most"), Words(f"{calls} times, for {n_starts} windows")
            raise rejection(given, wanted, came, "The numbers are right. Index with a table of positions.")
        lines.append(lines_run(answer, *args))
        if lines[-1] > lines[0] + 50:
            wanted = Words(f"about {lines[0]} lines of Python to run, as for 3 windows")
            raise rejection(
                given, wanted, Words(str(lines[-1])), "The numbers are right, but there is a loop."
            )
    return "This is what reads ten million tokens in a fraction of a second."


def _compare(given: str, form: str, got: Any, wanted: list[np.ndarray]) -> None:
    try:
        halves = [np.asarray(half) for half in got]
        kinds = [f"{half.dtype} of shape {half.shape}" for half in halves]
    except (TypeError, ValueError):
        raise rejection(given, Words(form), got) from None
    if len(halves) != 2 or [half.shape for half in halves] != [half.shape for half in wanted]:
        raise rejection(given, Words(form), Words(" and ".join(kinds) or "nothing"))
    for name, half, right in zip(("inputs", "targets"), halves, wanted, strict=True):
        if not same(half, right):
            raise rejection(given, right, half, f"Those are the {name}.")
    if any(half.dtype != np.int64 for half in halves):
        hint = "The numbers are right; an embedding wants int64: .astype(np.int64)."
        raise rejection(given, Words(form), Words(" and ".join(kinds)), hint)
