"""The checks behind the exercises, and a table of your progress.

In a notebook, `check("01.letters", answer)` says in words whether `answer` is right. The checks of
notebook 01 live in `lessons/checks/nb01.py`, and so on: each is a short function that tries the
answer and raises `Wrong` with the sentence that the learner reads. Such a sentence has the input, what
was expected and what came, in this order. `python -m lessons.exercises` prints how far your own copies
of the notebooks have come.
"""

import contextlib
import copy
import ctypes
import difflib
import dis
import gc
import importlib.util
import inspect
import io
import json
import math
import os
import pkgutil
import re
import signal
import sys
import threading
import time
import traceback
import tracemalloc
import warnings
from collections import deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Set, ValuesView
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np

from helpers import files
from lessons import checks

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
OURS = tuple(str(NOTEBOOKS.parent / name) for name in ("helpers", "lessons"))
NOT_YET, RIGHT, WRONG = "not attempted yet", "right", "not right yet"
SECONDS = 20  # a check is stopped after so many, by the clock on the wall
MEMORY = 2 * 2**30  # and where the memory of Python grows by so many bytes
LIMIT = 160  # a value is shown with about so many characters
_checks: dict[str, Callable] = {}
_now = SimpleNamespace(given=str, printed="", warned=[])  # of the latest call of an answer


class NotAttempted(Exception):
    """The answer is still the stub."""


class Wrong(Exception):
    """The answer is not right; the message is the sentence that the learner reads."""


class Stopped(BaseException):
    """The check takes too long, or too much memory. No `except Exception` of an answer catches it."""


class Words(str):
    """Words in the place of a value, shown without quotes: `Words("two lists")`."""


def exercise(name: str) -> Callable:
    """Register the decorated function as the check of exercise `name`, such as "01.letters".

    The function takes the learner's answer; it returns a closing remark or None where the answer is
    right, and raises `Wrong` where it is not.
    """

    def register(function: Callable) -> Callable:
        _checks[name] = function
        return function

    return register


# ---- what the learner calls ----


def check(name: str, answer: Any) -> None:
    """Print whether `answer` solves exercise `name`: not attempted yet, right, or what is wrong with it.

    Never raises, and ends after `SECONDS`. What the answer prints itself is shown only for the input that
    the sentence is about.
    """
    sentence = verdict(name, answer)
    if _now.printed and f": {WRONG}." in sentence:
        print(_now.printed.removesuffix("\n"))
    print(sentence)


def verdict(name: str, answer: Any) -> str:
    """The sentence that `check` prints."""
    _now.given, _now.printed, _now.warned = str, "", []
    try:
        if name not in (known := _names_of_lesson(str(name).partition(".")[0])):
            return _no_such_exercise(name, known)
        if is_stub(answer):
            raise NotAttempted
        remark = _limited(_checks[name], answer) or ""
    except NotAttempted:
        return f"{name}: {NOT_YET}. Replace the ... with your answer and run the cell again."
    except BaseException as error:  # an answer may do anything, and what it did is still an answer
        traceback.clear_frames(error.__traceback__)  # they hold what the answer has built
        reason = _reason(error)
        full = isinstance(error.__cause__ or error, KeyboardInterrupt | Stopped | MemoryError)
    else:
        return f"{name}: {RIGHT}. {remark}{_warned()}".rstrip()
    if full:  # what was built may go in circles
        gc.collect()
    return f"{name}: {WRONG}. {reason}{_warned()}"


def _reason(error: BaseException) -> str:
    where = f"On {given}: " if (given := _now.given()) else ""
    if isinstance(error, Wrong):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return f"{where}you stopped it before there was an answer. Does each of its loops end?"
    if isinstance(error, Stopped):
        return f"{where}{error}. Does each of its loops end, on this input too?"
    return f"{where}Checking your answer raised {said(error)}"


def _warned() -> str:
    return f" (It gave a warning: {short(Words(_now.warned[0]))})" if _now.warned else ""


