"""Checks of the exercises in 01_download."""

import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import regex

from helpers.corpus import load_story
from lessons.exercises import Words, call, exercise, expect, rejection, same, short

DECOMPOSED = "cafe\u0301"


@exercise("01.letters")
def letters(answer: Any) -> str:
    for text in [
        "caf\u00e9",
        DECOMPOSED,
        "One, two.",
        "👨‍👩‍👧 and 🦜",
        "👍🏽👍",
        "🇮🇸🇬🇧",
        "x\u0302\u0323 = 1",
        "\u1112\u1161\u11ab",  # one Korean syllable, spelled in three parts
        "a\r\nb",  # \X takes a line end of Windows as one
        "",
        load_story(),
    ]:
        right = len(regex.findall(r"\X", text))
        got = call(answer, text, expected=right)
        hint = f"It has {len(text)} code points and {len(text.encode())} bytes."
        if isinstance(got, list | str):
            hint = "Return how many they are, as an int."
        elif same(got, len(unicodedata.normalize("NFC", text))):
            hint += " Not every letter has a single code point, not even after NFC."
        elif same(got, sum(c.isalnum() for c in text)):
            hint += " Spaces and signs are to be counted as well."
        if not same(got, right):
            raise rejection((text,), right, got, hint)
    return "It agrees with readers of English, Icelandic, Korean and emoji."


@exercise("01.find_word")
def find_word(answer: Any) -> str:
    story = load_story()
    for text, word, right, hint in [
        (story, "caf\u00e9", 3, "One é of the story is e and U+0301."),
        (story, DECOMPOSED, 3, "Here it is the word that is decomposed, not the text."),
        (story, "boat", story.count("boat"), "The same text, and another word."),
        (DECOMPOSED, "cafe", 0, "An é is not an e: in which form does café begin with cafe?"),
        ("z² is not z2", "z2", 1, "NFKC takes away the difference between z² and z2. NFC keeps it."),
        ("re\u0301sume\u0301, r\u00e9sum\u00e9, resume", "r\u00e9sume\u0301", 2, "Compose both."),
        ("n\u0303 \u00f1 n", "\u00f1", 2, "There are other accents than that of é."),
        ("caf\u00e8 cafe cafe\u0302 caf\u1ebd", "cafe", 1, "An e with another accent is not an e either."),
        ("\u212bngstro\u0308m, \u00c5ngstr\u00f6m", "\u00c5ngstr\u00f6m", 2, "NFC knows all such pairs."),
        ("Café, CAFÉ, café", "café", 1, "Upper and lower case are not to be confused."),
        ("a decaf latte", "caf", 1, "As text.count does, it finds the word inside longer ones."),
        ("lost  and  found", "lost and", 0, "Spaces are characters like others."),
        ("lost and found, is lost", " lost", 1, "The space is a part of the word."),
        ("lost and lost and found", "lost and ", 2, "Spaces are characters like others."),
        ("a.b axb", "a.b", 1, "A point is a point here: in a regular expression it stands for anything."),
        ("(a+b)* and (a+b)*", "(a+b)*", 2, "Brackets and stars mean nothing here: they are characters."),
        (r"\d+[a-z]{2}|^#$?", r"d+[a-z]{2}|^#$", 1, "Signs mean nothing here: they are characters."),
        ("aaaa", "aa", 2, "As text.count does, it goes on after what it has found."),
        ("nothing here", "plimbet", 0, ""),
    ]:
        expect(answer, (text, word), right, hint)
    return "Search engines do the same: they normalise the question as well as the text."


@exercise("01.split")
def split(answer: Any) -> str:
    plain = [f"document {i}" for i in range(40)]
    long = "word " * 100
    # After the cut: two copies side by side and one more, what is nearly a copy, and a pair found only there
    copies = [*plain[:35], plain[7], "caf\u00e9", f"{long}."]
    copies += [
        "Document 5",
        plain[3],
        plain[20],
        plain[3],
        "document 99",
        "document 5 ",
        "ment 5",
        "cafe\u0301",
    ]
    copies += [f"{long}!", "document 99"]
    cases = [(plain, 0.1), (plain, 0.25), (list("abcdefghij"), 0.3), (copies, 0.2), (copies, 0.21)]
    for documents, fraction in [*cases, (["a", "b", "c"], 0.1)]:
        shown = documents if len(documents) < 11 else f"{len(documents)} documents"
        given = f"{shown} with val_fraction={fraction}"
        parts = call(answer, documents, fraction, expected="two lists", given=given)
        _check_parts(parts, documents, fraction, given)
    given = "40 documents, without val_fraction"
    parts = call(answer, plain, expected="two lists", given=given)
    if not same(parts, [plain[:36], plain[36:]]):
        raise rejection(given, (plain[:36], plain[36:]), parts, "It is 0.1 then.")
    return "The training part is whole, no copy of it is in the validation part, and each run gives the same."


