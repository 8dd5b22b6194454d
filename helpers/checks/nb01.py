"""Checks of the exercises in 01_download."""

import hashlib
import re
import tempfile
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import regex

from helpers.corpus import load_story
from helpers.exercises import Wrong, call, exercise, expect, same, short

DECOMPOSED = "cafe\u0301"


@exercise("01.letters")
def letters(answer: Any) -> str:
    for text in [
        "caf\u00e9",
        DECOMPOSED,
        "👨‍👩‍👧 and 🦜",
        "👍🏽👍",
        "🇮🇸🇬🇧",
        "x\u0302\u0323 = 1",
        "\u1112\u1161\u11ab",  # one Korean syllable, spelled in three parts
        "",
        load_story(),
    ]:
        right = len(regex.findall(r"\X", text))
        got = call(answer, text)
        hint = f"It has {len(text)} code points and {len(text.encode())} bytes."
        if same(got, len(unicodedata.normalize("NFC", text))):
            hint += " Not every letter has a single code point, not even after NFC."
        elif same(got, sum(c.isalnum() for c in text)):
            hint += " Spaces and signs are to be counted as well."
        elif isinstance(got, list):
            hint = "Return how many they are, not the letters themselves."
        expect(answer, (text,), right, hint)
    return "It agrees with readers of English, Icelandic, Korean and emoji."


@exercise("01.find_word")
def find_word(answer: Any) -> str:
    story = load_story()
    for text, word, right, hint in [
        (story, "caf\u00e9", 3, "One é of the story is e and U+0301."),
        (story, DECOMPOSED, 3, "Here it is the word that is decomposed, not the text."),
        (
            DECOMPOSED,
            "cafe",
            0,
            "An e with an accent is not an e: in which form does one begin with the other?",
        ),
        ("z² is not z2", "z2", 1, "NFKC takes away the difference between z² and z2. NFC keeps it."),
        (
            "re\u0301sume\u0301, r\u00e9sum\u00e9, resume",
            "r\u00e9sume\u0301",
            2,
            "Compose the text and the word.",
        ),
        ("Café, CAFÉ, café", "café", 1, "Upper and lower case are not to be confused."),
        ("a decaf latte", "caf", 1, "As text.count does, it finds the word inside longer ones."),
        ("nothing here", "plimbet", 0, ""),
    ]:
        expect(answer, (text, word), right, hint)
    return "Search engines do the same: normalise the question and the text alike."