def _no_such_exercise(name: Any, known: list[str]) -> str:
    """A misspelt name, and those that it is near to."""
    if not isinstance(name, str):
        return f"The name of the exercise comes first, as a str, then your answer; this is {short(name)}."
    nearest = lambda options: difflib.get_close_matches(name, options, 3, 0.6)
    if near := nearest(known) or nearest(all_names()) or known:
        return f"There is no exercise {name!r}. Did you mean {' or '.join(near)}?"
    return f"There is no exercise {name!r}. Names begin with the number of a notebook: {all_names()[0]}."


def pages(number: str = "") -> list[str]:
    """The pages with checks, all or those of a lesson: "03" is a lesson, "03_train_fast" a deeper page."""
    found = sorted(module.name.removeprefix("nb") for module in pkgutil.iter_modules(checks.__path__))
    return [page for page in found if page.startswith(number)]


def names(page: str) -> list[str]:
    """The exercises of a page ("03", "03_train_fast") in order; none where it has no checks."""
    if page not in pages():
        return []
    module = importlib.import_module(f"lessons.checks.nb{page}")
    return [name for name, function in _checks.items() if function.__module__ == module.__name__]


def _names_of_lesson(number: str) -> list[str]:
    for page in pages(number) if number else []:
        importlib.import_module(f"lessons.checks.nb{page}")
    return [name for name in _checks if name.startswith(f"{number}.")]


def all_names() -> list[str]:
    """The exercises of all pages, in order."""
    return [name for page in pages() for name in names(page)]


def is_stub(answer: Any) -> bool:
    """Whether `answer` is `...`, a container with a stub in it, or a function or class that does nothing."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple | set):
        return any(item is ... or (hasattr(item, "__code__") and is_stub(item)) for item in answer)
    if isinstance(answer, type):
        methods = [m for m in vars(answer).values() if hasattr(m, "__code__")]
        return bool(methods) and any(is_stub(m) for m in methods)
    if hasattr(answer, "__code__"):
        # `...` as a statement compiles to nothing: what is left of a stub is "return None"
        steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
        return [step.argval for step in steps] == [None] * len(steps)
    return answer is ...


# ---- an end to what does not end ----


def _limited(function: Callable, answer: Any) -> Any:
    """function(answer), ended by `Stopped` after `SECONDS` or at `MEMORY`.

    In the main thread a timer of the system interrupts it, even in `time.sleep`. Where there is none, as on
    Windows, a second thread does, as soon as Python runs its next instruction.
    """
    start, resident = time.monotonic(), _resident()

    def too_much() -> str:
        if time.monotonic() - start >= SECONDS:
            return f"no answer after {SECONDS:g} seconds, so it was stopped"
        if _resident() - resident >= MEMORY:
            return f"it took more than {MEMORY / 2**30:g} GB of memory, so it was stopped"
        return ""

    in_main = threading.current_thread() is threading.main_thread()
    guard = _by_timer if in_main and hasattr(signal, "setitimer") else _by_thread
    with guard(too_much):
        return function(answer)


def _resident() -> int:
    """The most memory in bytes that this process has held so far; 0 where Python cannot tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextlib.contextmanager
def _by_timer(too_much: Callable[[], str]) -> Iterator[None]:
    latest = -math.inf

    def tick(_signal: int, frame: FrameType) -> None:
        nonlocal latest
        place, now = frame.f_code, time.monotonic()
        tidying = (
            place.co_filename in (contextlib.__file__, warnings.__file__) or place.co_name == "_by_timer"
        )
        passing_on = place.co_filename.startswith(OURS) and now - latest < 0.1
        if not tidying and not passing_on and (reason := too_much()):
            latest = now
            # A bare `except:` of the answer may swallow this one. The next comes some microseconds later,
            # now more, now fewer: sooner or later one strikes outside of its `try`.
            signal.setitimer(signal.ITIMER_REAL, (1 + time.perf_counter_ns() % 30) / 1e6, 0.1)
            raise Stopped(reason)

    started, handler = time.monotonic(), signal.signal(signal.SIGALRM, tick)
    delay, interval = signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if delay:  # a timer of somebody else's: it goes on, for what is left
            signal.setitimer(signal.ITIMER_REAL, max(delay - (time.monotonic() - started), 0.001), interval)


