"""Answers to the exercises of notebook 02."""

import difflib
import os
import re
import unicodedata
from collections import Counter
from itertools import chain, pairwise, zip_longest

import numpy as np
import regex
import torch

from answers import endless, form, says
from helpers.words import MARK, WORD, WordTokenizer, split_words

# ---- 02.first_loss ----


def by_zip_longest(cut, text):
    pairs = zip_longest(text, "".join(cut(text)))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), None)


def by_common_prefix(split, text):
    joined = "".join(split(text))
    return None if joined == text else len(os.path.commonprefix([joined, text]))  # noqa: RUF071


def by_arrays(split, text):
    codes = lambda s: np.array([ord(c) for c in s] + [-1])
    before, after = codes(text), codes("".join(split(text)))
    n = min(len(before), len(after))
    differ = np.flatnonzero(before[:n] != after[:n])
    return differ[0] if len(differ) else None


def nfc(text):
    return unicodedata.normalize("NFC", text)


def by_bytes(split, text):
    pairs = zip_longest(text.encode(), "".join(split(text)).encode())
    return next((i for i, (a, b) in enumerate(pairs) if a != b), None)


def by_difflib(split, text):
    steps = difflib.SequenceMatcher(None, text[:100], "".join(split(text))[:100]).get_opcodes()
    return next((start for kind, start, *_ in steps if kind != "equal"), None)


def without_the_end(split, text):
    for i, (a, b) in enumerate(zip(text, "".join(split(text)), strict=False)):
        if a != b:
            return i


def too_short(split, text):
    joined = "".join(split(text))
    return next((i for i, c in enumerate(text) if joined[i] != c), None)


def one_way(split, text):
    joined = "".join(split(text))
    return next((i for i, c in enumerate(text) if joined[i : i + 1] != c), None)


def by_piece(split, text):
    at = 0
    for piece in split(text):
        if text[at : at + len(piece)] != piece:
            return at
        at += len(piece)
    return None if at == len(text) else at


def by_missing_character(split, text):
    joined = "".join(split(text))
    return next((i for i, c in enumerate(text) if c not in joined), None)


# ---- 02.email ----

NAME = r"\w+(?:[.-]\w+)*"

# ---- 02.pad ----


def in_a_loop(sequences, pad_id, max_length=None):
    length = max_length if max_length is not None else len(max(sequences, key=len))
    rows = []
    for ids in sequences:
        row = list(ids)[:length]
        while len(row) < length:
            row.append(pad_id)
        rows.append(tuple(row))
    return rows


def in_an_array(batch, fill, max_length=None):
    table = np.full((len(batch), max_length or max(map(len, batch))), fill)
    for row, ids in zip(table, batch, strict=True):
        row[: len(ids)] = ids[: len(row)]
    return table


def as_a_tensor(sequences, pad_id, max_length=None):
    rows = [torch.tensor(ids, dtype=torch.long) for ids in sequences]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)
    if max_length is None:
        return padded
    return torch.nn.functional.pad(padded, (0, max_length - padded.shape[1]), value=pad_id)


def yielded(sequences, pad_id, max_length=None):
    longest = max(map(len, sequences)) if max_length is None else max_length
    for ids in sequences:
        yield [i for i, _ in zip(chain(ids, [pad_id] * longest), range(longest), strict=False)]


def in_place(sequences, pad_id, max_length=None):
    length = max_length or max(map(len, sequences))
    for ids in sequences:
        del ids[length:]
        ids += [pad_id] * (length - len(ids))
    return sequences


def rows_to(length_of, side="right"):
    def pad_to(sequences, pad_id, max_length=None):
        length = length_of(sequences, max_length)
        pads = lambda ids: [pad_id] * (length - len(ids))
        return [
            ids[:length] + pads(ids) if side == "right" else pads(ids) + ids[:length] for ids in sequences
        ]

    return pad_to


longest_or = lambda sequences, max_length: max_length or max(map(len, sequences))


# ---- 02.smallest_vocab ----


