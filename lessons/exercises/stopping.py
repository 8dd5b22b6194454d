"""An end to what does not end: a check is stopped after a time, or where it takes too much memory."""

import contextlib
import ctypes
import math
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = tuple(str(ROOT / name) for name in ("helpers", "lessons"))


class Stopped(BaseException):
    """The check takes too long, or too much memory. No `except Exception` of an answer catches it."""


def limited(function: Callable, answer: Any, seconds: float, memory: int) -> Any:
    """function(answer), ended by `Stopped` after `seconds`, or where Python grows by `memory` bytes.

    In the main thread a timer of the system interrupts it, even in `time.sleep`. Where there is none, as on
    Windows, a second thread does, as soon as Python runs its next instruction.
    """
    start, resident = time.monotonic(), _resident()

    def too_much() -> str:
        if time.monotonic() - start >= seconds:
            return f"no answer after {seconds:g} seconds, so it was stopped"
        if _resident() - resident >= memory:
            return f"it took more than {memory / 2**30:g} GB of memory, so it was stopped"
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