@contextlib.contextmanager
def _by_thread(too_much: Callable[[], str]) -> Iterator[None]:
    answering, done, reasons = threading.get_ident(), threading.Event(), []

    def watch() -> None:
        while not done.wait(0.1):
            if reason := too_much():
                reasons.append(reason)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(answering), ctypes.py_object(Stopped)
                )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            yield
        finally:
            done.set()
            watcher.join()
            for _ in range(2):  # one that is still on its way arrives here
                pass
    except Stopped:
        raise Stopped(reasons[0]) from None


# ---- trying an answer ----


def call(
    function: Callable, *args: Any, expected: Any = "", given: str = "", may_change: bool = False
) -> Any:
    """What the learner's function gives for copies of `args`; whatever goes wrong becomes a sentence.

    A generator, or another thing to walk through once, comes back as a list. An answer that changes its
    arguments is wrong, unless it `may_change` them. `given` are words for the input where its repr says
    little; `expected` is the right value, or a text of it, for the sentence about an exception.
    """
    _now.given, _now.printed, _now.warned = lambda: given or _inputs(args), "", []
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
        nothing = isinstance(expected, str) and not expected
        wanted = "" if nothing else f"expected {short(wanted)}, but "
        raise Wrong(f"On {_now.given()} {wanted}your function raised {said(error)}.") from error
    finally:
        _now.printed = printed.getvalue()
    _now.warned = [f"{w.category.__name__}: {w.message}" for w in caught]
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


def plain(value: Any) -> Any:
    """`value` with each iterator, view, range or deque in it as a list."""
    once = isinstance(value, Iterator | KeysView | ValuesView | ItemsView | range | deque)
    if once or (type(value) is list and not all(isinstance(v, int | str | float) for v in value)):
        return [plain(v) for v in value]  # a loop of Python, which can be stopped; list(value) cannot
    return tuple(map(plain, value)) if type(value) is tuple else value


def _demand_unchanged(function: Callable, args: tuple, handed: list, got: Any) -> None:
    for n, (before, after) in enumerate(zip(args, handed, strict=True)):
        if not _unchanged(before, after):
            was, place, now = _difference(before, after)
            lost = " Does it end with `return`?" if got is None else ""
            raise Wrong(
                f"On {_now.given()} your function changed its argument: {_parameter(function, n)} was {was}"
                f"{place}, and is now {now}. Leave it as it is, and build something new to return.{lost}"
            )


def _parameter(function: Callable, n: int) -> str:
    try:
        return list(inspect.signature(function).parameters)[n]
    except (TypeError, ValueError, IndexError):
        return "it"


def _unchanged(before: Any, after: Any) -> bool:
    """Whether the values in both are the same; what cannot be compared, such as a model, counts as such."""
    if before is after:
        return True
    if isinstance(before, np.ndarray) or hasattr(before, "detach"):
        a, b = _array(before), _array(after)
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(before, list | tuple | deque):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if isinstance(before, dict):
        keys_stay = list(before) == list(after)
        return keys_stay and all(map(_unchanged, dict.values(before), dict.values(after)))
    if isinstance(before, set | bytearray | str | bytes | int | float | type(None)):
        return type(before) is type(after) and (before == after or before != before)  # NaN is not itself
    return True


def expect(function: Callable, args: tuple, expected: Any, hint: str = "", given: str = "") -> None:
    """Raise `Wrong` with input, expectation and answer unless function(*args) gives `expected`."""
    got = call(function, *args, expected=Words(short(expected)), given=given)
    if not same(got, expected):
        raise rejection(given or args, expected, got, hint)


def expect_error(function: Callable, args: tuple, kind: type, hint: str = "", given: str = "") -> None:
    """Raise `Wrong` unless function(*args) raises the exception `kind`."""
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    wanted = Words(f"{article} {kind.__name__}")
    try:
        got = call(function, *args, expected=wanted, given=given)
    except Wrong as error:
        if isinstance(error.__cause__, kind):
            return
        raise
    raise rejection(given or args, wanted, got, hint)