def by_sorting(train, val, share):
    ids = np.array(WordTokenizer.train(train).encode(val))
    allowed = int(np.floor(share * len(ids) + 1e-9))
    missing = (ids == 0).sum()
    if missing > allowed:
        return None
    known = np.sort(ids[ids > 0])[::-1]
    over = known[allowed - missing :]  # the rarest may stay unknown
    return np.maximum(4, over[0] + 1) if len(over) else 4


def by_counter(train_text, val_text, limit):
    order = sorted(Counter(split_words(train_text)).items(), key=lambda item: (-item[1], item[0]))
    needed = Counter(split_words(val_text))
    unknown, n = needed.total(), needed.total()
    for size, (word, _) in enumerate(order, start=4):
        unknown -= needed[word]
        if unknown / n <= limit:
            return size
    return None


def by_bisection(train, val, share):
    tokenizer = WordTokenizer.train(train)
    ids = tokenizer.encode(val)
    unknown = lambda size: sum(i == 0 or i >= size for i in ids)
    sizes = range(4, len(tokenizer.vocab) + 1)
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if unknown(sizes[middle]) <= share * len(ids) else (middle + 1, high)
    return sizes[low] if low < len(sizes) else None


def sizes_from(first, good=lambda unknown, n, share: unknown <= share * n, plus=0, last=1):
    """Walks through the sizes of one training; the arguments are where it may go wrong."""

    def smallest_vocab(train, val, share):
        tokenizer = WordTokenizer.train(train)
        ids = tokenizer.encode(val)
        for size in range(first, len(tokenizer.vocab) + last):
            if good(sum(i == 0 or i >= size for i in ids), len(ids), share):
                return size + plus
        return None

    return smallest_vocab


def trained_at_every_size(train, val, share):
    for size in range(4, len(WordTokenizer.train(train).vocab) + 1):
        ids = WordTokenizer.train(train, max_vocab=size).encode(val)
        if ids.count(0) <= share * len(ids):
            return size
    return None


def trained_by_bisection(train, val, share):
    low, high = 4, len(WordTokenizer.train(train).vocab)
    good = lambda size: (
        (ids := WordTokenizer.train(train, max_vocab=size).encode(val)).count(0) <= share * len(ids)
    )
    if not good(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle + 1, high)
    return low


def without_zero(train, val, share):
    ids = WordTokenizer.train(train).encode(val)
    return next((s for s in range(4, max(ids) + 2) if sum(i >= s for i in ids) <= share * len(ids)), None)


def of_different_words(train, val, share):
    tokenizer = WordTokenizer.train(train)
    ids = [tokenizer.encode(word)[0] for word in set(split_words(val))]
    sizes = range(4, len(tokenizer.vocab) + 1)
    return next((s for s in sizes if sum(i == 0 or i >= s for i in ids) <= share * len(ids)), None)


# ---- 02.implied_space ----

PIECE = regex.compile(rf"(?P<word>{WORD})|{MARK}|\s")
a_word = lambda piece: regex.fullmatch(WORD, piece)


def cut_with(is_word):
    def cut(text):
        pieces = PIECE.finditer(text)
        pieces = [m[0] for m in pieces]
        around = zip(["", *pieces], pieces, [*pieces[1:], ""], strict=False)
        return [b for a, b, c in around if not (b == " " and is_word(a) and is_word(c))]

    return cut


def join_with(is_word):
    def join(pieces):
        text = ""
        for a, b in pairwise(["", *pieces]):
            text += " " + b if is_word(a) and is_word(b) else b
        return text

    return join


def cut_lazily(text):
    held, after_word = "", False
    for match in PIECE.finditer(text):
        piece, is_word = match[0], match["word"] is not None
        if held and not (is_word and after_word):
            yield held
            after_word = False
        held = ""
        if piece == " " and after_word:
            held = " "
            continue
        yield piece
        after_word = is_word
    if held:
        yield held


def join_by_reduce(tokens):
    out = []
    for token in tokens:
        if out and a_word(out[-1]) and a_word(token):
            out.append(" ")
        out.append(token)
    return "".join(out)