@exercise("01.checksum")
def checksum(answer: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard.txt"
        for data, hint in [
            (b"Everything is somewhere.\n", ""),
            (b"", "An empty file has a hash too."),
            (b"two lines\r\nof Windows\r\n", 'Open it with "rb": as text, Python turns \\r\\n into \\n.'),
            (b"caf\xe9, no UTF-8", 'Open it with "rb": a file need not be text.'),
            (b"\0" * 2**25, "Go on reading until nothing comes."),
        ]:
            path.write_bytes(data)
            got, peak = _with_peak(answer, path)
            shown = f"{short(data)[:40]}... ({len(data):,} bytes)" if len(data) > 40 else short(data)
            _same_digest(got, hashlib.sha256(data), f"On a file that holds {shown}", hint)
            if len(data) > 2**24 and peak > 2**22:
                raise Wrong(
                    f"The hash is right, but your function took {peak / 2**20:.0f} MB for a file of 32 MB "
                    "without a line end. Read a fixed number of bytes at a time, such as 2**16."
                )
    return "It would do the same for a terabyte, as does the finished version, hashlib.file_digest."


def _with_peak(answer: Any, path: Path) -> tuple[Any, int]:
    """What `answer` gives for `path`, and the most memory in bytes that Python held meanwhile."""
    tracemalloc.start()
    try:
        got = call(_bound(answer, path), f"a file of {path.stat().st_size:,} bytes")
        return got, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _bound(answer: Any, *args: Any) -> Callable | Any:
    """`answer` with `args` in place, to be called with words for them: no sentence shows where a file lay."""
    return (lambda *_: answer(*args)) if callable(answer) else answer


def _same_digest(got: Any, right: Any, where: str, hint: str) -> None:
    if got == right.digest():
        raise Wrong(
            f"{where} you gave the 32 bytes of the hash. Return its hexadecimal digits: .hexdigest()."
        )
    if hasattr(got, "hexdigest"):
        raise Wrong(f"{where} you returned the hash object itself. Return its .hexdigest().")
    if not isinstance(got, str) or got.lower() != right.hexdigest():
        hint = "Does it end with `return`?" if got is None else hint
        raise Wrong(f"{where} expected {short(right.hexdigest())}, but got {short(got)}. {hint}".rstrip())


@exercise("01.split")
def split(answer: Any) -> str:
    documents = [f"document {i}" for i in range(40)]
    copies = [*documents[:37], documents[3], "document 98", documents[20], "document 99"]
    for given, fraction in [(documents, 0.1), (documents, 0.25), (copies, 0.1), (list("abcdefghij"), 0.3)]:
        mine = list(given)
        parts = call(_bound(answer, mine, fraction), given, fraction)
        _check_parts(parts, given, fraction)
        if mine != given:
            raise Wrong("The lists are right, but your function changed the list that it was given.")
    if not same(list(map(list, call(answer, documents))), [documents[:36], documents[36:]]):
        raise Wrong("Without val_fraction, a tenth should be kept back.")
    return "Training part whole, examination clean, and the same tomorrow."


def _check_parts(parts: Any, given: list[str], fraction: float) -> None:
    """Raise `Wrong`, with the typical reason, where `parts` is not the split of `given`."""
    where = f"With {len(given)} documents and val_fraction={fraction}"
    lists = isinstance(parts, list | tuple) and all(isinstance(part, list | tuple) for part in parts)
    if not lists or len(parts) != 2:
        raise Wrong(f"{where} expected two lists, but got {short(parts)}.")
    train, val = map(list, parts)
    cut = round(len(given) * (1 - fraction))
    right = [document for document in given[cut:] if document not in given[:cut]]
    if train == right and val == given[:cut]:
        raise Wrong("The training part comes first, then the validation part.")
    if train != given[:cut]:
        why = _what_is_wrong_with(train, given, cut)
        raise Wrong(f"{where} the training part should be the first {cut}, from {given[0]!r} on. {why}")
    if set(val) & set(train):
        raise Wrong(f"{where}, {min(set(val) & set(train))!r} is in both parts: the model has read it.")
    if val != right:
        raise Wrong(f"{where} the validation part should be {short(right)}, but it is {short(val)}.")


def _what_is_wrong_with(train: list[str], given: list[str], cut: int) -> str:
    if train == given[: len(train)]:
        return f"Yours are the first {len(train)}: cut at round(len(documents) * (1 - val_fraction))."
    if train != [document for document in given if document in train]:
        return "Keep their order: is it still shuffled or sorted?"
    return (
        "Leave it whole: copies go out of the validation part."
        if len(train) < cut
        else "Validate on the end."
    )


@exercise("01.report")
def report(answer: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.txt"
        for what, data, hint in [
            (
                "the story",
                load_story().encode(),
                "Words are counted in lower case, and after NFC: one é of the story is e and U+0301.",
            ),
            ("a Latin-1 file", "no café".encode("latin-1"), "The first byte that is not UTF-8 is the é."),
            (
                "a file with Windows line ends",
                b"one two\r\nTwo three\r\n",
                "Read bytes, so that \\r\\n stays.",
            ),
            (
                "decomposed words",
                f"{DECOMPOSED} re\u0301sume\u0301".encode(),
                "Words are counted after NFC.",
            ),
            ("an empty file", b"", "An empty file is a text too."),
        ]:
            path.write_bytes(data)
            got = call(_bound(answer, path), what, expected="a dictionary")
            _compare(got, _report(data), what, hint)
    return "Now run it on a text of your own."


def _report(data: bytes) -> dict:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return {"bytes": len(data), "bad_byte": error.start}
    words = Counter(re.findall(r"\w+", unicodedata.normalize("NFC", text).lower()))
    return {
        "bytes": len(data),
        "bad_byte": None,
        "code_points": len(text),
        "letters": len(regex.findall(r"\X", text)),
        "in_nfc": unicodedata.is_normalized("NFC", text),
        "words": words.total(),
        "different_words": len(words),
        "once": sum(n == 1 for n in words.values()),
    }


def _compare(got: Any, right: dict, what: str, hint: str) -> None:
    if not isinstance(got, dict):
        raise Wrong(f"On {what} expected a dictionary, but got {short(got)}.")
    if missing := [key for key in right if key not in got]:
        raise Wrong(f"On {what} the dictionary has no entry {', '.join(map(repr, missing))}.")
    for key, value in right.items():
        if not same(got[key], value):
            raise Wrong(f"On {what} expected {key!r} to be {value!r}, but got {short(got[key])}. {hint}")