def lines_run(function: Callable, *args: Any) -> int:
    """How many lines and calls of Python `function(*args)` runs; unlike a time, the same on each machine."""
    count, before = 0, sys.gettrace()

    def trace(frame: FrameType, event: str, _arg: Any) -> Callable | None:
        nonlocal count
        if frame.f_code.co_filename == __file__:  # the timer's
            return None
        count += event in ("line", "call")
        return trace

    sys.settrace(trace)
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


# ---- equality as an exercise means it ----


def same(got: Any, expected: Any) -> bool:
    """Whether `got` is `expected`, whatever container or number type it comes in.

    Arrays and tensors: by shape and value. Floats: to a relative 1e-5; integers and text: exactly. Where a
    sequence is expected, any list, tuple, array or tensor will do; a set, a str or a single number will not.
    """
    got = plain(got)
    if isinstance(expected, np.ndarray) or hasattr(expected, "detach"):
        return _same_array(got, _array(expected))
    if isinstance(expected, list | tuple):
        if isinstance(got, np.ndarray) or hasattr(got, "detach"):
            got = _array(got).tolist()
        return isinstance(got, list | tuple) and len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict):
        keys = isinstance(got, Mapping) and set(got) == set(expected)
        return keys and all(same(got[key], expected[key]) for key in expected)
    if (isinstance(got, np.ndarray | np.generic) or hasattr(got, "detach")) and np.ndim(_array(got)) == 0:
        got = _array(got).item()
    if isinstance(expected, bool | str | Set) or expected is None:
        kind = Set if isinstance(expected, Set) else type(expected)
        return isinstance(got, kind) and got == expected
    if isinstance(expected, bytes):
        return isinstance(got, bytes | bytearray) and bytes(got) == expected
    if isinstance(expected, int | float):
        return _same_number(got, expected)
    return bool(got == expected)


