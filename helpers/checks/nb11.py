"""The checks of notebook 11."""

import itertools
import time
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
    return "This is how many formats store long runs: run-length encoding."


def _same(answer: Callable, values: np.ndarray, expected: list) -> None:
    got = call(answer, values, expected=short(expected))
    try:
        equal = np.array_equal(np.asarray(got), np.asarray(expected))
    except ValueError:
        equal = False
    if not equal:
        raise Wrong(f"On {short(values.tolist())} expected {short(expected)}, but got {short(got)}.")


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
            raise Wrong(f"{other} and {word} both got {key}. Put the length into the key.")
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
    for case in ["1", "a", "", "123", "1234", "a1234567b12c1", "12345678901", "aa11", "1234a1234", "ab123"]:
        _same(answer, _is_number(case), _group_starts(case))
    for letters in itertools.product("1a", repeat=9):
        _same(answer, _is_number("".join(letters)), _group_starts("".join(letters)))
    long = np.resize([True] * 7 + [False] * 2 + [True], 1_000_000)
    if 2 * _seconds(lambda: call(answer, long, expected="bools")) > _seconds(lambda: _loop(long)):
        raise Wrong("It is right, but takes about as long as a loop over the elements: work on whole arrays.")
    return "With this rule, and a few more for white space, the fast path could take GPT-4's pattern too."


def _is_number(text: str) -> np.ndarray:
    return np.array([c.isdigit() for c in text], bool)


def _group_starts(text: str) -> list[bool]:
    starts = {match.start() for match in regex.finditer(r"\p{N}{1,3}", text)}
    return [at in starts for at in range(len(text))]


def _seconds(function: Callable) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def _loop(is_number: np.ndarray) -> list[bool]:
    """What any answer with a loop over the elements does at least."""
    at, starts = 0, []
    for number in is_number.tolist():
        starts.append(number and at % 3 == 0)
        at = at + 1 if number else 0
    return starts
