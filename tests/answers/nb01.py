"""Answers to the exercises of notebook 01."""

import math
import random
import re
import unicodedata
from collections import Counter, defaultdict
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType

import numpy as np
import regex

from answers import endless, form, says

nfc = partial(unicodedata.normalize, "NFC")
nfd = partial(unicodedata.normalize, "NFD")
nfkc = partial(unicodedata.normalize, "NFKC")

# ---- 01.letters ----


def letters_in_a_loop(string):
    n = 0
    for _ in regex.finditer(r"\X", string):
        n += 1
    return n


def printed(text):
    print(len(regex.findall(r"\X", text)))


# ---- 01.find_word ----


def by_find(haystack, needle):
    haystack, needle = nfc(haystack), nfc(needle)
    found, at = 0, haystack.find(needle)
    while at >= 0:
        found, at = found + 1, haystack.find(needle, at + len(needle))
    return found


def without_moving_on(text, word):
    found, at = 0, nfc(text).find(nfc(word))
    while at >= 0:
        found, at = found + 1, nfc(text).find(nfc(word), at)
    return found


def overlapping(text, word):
    text, word = nfc(text), nfc(word)
    return sum(text.startswith(word, i) for i in range(len(text)))


def only_acute(text, word):
    mend = lambda s: s.replace("e\u0301", "é")
    return mend(text).count(mend(word))


# ---- 01.split ----


def split_by_dict(docs, val_fraction=0.1):
    n = round(len(docs) * (1 - val_fraction))
    seen = dict.fromkeys(docs[:n])
    return tuple(docs[:n]), tuple(d for d in docs[n:] if d not in seen)


def split_lazily(documents, val_fraction=0.1):
    n = round(len(documents) * (1 - val_fraction))
    known = set(documents[:n])
    return [iter(documents[:n]), filter(lambda document: document not in known, documents[n:])]


def split_arrays(documents, val_fraction=0.1):
    a = np.array(documents, dtype=object)
    train, val = np.split(a, [round(len(a) * (1 - val_fraction))])
    return train, val[~np.isin(val.astype(str), train.astype(str))]


def halves(documents, val_fraction=0.1):
    n = round(len(documents) * (1 - val_fraction))
    return documents[:n], documents[n:]


def shuffled(documents, val_fraction=0.1):
    return halves(random.sample(documents, len(documents)), val_fraction)


def shuffled_in_place(documents, val_fraction=0.1):
    random.Random(0).shuffle(documents)
    return halves(documents, val_fraction)


def popped(documents, val_fraction=0.1):
    train, val = halves(documents, val_fraction)
    while len(documents) > len(train):
        documents.pop()
    return train, [d for d in val if d not in set(train)]


def removed_while_walking(documents, val_fraction=0.1):
    train, val = halves(documents, val_fraction)
    for document in val:
        if document in train:
            val.remove(document)
    return train, val


def compared(key):
    def split(documents, val_fraction=0.1):
        train, val = halves(documents, val_fraction)
        seen = {key(d) for d in train}
        return train, [d for d in val if key(d) not in seen]

    return split


def copies_out_of_train(documents, val_fraction=0.1):
    train, val = halves(documents, val_fraction)
    return [d for d in train if d not in val], val


def all_different(documents, val_fraction=0.1):
    train, val = halves(documents, val_fraction)
    return train, list(dict.fromkeys(d for d in val if d not in set(train)))


def as_sets(documents, val_fraction=0.1):
    train, val = halves(documents, val_fraction)
    return train, sorted(set(val) - set(train))


# ---- 01.report ----


def stock(data, text, words):
    c = Counter(words)
    return {
        "bytes": len(data),
        "bad_byte": None,
        "code_points": len(text),
        "letters": len(regex.findall(r"\X", text)),
        "in_nfc": text == nfc(text),
        "words": len(words),
        "different_words": len(c),
        "once": list(c.values()).count(1),
    }


def report_by_reading(path, errors="strict"):
    with open(path, "rb") as file:
        data = file.read()
    try:
        text = str(data, "utf8", errors)
    except UnicodeDecodeError as error:
        return {"bytes": len(data), "bad_byte": np.int64(error.start)}
    return stock(data, text, re.findall(r"\w+", nfc(text.lower())))