def _array(value: Any) -> np.ndarray:
    """`value` as an array, tensors of every kind included, on their own or in lists."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        return value.numpy()
    if isinstance(value, list | tuple):
        return np.asarray([_array(v) if hasattr(v, "detach") or isinstance(v, list) else v for v in value])
    return np.asarray(value)


def _same_array(got: Any, expected: np.ndarray) -> bool:
    try:
        got = _array(got)
        if got.shape != expected.shape:
            return False
        if got.dtype.kind in "iub" and expected.dtype.kind in "iub":
            return bool((got == expected).all())
        got, expected = got.astype(float), expected.astype(float)
        return np.allclose(got, expected, rtol=1e-5, atol=1e-7, equal_nan=True)
    except (TypeError, ValueError):
        return False


def _same_number(got: Any, expected: float) -> bool:
    if isinstance(got, str | bytes | bool) or np.ndim(got) != 0:
        return False
    try:
        if isinstance(expected, int):
            exact = isinstance(got, int) or abs(expected) < 2**53  # above, a float has no units any more
            return exact and bool(got == expected)
        both_nan = math.isnan(expected) and math.isnan(got)
        return both_nan or math.isclose(float(got), expected, rel_tol=1e-5, abs_tol=1e-9)
    except (TypeError, ValueError, OverflowError):
        return False


# ---- the words of a rejection ----


def rejection(given: str | tuple, expected: Any, got: Any, hint: str = "") -> Wrong:
    """The sentence about a wrong value: the input, what was expected, what came, and a hint.

    `given` is the tuple of the arguments, or words for them. Long values are shown where they differ, and
    numbers with as many digits as it takes to tell them apart.
    """
    given = given if isinstance(given, str) else _inputs(given)
    wanted, place, came = _difference(expected, got)
    lost = ""
    if got is None:
        printed = short(_now.printed.strip(), 60)
        lost = f" It printed {printed}." if _now.printed.strip() else ""
        lost += " Does it end with `return`?"
    return Wrong(f"On {given} expected {wanted}{place}, but got {came}.{lost} {hint}".rstrip())


def said(error: BaseException) -> str:
    """An exception as a learner reads it: its type, and its message where it has one."""
    more = {
        RecursionError: "it calls itself without an end",
        MemoryError: "there is not enough memory for what it builds",
        SystemExit: "leave out exit(); a function hands its value back with `return`",
        StopIteration: "next() found nothing more",
    }
    message = more.get(type(error)) or _safely(str, error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def short(value: Any, limit: int = LIMIT) -> str:
    """`value` as text, on one line, cut to about `limit` characters, with its size where something is cut."""
    text = _text(value, limit, 6)
    if len(text) <= limit:
        return text
    size = ""
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        size = f" (shape {tuple(value.shape)})"
    elif isinstance(value, str | bytes) and not isinstance(value, Words):
        size = f" ({len(value):,} {'characters' if isinstance(value, str) else 'bytes'})"
    elif isinstance(value, list | tuple | dict | set):
        size = f" ({len(value):,} items)"
    return f"{text[: limit - 3]}...{size}"


def _inputs(args: tuple) -> str:
    return ", ".join(map(short, args)) or "no argument"


def _text(value: Any, limit: int, digits: int) -> str:
    """`value` as text, floats to so many digits; of a long one no more than a little over `limit`."""
    if isinstance(value, Words):
        return str(value)
    if isinstance(value, np.ndarray | np.generic) or hasattr(value, "detach"):
        value = _safely(lambda v: _array(v).tolist(), value)
    if isinstance(value, float):
        return repr(float(f"{value:.{digits}g}"))
    if isinstance(value, str | bytes):
        return repr(value[: limit + 1])
    if type(value) in (list, tuple):
        items = _joined((_text(v, limit, digits) for v in value), limit)
        return f"[{items}]" if type(value) is list else f"({items}{',' * (len(value) == 1)})"
    if type(value) is dict:
        pairs = (f"{_text(k, limit, digits)}: {_text(v, limit, digits)}" for k, v in value.items())
        return f"{{{_joined(pairs, limit)}}}"
    return re.sub(r" (at|@) 0x\w+|\s+(?= )|\n", "", _safely(repr, value))


def _joined(texts: Iterator[str], limit: int) -> str:
    joined = ""
    for text in texts:
        joined += f", {text}" if joined else text
        if len(joined) > limit:
            break
    return joined


def _safely(function: Callable, value: Any) -> Any:
    try:
        return function(value)
    except Exception:  # the learner's own __repr__ may be at fault
        return f"<{type(value).__name__}>"


def _difference(expected: Any, got: Any) -> tuple[str, str, str]:
    """Texts of `expected`, of the place from which on it is shown, and of `got`: so that they differ."""
    if isinstance(expected, Words):
        return str(expected), "", short(got)
    if isinstance(expected, dict) and isinstance(got, dict):
        wrong = [k for k in expected if k not in got or not same(got[k], expected[k])]
        if wrong:
            expected = {k: expected[k] for k in wrong[:3]}
            got = {k: got[k] for k in wrong[:3] if k in got}
    place = ""
    for digits in (6, 9, 17):
        texts = [_text(value, LIMIT, digits) for value in (expected, got)]
        if max(map(len, texts)) > LIMIT and _walkable(expected, got):
            place, texts = _around(expected, got, digits)
        if texts[0] != texts[1]:
            cut = [text if len(text) <= 2 * LIMIT else f"{text[: LIMIT - 3]}..." for text in texts]
            return cut[0], place, cut[1]
    return f"{texts[0]} ({type(expected).__name__})", place, f"{texts[1]} ({type(got).__name__})"


def _walkable(a: Any, b: Any) -> bool:
    either = (isinstance(a, str) and isinstance(b, str)) or (isinstance(a, bytes) and isinstance(b, bytes))
    return either or (_is_row(a) and _is_row(b))


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray) or hasattr(value, "detach")


def _around(expected: Any, got: Any, digits: int, path: str = "") -> tuple[str, list[str]]:
    """The place of the first difference between two long values, and what stands there in each."""
    if _is_row(expected):
        expected, got = (
            list(v) if isinstance(v, list | tuple) else _array(v).tolist() for v in (expected, got)
        )
    shorter = min(len(expected), len(got))
    at = next((i for i in range(shorter) if not same(got[i], expected[i])), shorter)
    if at < shorter and _walkable(expected[at], got[at]) and len(_text(expected[at], LIMIT, digits)) > 40:
        return _around(expected[at], got[at], digits, f"{path}{at}, ")
    back, ahead = (20, 40) if isinstance(expected, str | bytes) else (2, 5)
    texts = []
    for value in (expected, got):
        text = _text(value[max(0, at - back) : at + ahead], LIMIT, digits)
        before, after = "..., " * (at > back), ", ..." * (len(value) > at + ahead)
        inner = (text[:1] + before + text[1:-1] + after + text[-1:]) if _is_row(value) else text
        text = inner if _is_row(value) else f"{before[:3]}{text}{after[2:]}"
        texts.append(f"{text} ({len(value):,} long)" if len(expected) != len(got) else text)
    return f" around place {path}{at}", texts


# ---- progress ----


def progress(folder: Path = NOTEBOOKS) -> list[tuple[str, str, str]]:
    """(notebook, exercise, state) for each exercise there is, by the outputs stored in `folder`.

    The name of a notebook does not matter, and there may be copies: in each the last word on an exercise
    counts, and of several notebooks the best. Notebooks in sub-folders count too, hidden folders do not.
    `folder` may be a single notebook. Raises `FileNotFoundError` if there is none of that name.
    """
    return _read_progress(folder)[0]


def _read_progress(folder: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The rows of `progress`, and a line for each notebook that cannot be read."""
    best, unread, order = {}, [], [NOT_YET, WRONG, RIGHT]
    known, folder = all_names(), files.as_path("folder", folder)
    if not folder.exists():
        raise FileNotFoundError(f"there is no folder {folder.absolute()}: give the one your notebooks are in")
    single = folder.is_file()
    paths, folder = ([folder], folder.parent) if single else (_notebooks(folder), folder)
    for path in paths:
        try:
            states = _states(json.loads(files.read_text(path)), known)
        except RecursionError:
            unread.append(f"{path.relative_to(folder)} cannot be read: it is nested too deeply")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            unread.append(f"{path.relative_to(folder)} cannot be read: {_what_is_wrong(path, error)}")
        else:
            for name, state in states.items():
                if name not in best or order.index(state) > order.index(best[name][1]):
                    best[name] = path.stem, state
    return [(best.get(n, ("-", ""))[0], n, best.get(n, ("", NOT_YET))[1]) for n in known], unread


