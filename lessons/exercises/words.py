"""The words of a rejection: the input, what was expected, and what came, each short enough to read."""

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from lessons.exercises.equality import as_array, is_array, same

LIMIT = 160  # a value is shown with about so many characters
latest = SimpleNamespace(given=str, printed="", warned=[], may_be_none=False)  # of the latest call


class NotAttempted(Exception):
    """The answer is still the stub."""


class Wrong(Exception):
    """The answer is not right; the message is the sentence that the learner reads."""


class Words(str):
    """Words in the place of a value, shown without quotes: `Words("two lists")`."""


def rejection(given: str | tuple, expected: Any, got: Any, hint: str = "") -> Wrong:
    """The sentence about a wrong value: the input, what was expected, what came, and a hint.

    `given` is the tuple of the arguments, or words for them. Long values are shown where they differ, and
    numbers with as many digits as it takes to tell them apart.
    """
    given = given if isinstance(given, str) else inputs(given)
    wanted, place, came = difference(expected, got)
    printed = latest.printed.strip() if got is None else ""
    said_instead = f" It printed {short(printed, 60)}." if printed else ""
    lost = said_instead + no_return(got)
    return Wrong(f"On {given} expected {wanted}{place}, but got {came}.{lost} {hint}".rstrip())


def no_return(got: Any) -> str:
    """The question about a missing `return`, where None came and is never right, or a value was printed."""
    missing = got is None and (latest.printed.strip() or not latest.may_be_none)
    return " Does it end with `return`?" if missing else ""


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
    if is_array(value):
        size = f" (shape {tuple(value.shape)})"
    elif isinstance(value, str | bytes) and not isinstance(value, Words):
        size = f" ({len(value):,} {'characters' if isinstance(value, str) else 'bytes'})"
    elif isinstance(value, list | tuple | dict | set):
        size = f" ({len(value):,} items)"
    return f"{text[: limit - 3]}...{size}"


def inputs(args: tuple) -> str:
    """The arguments of a call, as words."""
    return ", ".join(map(short, args)) or "no argument"


def difference(expected: Any, got: Any) -> tuple[str, str, str]:
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


def _text(value: Any, limit: int, digits: int) -> str:
    """`value` as text, floats to so many digits; of a long one no more than a little over `limit`."""
    if isinstance(value, Words):
        return str(value)
    if is_array(value) or isinstance(value, np.generic):
        value = _safely(lambda v: as_array(v).tolist(), value)
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


def _walkable(a: Any, b: Any) -> bool:
    both = lambda kind: isinstance(a, kind) and isinstance(b, kind)
    return both(str) or both(bytes) or (_is_row(a) and _is_row(b))


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) or is_array(value)


def _around(expected: Any, got: Any, digits: int, path: str = "") -> tuple[str, list[str]]:
    """The place of the first difference between two long values, and what stands there in each."""
    expected, got = (as_array(v).tolist() if is_array(v) else v for v in (expected, got))
    shorter = min(len(expected), len(got))
    at = next((i for i in range(shorter) if not same(got[i], expected[i])), shorter)
    if at < shorter and _walkable(expected[at], got[at]) and len(_text(expected[at], LIMIT, digits)) > 40:
        return _around(expected[at], got[at], digits, f"{path}{at}, ")
    back, ahead = (20, 40) if isinstance(expected, str | bytes) else (2, 5)
    texts = []
    for value in (expected, got):
        text = _text(value[max(0, at - back) : at + ahead], LIMIT, digits)
        before, after = "..., " * (at > back), ", ..." * (len(value) > at + ahead)
        if _is_row(value):
            text = text[:1] + before + text[1:-1] + after + text[-1:]
        else:
            text = f"{before[:3]}{text}{after[2:]}"
        texts.append(f"{text} ({len(value):,} long)" if len(expected) != len(got) else text)
    return f" around place {path}{at}", texts