def report_of_arrays(path):
    data = np.fromfile(path, dtype=np.uint8).tobytes()
    report = defaultdict(lambda: None, bytes=np.uint64(len(data)))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return report | {"bad_byte": error.start, "words": None}
    counts = np.unique(re.findall(r"\w+", nfc(text).lower()), return_counts=True)[1]
    report |= stock(data, text, [])
    return report | {"words": counts.sum(), "different_words": np.size(counts), "once": (counts == 1).sum()}


def report_of_a_path(path):
    data, bad = Path(path).read_bytes(), None
    try:
        text = data.decode("utf-8")
    except UnicodeError as error:
        text, bad = None, error.start
    if text is None:
        return {"bad_byte": bad, "bytes": len(data)}
    return stock(data, text, [m[0] for m in re.finditer(r"\w+", nfc(text).lower())]) | {"lines": 5}


def with_entries(**change):
    """A report whose entries are changed: each by a function of (data, text)."""

    def report(path):
        data = path.read_bytes()
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            return {"bytes": len(data), "bad_byte": error.start}
        right = stock(data, text, re.findall(r"\w+", nfc(text).lower()))
        return right | {key: function(data, text) for key, function in change.items()}

    return report


def words_of(prepare, pattern=r"\w+"):
    words = lambda text: re.findall(pattern, prepare(text))
    return with_entries(
        words=lambda data, text: len(words(text)),
        different_words=lambda data, text: len(set(words(text))),
        once=lambda data, text: sum(n == 1 for n in Counter(words(text)).values()),
    )


def without(*keys):
    return lambda path: {k: v for k, v in report_by_reading(path).items() if k not in keys}


def opened_as_text(path):
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return {"bytes": path.stat().st_size, "bad_byte": error.start}
    return stock(text.encode(), text, re.findall(r"\w+", nfc(text).lower()))


def bad_character(path):
    report = report_by_reading(path)
    if report["bad_byte"] is not None:
        report["bad_byte"] = len(path.read_bytes()[: report["bad_byte"]].decode())
    return report


def goes_on(path):
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        text = data.decode(errors="replace")
        return stock(data, text, re.findall(r"\w+", nfc(text).lower())) | {"bad_byte": error.start}
    return report_by_reading(path)


def by_first_letters(text, word, seen={}):  # noqa: B006
    return seen.setdefault(text[:3], nfc(text).count(nfc(word)))


def split_at(cut_of):
    def split(documents, val_fraction=0.1):
        cut = cut_of(len(documents), val_fraction)
        return documents[:cut], [d for d in documents[cut:] if d not in documents[:cut]]

    return split


def copies_added_to_train(documents, val_fraction=0.1):
    train, val = split_by_dict(documents, val_fraction)
    return [*train, *(d for d in documents[len(train) :] if d in train)], val


def train_without_copies(documents, val_fraction=0.1):
    train, val = split_by_dict(documents, val_fraction)
    return list(dict.fromkeys(train)), val


def removed_once(documents, val_fraction=0.1):
    cut = round(len(documents) * (1 - val_fraction))
    val = documents[cut:]
    for document in set(documents[:cut]) & set(val):
        val.remove(document)
    return documents[:cut], val


def looked_up_in_one_text(documents, val_fraction=0.1):
    cut = round(len(documents) * (1 - val_fraction))
    text = "\n".join(documents[:cut])
    return documents[:cut], [d for d in documents[cut:] if d not in text]


def report_overwriting(path):
    report = report_by_reading(path)
    path.write_text(str(report))
    return report