def _notebooks(folder: Path) -> Iterator[Path]:
    for root, folders, names_there in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        there = [Path(root, n) for n in names_there if n.endswith(".ipynb") and n[0] != "."]
        yield from sorted(there, key=lambda path: path.stem)


def _states(notebook: dict, known: list[str]) -> dict[str, str]:
    """The state of each exercise of a notebook: the last word of its outputs, or not attempted."""
    source = "\n".join("".join(cell.get("source", "")) for cell in notebook["cells"])
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    shown = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    said_there = "\n".join(map("".join, shown))
    states = {name: NOT_YET for name in known if name in source}
    words = rf"(\d\d\.\w+): ({NOT_YET}|{RIGHT}|{WRONG})\."
    return states | {name: state for name, state in re.findall(words, said_there) if name in known}


def _what_is_wrong(path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or said(error)
    data = path.read_bytes()
    if not data.strip():
        return "it is empty"
    if re.search(rb"^(<{7}|>{7}) ", data, re.MULTILINE):
        return "it holds the marks of a merge conflict (<<<<<<<): choose one of the two versions"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no whole notebook; line {error.lineno} is no JSON ({error.msg})"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it has no list of cells"


def report(folder: Path = NOTEBOOKS) -> None:
    """Print the table of `progress`, and which notebooks cannot be read."""
    rows, unread = _read_progress(folder)
    for row in rows:
        print("{:26} {:26} {}".format(*row))
    for line in unread:
        print(line)
    done = sum(state == RIGHT for _, _, state in rows)
    print(f"{done} of {len(rows)} exercises right. Save a notebook to bring this table up to date.")


if __name__ == "__main__":
    # Under `python -m` this file is a second module beside lessons.exercises; the checks register there.
    from lessons import exercises

    exercises.report()
