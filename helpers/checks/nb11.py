"""The checks of notebook 11."""

import itertools
import sys
from collections.abc import Callable

import numpy as np
import regex

from helpers.exercises import Wrong, call, exercise, short


@exercise("11.runs")
def runs(answer: Callable) -> str:
    random = np.random.default_rng(0)
    cases = [[7, 7, 7, 2, 2, 7], [5], [], [1, 2, 3], [4, 4, 4], *random.integers(0, 2, (50, 20)).tolist()]
    for case in cases:
        expected = [len(list(run)) for _, run in itertools.groupby(case)]
        _same(answer, np.array(case, int), expected)
    _no_loop(answer, np.array([7, 7, 7, 2, 2, 7, 7, 7, 7, 1]))
    return "This is how many formats store long runs: run-length encoding."


def _same(answer: Callable, values: np.ndarray, expected: list) -> None:
    got = call(answer, values, expected=short(expected))
    try:
        equal = np.array_equal(np.asarray(got), np.asarray(expected))
    except ValueError:
        equal = False
    if not equal:
        got = got.tolist() if isinstance(got, np.ndarray) else got
        lost = " Does it end with `return`?" if got is None else ""
        raise Wrong(f"On {short(values.tolist())} expected {short(expected)}, but got {short(got)}.{lost}")


def _no_loop(answer: Callable, pattern: np.ndarray) -> None:
    """Raise `Wrong` if the Python lines that `answer` runs grow with the length of its array."""
    few, many = (_lines_run(answer, np.resize(pattern, n)) for n in (1_000, 10_000))
    if many - few > 400:
        raise Wrong(
            f"The answers are right, but there is a loop: for 1,000 elements Python ran {few:,} lines, for "
            f"10,000 it ran {many:,}. Work on whole arrays, and the number stays the same."
        )


def _lines_run(function: Callable, values: np.ndarray) -> int:
    """How many lines and calls of Python `function(values)` runs; unlike a time, the same on each machine."""
    count, before = 0, sys.gettrace()

    def trace(_frame, event, _arg):
        nonlocal count
        count += event in ("line", "call")
        return trace

    sys.settrace(trace)
    try:
        function(values)
    finally:
        sys.settrace(before)
    return count


@exercise("11.pack")
def pack(answer: Callable) -> str:
    words = [bytes(word) for n in range(4) for word in itertools.product((0, 1, 33, 255), repeat=n)]
    words += [bytes(n) for n in range(4, 8)] + [b"\xff" * n for n in range(4, 8)] + [b"walking", b"walkin\0"]
    seen: dict[int, bytes] = {}
    for word in words:
        key = call(answer, word, expected="an integer")
        if not isinstance(key, int | np.integer) or isinstance(key, bool):
            raise Wrong(f"On {word} expected an integer, but got {short(key)}.")
        if not 0 <= int(key) < 2**64:
            raise Wrong(f"On {word} got {key}, which does not fit into 64 bits without a sign.")
        if (other := seen.setdefault(int(key), word)) != word:
            raise Wrong(f"{other} and {word} both got {key}. Give the length bits of its own in the key.")
    for word in (b"walkings", b"\0" * 8, b"a" * 40):
        try:
            got = answer(word)
        except ValueError:
            continue
        except Exception as error:
            raise Wrong(f"{word} is too long: expected a ValueError, got {type(error).__name__}.") from error
        raise Wrong(f"{word} is too long for a key: expected a ValueError, but got {short(got)}.")
    return "A key like this is the bytes themselves, so there are no collisions to think of."


@exercise("11.thirds")
def thirds(answer: Callable) -> str:
    for case in ["1", "a", "", "123", "1234", "aa11", "11a1", "12345678901", "1234a1234", "a1234567b12c1"]:
        _same(answer, _is_number(case), _group_starts(case))
    for letters in itertools.product("1a", repeat=9):
        _same(answer, _is_number("".join(letters)), _group_starts("".join(letters)))
    _no_loop(answer, _is_number("1111111aa1"))
    more = "contractions, marks before words, and line breaks"
    return f"With this rule, and some for {more}, the fast path could take GPT-4's pattern too."


def _is_number(text: str) -> np.ndarray:
    return np.array([c.isdigit() for c in text], bool)


def _group_starts(text: str) -> list[bool]:
    starts = {match.start() for match in regex.finditer(r"\p{N}{1,3}", text)}
    return [at in starts for at in range(len(text))]