def _check_parts(parts: Any, documents: list[str], fraction: float, given: str) -> None:
    """Raise `Wrong`, with the typical reason, where `parts` is not the split of `documents`."""
    try:
        if any(isinstance(part, str | bytes) for part in parts):
            raise TypeError("text where a list should be")
        train, val = ([str(document) for document in part] for part in parts)
    except (TypeError, ValueError):
        raise rejection(given, Words("two lists, training part first"), parts) from None
    cut = round(len(documents) * (1 - fraction))
    right = [document for document in documents[cut:] if document not in documents[:cut]]
    if train == right and val == documents[:cut]:
        raise rejection(given, (documents[:cut], right), parts, "The training part comes first.")
    if train != documents[:cut]:
        why = _what_is_wrong_with(train, documents, cut)
        raise rejection(f"{given}, in the training part,", documents[:cut], train, why)
    if val != right:
        why = "Only what stands in the training part, exactly so, is left out."
        if both := [document for document in val if document in train]:
            why = f"{both[0]!r} is in both parts: the model has read it. Look at copies side by side."
        raise rejection(f"{given}, in the validation part,", right, val, why)


def _what_is_wrong_with(train: list[str], documents: list[str], cut: int) -> str:
    if train == documents[: len(train)]:
        return f"Yours are the first {len(train)}: cut at round(len(documents) * (1 - val_fraction))."
    if train[:cut] == documents[:cut]:
        return "Leave it as it is: take the copies out of the validation part, and add them nowhere."
    rest = iter(documents)
    if not all(document in rest for document in train):
        return "Keep their order: is it still shuffled or sorted?"
    return "Leave it whole: it may hold copies." if len(train) < cut else "Validate on the end."


@exercise("01.report")
def report(answer: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.txt"
        for data in [
            load_story().encode(),
            "no café".encode("latin-1"),
            b"\xc3\xa9t\xc3",  # cut off inside é
            b"one two\r\nTwo three\r\n",
            f"{DECOMPOSED} re\u0301sume\u0301".encode(),
            "Straße, STRASSE and straße".encode(),
            "\ufb01ne, 2 x\u0302 \u00bd \u00b2".encode(),  # in NFC, and not in NFKC
            "\u212b and \u212a".encode(),  # as long in NFC
            b"",
        ]:
            path.write_bytes(data)
            what = "the story" if len(data) > 99 else f"a file that holds {data}"
            got = call(answer, path, expected="a dictionary", given=what)
            demand_kept(path, data, what)
            _compare(got, _report(data), what, data)
    return "Now run it on a text of your own."


def demand_kept(path: Path, data: bytes, given: str) -> None:
    """Raise `Wrong` where the answer has changed the file that it was to read."""
    now = path.read_bytes() if path.exists() else Words("no file any more")
    if now != data:
        raise rejection(f"{given}, left in place,", data, now, "Open it to read, and change nothing.")


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


HINTS = {  # where the entry of that name is wrong
    "bytes": "Count the bytes of the file itself: path.read_bytes() changes no line end.",
    "bad_byte": "It is the .start of the UnicodeDecodeError, counted in bytes; None if there is no error.",
    "code_points": "Count them in the text as it stands: NFC is for the words only.",
    "letters": "Count grapheme clusters, in the text as it stands.",
    "in_nfc": "True or False, of the text as it stands.",
    "words": "Bring the text into NFC and lower case, then count what \\w+ finds.",
    "different_words": "Words are compared after NFC, in lower case: .lower(), which leaves ß alone.",
    "once": "Count the words that occur once, after NFC and in lower case.",
}


def _compare(got: Any, right: dict, what: str, data: bytes) -> None:
    if not isinstance(got, Mapping):
        raise rejection(what, Words("a dictionary"), got)
    if missing := [key for key in right if key not in got]:
        there = Words(f"one with {', '.join(map(repr, got)) or 'none'}")
        raise rejection(what, Words(f"a dictionary with the entry {missing[0]!r}"), there)
    if right["bad_byte"] is not None and (more := [k for k in got if k not in right and got[k] is not None]):
        raise rejection(
            what, right, Words(short(got)), f"Stop at the bad byte: without a text there is no {more[0]!r}."
        )
    for key, value in right.items():
        if not same(got[key], value):
            hint = HINTS[key]
            if key == "bytes" and data.count(b"\r\n") and same(got[key], len(data) - data.count(b"\r\n")):
                hint = "Opened as text, \\r\\n becomes \\n. Read bytes, and decode them yourself."
            raise rejection(f"{what}, for {key!r},", value, got[key], hint)
