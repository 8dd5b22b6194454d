"""The checks of the page 03_encode_fast's exercises."""

import functools
import itertools
import random
from collections.abc import Callable

import numpy as np
import regex

from lessons.exercises import Words, call, exercise, expect, expect_error, lines_run, rejection

LOOP = "The answers are right, but there is a loop. Work on whole arrays, and this number stays the same."


def _no_loop(answer: Callable, pattern: np.ndarray) -> None:
    """Raise `Wrong` if the lines of Python that `answer` runs grow with its array."""
    few, many = (lines_run(answer, np.resize(pattern, n)) for n in (1_000, 10_000))
    if many - few > 400:
        wanted = Words(f"about {few:,} lines of Python to run, as for 1,000")
        raise rejection("an array of 10,000 elements", wanted, Words(f"{many:,}"), LOOP)


@exercise("03.pack")
def pack(answer: Callable) -> str:
    words = [bytes(word) for n in range(4) for word in itertools.product((0, 1, 33, 255), repeat=n)]
    words += [bytes(n) for n in range(4, 8)] + [b"\xff" * n for n in range(4, 8)] + [b"walking", b"walkin\0"]
    words += [bytes(at) + b"x" + bytes(6 - at) for at in range(7)]
    seen: dict[int, bytes] = {}
    for word in words:
        _differs(seen, word, _key(answer, word))
    for word in (b"walkings", b"\0" * 8, b"a" * 40):
        expect_error(answer, (word,), ValueError, "It is too long for a key.")
    _stand_in_the_key(answer)
    for word in _many_words():
        if seen.setdefault(key := int(answer(word)), word) != word:
            _differs(seen, word, key)
    return "A key like this is the bytes themselves, so there are no collisions to think of."


@functools.cache
def _many_words() -> list[bytes]:
    more = random.Random(11).randbytes(7 * 250_000)
    many = [bytes(two) for two in itertools.product(range(256), repeat=2)]
    many += [
        bytes(at) + bytes([b]) + bytes(n - at) for n in range(7) for at in range(n + 1) for b in range(256)
    ]
    return many + [more[at : at + 7] for at in range(0, len(more), 7)]


def _key(answer: Callable, word: bytes) -> int:
    form = Words("an integer from 0 to 2**64 - 1")
    key = call(answer, word, expected=form)
    whole = isinstance(key, int | np.integer) and not isinstance(key, bool)
    if not whole or not 0 <= int(key) < 2**64:
        raise rejection((word,), form, key)
    return int(key)


def _differs(seen: dict[int, bytes], word: bytes, key: int) -> None:
    if (other := seen.setdefault(key, word)) != word:
        hint = "Each byte needs a place of its own in the key, and so does their number."
        raise rejection(f"{other} and {word}", Words("two keys"), Words(f"{key} for both"), hint)


def _stand_in_the_key(answer: Callable) -> None:
    """Raise `Wrong` unless the same change of one byte changes the key in the same way in every word.

    It does so where the bytes stand in the key, however they are placed. A hash mixes them, and a table that
    numbers the words as they come does not hold them.
    """
    draw = random.Random(7)
    for at in range(7):
        old, new = draw.sample(range(256), 2)
        pairs = []
        for _ in range(6):
            around = bytearray(draw.randbytes(7))
            for byte in (old, new):
                around[at] = byte
                pairs.append(bytes(around))
        keys = {word: _key(answer, word) for word in draw.sample(pairs, len(pairs))}
        changes = [(keys[a], keys[b]) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
        if len({a ^ b for a, b in changes}) > 1 and len({(b - a) % 2**64 for a, b in changes}) > 1:
            wanted = Words(f"the same change of the key, as byte {at} goes from {old} to {new} in both")
            came = Words(" and ".join(f"{a:#x} to {b:#x}" for a, b in changes[:2]))
            hint = (
                "A hash mixes the bytes, so two words may share a key: let the bytes stand in it as they are."
            )
            raise rejection(f"{pairs[0]} to {pairs[1]}, and {pairs[2]} to {pairs[3]}", wanted, came, hint)


@exercise("03.thirds")
def thirds(answer: Callable) -> str:
    hint = "Count each run of numbers from its own start."
    for case in ["1", "a", "", "123", "1234", "aa11", "11a1", "12345678901", "1234a1234", "a1234567b12c1"]:
        expect(answer, (_is_number(case),), _group_starts(case), hint)
    for letters in itertools.product("1a", repeat=9):
        expect(answer, (_is_number("".join(letters)),), _group_starts("".join(letters)), hint)
    _no_loop(answer, _is_number("1111111aa1"))
    more = "contractions, marks before words, and line breaks"
    return f"With this rule, and some for {more}, the fast path takes GPT-4's pattern too."


def _is_number(text: str) -> np.ndarray:
    return np.array([c.isdigit() for c in text], bool)


def _group_starts(text: str) -> np.ndarray:
    starts = {match.start() for match in regex.finditer(r"\p{N}{1,3}", text)}
    return np.array([at in starts for at in range(len(text))], bool)
