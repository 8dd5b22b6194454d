"""Trying an answer: call it on copies, turn whatever goes wrong into a sentence, count its work."""

import contextlib
import copy
import dis
import inspect
import io
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from lessons.exercises.equality import plain, same, unchanged
from lessons.exercises.stopping import Stopped
from lessons.exercises.words import (
    NotAttempted,
    Words,
    Wrong,
    difference,
    inputs,
    latest,
    no_return,
    rejection,
    said,
    short,
)


def expect(function: Callable, args: tuple, expected: Any, hint: str = "", given: str = "") -> None:
    """Raise `Wrong` with input, expectation and answer unless function(*args) gives `expected`."""
    got = call(function, *args, expected=Words(short(expected)), given=given)
    if not same(got, expected):
        raise rejection(given or args, expected, got, hint)


def expect_error(function: Callable, args: tuple, kind: type, hint: str = "", given: str = "") -> None:
    """Raise `Wrong` unless function(*args) raises the exception `kind`."""
    wanted = Words(f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}")
    try:
        got = call(function, *args, expected=wanted, given=given)
    except Wrong as error:
        if isinstance(error.__cause__, kind):
            return
        raise
    raise rejection(given or args, wanted, got, hint)


def call(
    function: Callable, *args: Any, expected: Any = "", given: str = "", may_change: bool = False
) -> Any:
    """What the learner's function gives for copies of `args`; whatever goes wrong becomes a sentence.

    A generator, or another thing to walk through once, comes back as a list. An answer that changes its
    arguments is wrong, unless it `may_change` them. `given` are words for the input where its repr says
    little; `expected` is the right value, or a text of it, for the sentence about an exception.
    """
    latest.given, latest.printed, latest.warned = lambda: given or inputs(args), "", []
    if not callable(function):
        raise Wrong(f"This should be a function that one can call; it is {short(function)}.")
    handed = [_copied(a) for a in args]
    printed = _Start()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as caught:
            got = plain(function(*handed))
    except (Wrong, NotAttempted, KeyboardInterrupt, Stopped):
        raise
    except NotImplementedError:
        raise NotAttempted from None
    except BaseException as error:
        if isinstance(error, TypeError) and "ellipsis" in str(error):  # half of the stub still stands
            raise NotAttempted from None
        wanted = Words(expected) if isinstance(expected, str) else expected
        wanted = "" if isinstance(expected, str) and not expected else f"expected {short(wanted)}, but "
        raise Wrong(f"On {latest.given()} {wanted}your function raised {said(error)}.") from error
    finally:
        latest.printed = printed.getvalue()
    latest.warned = [f"{w.category.__name__}: {w.message}" for w in caught]
    if got is ... or (isinstance(got, list | tuple | dict) and is_stub(got)):
        raise NotAttempted
    if not may_change:
        _demand_unchanged(function, args, handed, got)
    return got


class _Start(io.StringIO):
    """Keeps the first 500 characters of what is written: an answer may print for ever."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, 500 - self.tell())])
        return len(text)


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # a generator, an open file
        return value


def _demand_unchanged(function: Callable, args: tuple, handed: list, got: Any) -> None:
    for n, (before, after) in enumerate(zip(args, handed, strict=True)):
        if not unchanged(before, after):
            was, place, now = difference(before, after)
            changed = f"{_parameter(function, n)} was {was}{place}, and is now {now}"
            advice = f"Leave it as it is, and build something new to return.{no_return(got)}"
            raise Wrong(f"On {latest.given()} your function changed its argument: {changed}. {advice}")


def _parameter(function: Callable, n: int) -> str:
    try:
        return list(inspect.signature(function).parameters)[n]
    except (TypeError, ValueError, IndexError):
        return "it"


def is_stub(answer: Any) -> bool:
    """Whether `answer` is `...`, a container with a stub in it, or a function or class that does nothing."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple | set):
        return any(item is ... or (hasattr(item, "__code__") and is_stub(item)) for item in answer)
    if isinstance(answer, type):
        methods = [m for m in vars(answer).values() if hasattr(m, "__code__")]
        return any(map(is_stub, methods))
    if hasattr(answer, "__code__"):
        # `...` as a statement compiles to nothing: what is left of a stub is "return None"
        steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
        return [step.argval for step in steps] == [None] * len(steps)
    return answer is ...


# ---- counting work ----


def lines_run(function: Callable, *args: Any) -> int:
    """How many lines and calls of Python `function(*args)` runs; unlike a time, the same on each machine."""
    count, before, ours = 0, sys.gettrace(), str(Path(__file__).parent)

    def entered(frame: FrameType, _event: str, _arg: Any) -> Callable | None:
        nonlocal count
        if frame.f_code.co_filename.startswith(ours):  # the timer's
            return None
        count += 1
        return within

    def within(_frame: FrameType, event: str, _arg: Any) -> Callable:
        nonlocal count
        if event == "line":
            count += 1
        return within

    sys.settrace(entered)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return count


def peak_memory(run: Callable[[], Any]) -> int:
    """The most bytes that Python and NumPy hold at once, above what they held before, while `run` runs."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