def popping(pieces):
    text = pieces.pop(0) if pieces else ""
    last = text
    while pieces:
        piece = pieces.pop(0)
        text, last = text + (" " if a_word(last) and a_word(piece) else "") + piece, piece
    return text


seen = {}


def cut_and_note(text):
    pieces = cut_with(a_word)(text)
    seen["text"] = text
    return pieces


RIGHT = {
    "02.first_loss": [by_zip_longest, by_common_prefix, by_arrays],
    "02.email": [
        rf"{NAME}@{NAME}|{WORD}|{MARK}",
        rf"(?:[\w-]+\.)*\w[\w-]*@(?:\w[\w-]*\.)+\w+|{WORD}|{MARK}",
        regex.compile(rf"(\w+([.-]\w+)*@\w+([.-]\w+)+)|({WORD})|({MARK})"),
        re.compile(rf"{NAME}@{NAME}|{WORD}|{MARK}"),
        np.str_(rf"{NAME}@{NAME}|{WORD}|{MARK}"),
        rf"(?P<name>\w+(?:[.-]\w+)*)@(?&name)|{WORD}|{MARK}",
    ],
    "02.pad": [in_a_loop, in_an_array, as_a_tensor, yielded],
    "02.smallest_vocab": [
        by_sorting,
        by_counter,
        by_bisection,
        sizes_from(4),
        lambda train, val, share: None if (size := by_sorting(train, val, share)) is None else np.int16(size),
    ],
    "02.implied_space": [
        (cut_with(a_word), join_with(a_word)),
        (cut_lazily, join_by_reduce),
        [lambda text: tuple(cut_with(a_word)(text)), lambda pieces: np.str_(join_with(a_word)(pieces))],
        (lambda text: iter(cut_with(a_word)(text)), join_by_reduce),
        (cut_with(lambda p: re.search(r"\w", p)), join_with(lambda p: re.search(r"\w", p))),
    ],
}
WRONG = {
    "02.first_loss": [
        says(without_the_end, "zip stops"),
        says(too_short, "IndexError"),
        says(one_way, "One character too many"),
        by_missing_character,
        lambda split, text: "".join(split(text)) == text,
        says(lambda split, text: by_common_prefix(split, text) or -1, "expected None, but got -1"),
        lambda split, text: len(text) - len("".join(split(text))),
        lambda split, text: text.find(next(iter(set(text) - set("".join(split(text)))), "\0")),
        lambda split, text: None if split(text) else 0,
        says(lambda split, text: print(by_zip_longest(split, text)), "Does it end with `return`?"),
        lambda split, text: i + 1 if (i := by_zip_longest(split, text)) is not None else None,
        lambda split, text: by_zip_longest(split, text) or None,
        lambda split, text: text[i] if (i := by_zip_longest(split, text)) is not None else None,
        says(lambda text: len(text), "takes 1 positional argument"),
        lambda split, text: by_zip_longest(lambda t: sorted(split(t)), "".join(sorted(text))),
        lambda split, text: next((i for i, p in enumerate(split(text)) if p not in text), None),
        says(by_bytes, "not bytes"),
        says(by_difflib, "wherever it was lost"),
        says(lambda split, text: by_zip_longest(lambda t: nfc("".join(split(t))), nfc(text)), "é in two"),
        says(lambda split, text: by_zip_longest(lambda t: "".join(split(t))[:999], text[:999]), "come late"),
    ],
    "02.email": [
        says(rf"{WORD}|{NAME}@{NAME}|{MARK}", "On each side of the one @"),
        says(rf"{WORD}|{MARK}|{NAME}@{NAME}", "expected ['To', ':', 'lost@marramquay.example'], but got"),
        rf"\S+@\S+|{WORD}|{MARK}",
        rf"[\w.-]+@[\w.-]+|{WORD}|{MARK}",
        rf"\w+@\w+|{WORD}|{MARK}",
        rf"\w+@\w+\.\w+|{WORD}|{MARK}",
        rf"\w+(?:[.-]\w+)*@\w+\.\w+|{WORD}|{MARK}",
        rf"[a-z0-9_.-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+|{WORD}|{MARK}",
        rf"\w+(?:.\w+)*@\w+(?:.\w+)*|{WORD}|{MARK}",
        rf"{NAME}@{NAME}|{WORD}",
        rf"{NAME}@{NAME}",
        rf"{NAME}@{NAME}|\w+|{MARK}",
        rf"{NAME}@{NAME}|{WORD}|{MARK}|\s",
        rf"{NAME}@?{NAME}|{WORD}|{MARK}",
        rf"{WORD}@{WORD}|{WORD}|{MARK}",
        r"\S+",
        rf"lost@marramquay.example|{WORD}|{MARK}",
        form(rf"({NAME}@{NAME}|{WORD}|{MARK}", "does not compile"),
        form(lambda text: regex.findall(rf"{NAME}@{NAME}|{WORD}|{MARK}", text), "should be a pattern"),
        form(None, "should be a pattern"),
        says(rf"(?:(?:\w|\w)+)+@\w+\.|{WORD}|{MARK}", "but "),
        rf"\w+(?:[.-]+\w+)*@{NAME}|{WORD}|{MARK}",
        rf"{NAME}@\w+(?:[.-]+\w+)*|{WORD}|{MARK}",
        rf"{NAME}@(?:\w+[.-])+\w{{2,}}|{WORD}|{MARK}",
        rf"{NAME}@[a-z0-9_]+(?:[.-][a-z0-9_]+)*|{WORD}|{MARK}",
        rf"{NAME}@[^\W_]+(?:[.-][^\W_]+)*|{WORD}|{MARK}",
        rf"[^\W\d]\w*(?:[.-]\w+)*@{NAME}|{WORD}|{MARK}",
        rf"\w+(?:[.,-]\w+)*@{NAME}|{WORD}|{MARK}",
        rf"{NAME}@\w+(?:[.,-]\w+)*|{WORD}|{MARK}",
        rf"{NAME}@\w+(?:[.:-]\w+)*|{WORD}|{MARK}",
        rf"\w+(?:[./-]\w+)*@{NAME}|{WORD}|{MARK}",
        rf"\w+(?:[.-]\w+){{0,3}}@\w+(?:[.-]\w+){{0,3}}|{WORD}|{MARK}",
        rf"\w+(?:-\w+)*(?:\.\w+)*@{NAME}|{WORD}|{MARK}",
        rf"{NAME}@\w+(?:-\w+)*(?:\.\w+)*|{WORD}|{MARK}",
    ],
    "02.pad": [
        says(in_place, "your function changed its argument"),
        says(rows_to(longest_or, "left"), "after the ids"),
        says(
            rows_to(lambda sequences, max_length: len(sequences)),
            "expected [[5, 6, 7, 8], [5, 6, 7, 8]], but got",
        ),
        says(rows_to(lambda sequences, max_length: max(map(len, sequences))), "To max_length"),
        rows_to(lambda sequences, max_length: min(map(len, sequences))),
        rows_to(
            lambda sequences, max_length: max(longest_or(sequences, max_length), max(map(len, sequences)))
        ),
        rows_to(
            lambda sequences, max_length: min(longest_or(sequences, max_length), max(map(len, sequences)))
        ),
        rows_to(lambda sequences, max_length: longest_or(sequences, max_length) + 1),
        says(lambda s, p, max_length=None: rows_to(longest_or)(s, 0, max_length), "but got"),
        says(lambda s, pad_id: rows_to(longest_or)(s, pad_id), "takes 2 positional arguments"),
        says(lambda s, p, max_length=None: print(rows_to(longest_or)(s, p, max_length)), "Does it end with"),
        lambda s, p, max_length=None: list(chain(*rows_to(longest_or)(s, p, max_length))),
        lambda s, p, max_length=None: [
            ids[-len(r) :] + r[len(ids) :] for ids, r in zip(s, in_a_loop(s, p, max_length), strict=True)
        ],
        lambda s, p, max_length=None: [list(map(str, row)) for row in in_a_loop(s, p, max_length)],
        lambda s, p, max_length=None: [list(r) for r in zip_longest(*s, fillvalue=p)],
        lambda s, p, max_length=None: [ids + [p] * (longest_or(s, max_length) - len(ids)) for ids in s],
        lambda s, p, max_length=None: [
            [i for i in r if i != p] + [p] * r.count(p) for r in in_a_loop(s[::-1], p, max_length)
        ],
    ],
    "02.smallest_vocab": [
        says(sizes_from(1, plus=-3), "max_vocab counts the special tokens too"),
        says(sizes_from(4, plus=-1), "from max_vocab i + 1 on"),
        says(sizes_from(4, lambda unknown, n, share: unknown < share * n), "at most"),
        sizes_from(4, lambda unknown, n, share: unknown <= share),
        sizes_from(4, lambda unknown, n, share: n - unknown <= share * n),
        sizes_from(4, lambda unknown, n, share: round(unknown / n, 1) <= share),
        sizes_from(4, last=0),
        sizes_from(4, plus=1),
        says(trained_at_every_size, "one training, but got the right size after"),
        says(trained_by_bisection, "one training"),
        without_zero,
        says(of_different_words, "as often as it stands"),
        says(lambda train, val, share: sizes_from(4)(train, train, share), "Count the unknown words of val"),
        lambda train, val, share: sizes_from(4)(val, val, share),
        lambda train, val, share: len(WordTokenizer.train(train).vocab),
        lambda train, val, share: sizes_from(4)(train, val, share) or 0,
        lambda train, val, share: sizes_from(4)(train.lower(), val.lower(), share),
        says(lambda train, val, share: print(sizes_from(4)(train, val, share)), "Does it end with `return`?"),
        lambda train, val, share: by_counter(train, val, share * 100),
        says(sizes_from(1), "expected 4, but got 1"),
        says(sizes_from(4, lambda unknown, n, share: unknown <= round(share * n)), "Round nothing"),
    ],
    "02.implied_space": [
        (cut_with(str.isalpha), join_with(str.isalpha)),
        (cut_with(str.isalnum), join_with(str.isalnum)),
        (cut_with(lambda p: p[:1].isalnum()), join_with(lambda p: p[:1].isalnum())),
        (cut_with(lambda p: p[-1:].isalnum()), join_with(lambda p: p[-1:].isalnum())),
        (cut_with(lambda p: re.fullmatch(WORD, p)), join_with(lambda p: re.fullmatch(WORD, p))),
        (cut_with(lambda p: any(map(str.isalnum, p))), join_with(lambda p: any(map(str.isalnum, p)))),
        says((split_words, " ".join), "Only a single space"),
        says((cut_with(a_word), "".join), "put a space between them"),
        says((cut_with(a_word), " ".join), "Where two words stand side by side"),
        (lambda text: [p for p in cut_with(a_word)(text) if p != " "], join_with(a_word)),
        (lambda text: regex.findall(rf"{WORD}|{MARK}|\s+", text), join_with(a_word)),
        (lambda text: regex.findall(rf" ?(?:{WORD}|{MARK})|\s", text), "".join),
        (lambda text: [text], lambda pieces: pieces[0]),
        (lambda text: text.split(" "), " ".join),
        (cut_with(lambda p: p.strip()), join_with(lambda p: p.strip())),
        says((cut_and_note, lambda pieces: seen["text"]), "but got"),
        says((cut_with(a_word), popping), "your function changed its argument: pieces was"),
        says((cut_with(a_word), lambda pieces: join_with(a_word)(pieces).strip()), "but got"),
        says((lambda text: print(cut_with(a_word)(text)), join_with(a_word)), "Does it end with `return`?"),
        (cut_with(a_word), join_by_reduce.__get__(" ")),
        form(cut_with(a_word), "Give the two functions"),
        form((cut_with(a_word), 5), "Give the two functions"),
        endless((cut_with(a_word), lambda pieces: [pieces for _ in iter(int, 1)])),
        (
            cut_with(lambda p: len(p) > 1 or p.isalnum()),
            join_with(lambda p: len(p) > 1 or p.isalnum()),
        ),
        says((lambda text: cut_with(a_word)(text.replace("\r\n", "\n")), join_with(a_word)), "a\\r\\nb"),
    ],
}