RIGHT = {
    "01.letters": [
        letters_in_a_loop,
        lambda text: np.int64(len(regex.findall(r"\X", text))),
        lambda s: regex.subn(r"\X", "", s)[1],
        lambda text: sum(1 for _ in regex.finditer(r"\X", nfc(text))),
        partial(lambda pattern, text: len(pattern.findall(text)), regex.compile(r"\X")),
        lambda text: float(len(regex.sub(r"\X", "x", text))),
    ],
    "01.find_word": [
        by_find,
        lambda t, w: nfc(t).count(nfc(w)),
        lambda text, word: len(nfc(text).split(nfc(word))) - 1,
        lambda text, word: np.int32(len(re.findall(re.escape(nfc(word)), nfc(text)))),
        lambda text, word: nfc(nfd(text)).count(nfc(nfd(word))),
        lambda t, w: len(re.findall(re.escape(nfd(w)) + r"(?![\u0300-\u036f])", nfd(t))),
    ],
    "01.split": [
        split_by_dict,
        split_lazily,
        split_arrays,
        lambda d, val_fraction=0.1: list(split_by_dict(d, val_fraction)),
        split_at(lambda n, share: n - round(n * share)),
    ],
    "01.report": [
        report_by_reading,
        report_of_arrays,
        report_of_a_path,
        lambda path: MappingProxyType(report_by_reading(path)),
    ],
}
WRONG = {
    "01.letters": [
        says(len, "code points"),
        lambda text: len(text.encode()),
        says(lambda text: len(nfc(text)), "not even after NFC"),
        says(lambda text: sum(c.isalnum() for c in text), "Spaces and signs"),
        says(lambda text: regex.findall(r"\X", text), "Return how many they are"),
        says(printed, "Does it end with `return`?"),
        lambda text: sum(not unicodedata.combining(c) for c in text),
        lambda text: len(re.findall(r"\w", text)),
        lambda text: len(regex.findall(r"\X", text)) - 1,
        lambda text: len(set(regex.findall(r"\X", text))),
        lambda text: len(regex.findall(r"\X", text.strip())) if text else 1,
        says(lambda text: re.findall(r"\X", text), "your function raised"),
        form("caf\u00e9", "should be a function"),
        lambda text: len(text) if text.isascii() else len(regex.findall(r"\X", text)),
        lambda text: len(regex.findall(r"\r|\n|\X", text)),
        says(lambda text: str(len(regex.findall(r"\X", text))), "as an int"),
    ],
    "01.find_word": [
        lambda text, word: text.count(word),
        lambda text, word: nfc(text).count(word),
        lambda text, word: text.count(nfc(word)),
        says(lambda text, word: nfd(text).count(nfd(word)), "begin with cafe"),
        says(lambda text, word: nfkc(text).count(nfkc(word)), "NFKC"),
        says(lambda text, word: nfc(text).lower().count(nfc(word).lower()), "Upper and lower case"),
        lambda text, word: nfc(text).casefold().count(nfc(word).casefold()),
        says(lambda text, word: nfc(text).split().count(nfc(word)), "expected 3, but got"),
        lambda text, word: len(re.findall(rf"\b{re.escape(nfc(word))}\b", nfc(text))),
        says(lambda text, word: len(re.findall(nfc(word), nfc(text))), "A point is a point"),
        lambda text, word: regex.subn(nfc(word).replace(".", r"\."), "", nfc(text))[1],
        lambda text, word: len(re.findall(re.escape(nfc(word)), nfc(text), re.IGNORECASE)),
        says(overlapping, "goes on after"),
        says(only_acute, "other accents"),
        lambda text, word: nfc(word) in nfc(text),
        lambda text, word: len(re.findall(re.escape(nfc(word)), " ".join(nfc(text).split()))),
        lambda text, word: nfd(text).replace("\u0301", "").count(nfd(word).replace("\u0301", "")),
        endless(without_moving_on),
        says(
            lambda t, w: len(re.findall(re.escape(nfd(w)) + r"(?!\u0301)", nfd(t))),
            "another accent is not an e",
        ),
        lambda t, w: sum(piece.count(nfc(w)) for piece in nfc(t).split()),
        says(lambda t, w: nfc(t).count(nfc(w).strip()), "a part of the word"),
        says(
            lambda t, w: len(re.findall(re.sub(r"([.*+()])", r"\\\1", nfc(w)), nfc(t))), "Signs mean nothing"
        ),
        says(by_first_letters, "another word"),
    ],
    "01.split": [
        says(halves, "is in both parts"),
        shuffled,
        says(shuffled_in_place, "your function changed its argument: documents was"),
        says(popped, "changed its argument"),
        says(removed_while_walking, "side by side"),
        says(compared(str.lower), "exactly so"),
        says(compared(str.strip), "exactly so"),
        says(copies_out_of_train, "Leave it whole"),
        all_different,
        as_sets,
        says(lambda d, val_fraction=0.1: split_by_dict(d, val_fraction)[::-1], "training part comes first"),
        says(lambda d, val_fraction=0.1: split_by_dict(d, 0.1), "in the training part"),
        says(lambda d, val_fraction=0.1: split_by_dict(d[::-1], val_fraction), "Keep their order"),
        says(lambda d, val_fraction: split_by_dict(d, val_fraction), "missing 1 required"),
        says(lambda d, val_fraction=0.2: split_by_dict(d, val_fraction), "It is 0.1 then."),
        says(lambda d, val_fraction=0.1: split_by_dict(d, val_fraction)[0], "two lists"),
        says(lambda d, val_fraction=0.1: split_by_dict(d, 1 - val_fraction), "cut at round"),
        says(lambda d, val_fraction=0.1: print(split_by_dict(d, val_fraction)), "Does it end with `return`?"),
        lambda d, val_fraction=0.1: map(sorted, split_by_dict(d, val_fraction)),
        lambda d, val_fraction=0.1: [
            d[: -round(len(d) * val_fraction) - 1],
            d[-round(len(d) * val_fraction) - 1 :],
        ],
        split_at(lambda n, share: int(n * (1 - share))),
        split_at(lambda n, share: math.ceil(n * (1 - share))),
        split_at(lambda n, share: n - max(1, round(n * share))),
        says(split_at(lambda n, share: -round(n * share)), "On ['a', 'b', 'c'] with val_fraction=0.1"),
        says(compared(lambda d: d[:11]), "exactly so"),
        says(compared(nfc), "exactly so"),
        says(looked_up_in_one_text, "exactly so"),
        says(removed_once, "is in both parts"),
        says(copies_added_to_train, "add them nowhere"),
        says(train_without_copies, "it may hold copies"),
        says(lambda d, val_fraction=0.1: map(" ".join, split_by_dict(d, val_fraction)), "two lists"),
    ],
    "01.report": [
        says(with_entries(code_points=lambda data, text: len(nfc(text))), "NFC is for the words only"),
        with_entries(letters=lambda data, text: len(nfc(text))),
        with_entries(letters=lambda data, text: len(text)),
        with_entries(bytes=lambda data, text: len(text)),
        says(opened_as_text, "becomes \\n"),
        says(with_entries(in_nfc=lambda data, text: not unicodedata.is_normalized("NFD", text)), "'in_nfc'"),
        with_entries(in_nfc=lambda data, text: nfc(text)),
        says(with_entries(bad_byte=lambda data, text: False), "None if there is no error"),
        with_entries(bad_byte=lambda data, text: -1),
        says(words_of(str.lower), "NFC"),
        says(words_of(nfc), "lower case"),
        says(words_of(lambda text: nfc(text).casefold()), "ß"),
        words_of(lambda text: nfkc(text).upper()),
        words_of(lambda text: nfc(text).lower(), r"[a-z]+"),
        words_of(lambda text: nfc(text).lower(), r"\S+"),
        with_entries(once=lambda data, text: len(set(re.findall(r"\w+", nfc(text).lower())))),
        says(without("once"), "the entry 'once'"),
        says(without("bad_byte"), "the entry 'bad_byte'"),
        says(goes_on, "Stop at the bad byte"),
        says(partial(report_by_reading, errors="replace"), r"b'no caf\xe9'"),
        bad_character,
        says(lambda path: path.read_text(encoding="ascii"), "UnicodeDecodeError"),
        says(lambda path: list(report_by_reading(path).values()), "a dictionary"),
        says(lambda path: print(report_by_reading(path)), "Does it end with `return`?"),
        endless(lambda path: [path for _ in count()]),
        with_entries(in_nfc=lambda data, text: len(nfc(text)) == len(text)),
        with_entries(in_nfc=lambda data, text: nfkc(text) == text),
        with_entries(in_nfc=lambda data, text: not any(map(unicodedata.combining, text))),
        words_of(lambda text: nfkc(text).lower()),
        says(report_overwriting, "change nothing"),
    ],
}
