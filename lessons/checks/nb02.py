"""Checks of the exercises in 02_regex_tokenization."""

import math
import random
import re
import unicodedata
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any

import regex

from helpers.corpus import load_story, split_train_val
from helpers.words import WordTokenizer, split_words
from lessons import exercises
from lessons.exercises import (
    NotAttempted,
    Words,
    Wrong,
    call,
    exercise,
    expect,
    is_stub,
    rejection,
    same,
    short,
)


@exercise("02.first_loss", may_be_none=True)
def first_loss(answer: Any) -> str:
    drops_tabs = regex.compile(r" ?\w+| ?[^\w\s]|[ \n]").findall
    whole = regex.compile(r" ?\w+| ?[^\w\s]|\s").findall
    lower = lambda text: whole(text.lower())
    composed = lambda text: [unicodedata.normalize("NFC", text)]
    swapped = lambda text: whole(text)[::-1]
    for split, text, right, hint in [
        (whole, "One\tplimbet,\n  green.", None, "Here nothing is lost."),
        (drops_tabs, "One\tplimbet", 3, "The tab at position 3 is lost."),
        (str.split, "One plimbet", 3, "The space at position 3 is lost."),
        (drops_tabs, "One plimbet\t", 11, "Only the end is missing: zip stops where the shorter one ends."),
        (drops_tabs, "\t", 0, "No piece is left, so position 0 is the first that is wrong."),
        (lower, "a B", 2, "A changed character is a loss too."),
        (swapped, "a b", 0, "All characters are there, but in another order."),
        (lambda text: [*whole(text), "\n"], "a b", 3, "One character too many is wrong as well."),
        (lambda text: whole(text)[1:], "Ha Ha Ha", 0, "The first piece is lost, even if it comes again."),
        (lambda text: whole(text)[:-1], "Ha Ha Ha", 5, "The last piece is lost, even if it came before."),
        (
            lambda text: [text[1:]],
            "aaab",
            2,
            "The first position at which the two differ, wherever it was lost.",
        ),
        (drops_tabs, "é\tb", 1, "Positions count characters, not bytes."),
        (composed, "cafe\u0301", 3, "é in one code point is not é in two: compare them as they are."),
        (whole, "", None, "An empty text comes back whole."),
        (whole, load_story(), None, "The whole story, and nothing is lost."),
        (lambda text: [text[:-1]], load_story(), len(load_story()) - 1, "The loss may come late."),
    ]:
        joined = "".join(split(text))
        given = f"{short(text)}, where the pieces join to {short(joined)},"
        expect(answer, (split, text), right, hint, given=given)
    return "With this you can find the place at which any tokenizer loses something."


ADDRESS = "On each side of the one @: runs of \\w, joined by single points or hyphens."


@exercise("02.email")
def email(answer: Any) -> str:
    if not isinstance(answer, str | re.Pattern | regex.Pattern):
        raise Wrong(f"This should be a pattern, as a str; it is {short(answer)}.")
    try:
        pattern = regex.compile(*((answer,) if isinstance(answer, str) else (answer.pattern, answer.flags)))
    except (regex.error, ValueError, TypeError) as error:
        raise Wrong(f"The pattern does not compile: {error}.") from None

    def pieces(text: str) -> list[str]:
        # Within this module no signal ends a pattern that goes through all ways to fail
        return [m.group() for m in pattern.finditer(text, timeout=exercises.SECONDS)]

    for text, right in [
        ("To: lost@marramquay.example", ["To", ":", "lost@marramquay.example"]),
        ("Ask þóra.k@sannoy.ferry.example!", ["Ask", "þóra.k@sannoy.ferry.example", "!"]),
        ("(b-2_x@a-b.example).", ["(", "b-2_x@a-b.example", ")", "."]),
        ("pegs@4.example, pegs", ["pegs@4.example", ",", "pegs"]),
        ("Write to z@sannoy.example.", ["Write", "to", "z@sannoy.example", "."]),
        ("Peg@Quay.Example;b@c.example", ["Peg@Quay.Example", ";", "b@c.example"]),
        ("<a.b.c@d.e.f.example>\n", ["<", "a.b.c@d.e.f.example", ">"]),
        ("-a@b.example-", ["-", "a@b.example", "-"]),
        ("4.a-b.c.d-e@s\u00e1.f-g.h.c_d.i-j.example", ["4.a-b.c.d-e@s\u00e1.f-g.h.c_d.i-j.example"]),
        ("a..x@y.z..b", ["a", ".", ".", "x@y.z", ".", ".", "b"]),
        ("a,x@y.z,b or c/x@y.z:80", ["a", ",", "x@y.z", ",", "b", "or", "c", "/", "x@y.z", ":", "80"]),
    ]:
        expect(pieces, (text,), right, ADDRESS)
    for text in [
        "I've got £3.50 @ 4:15.",
        "a @ b",
        "half@",
        "@property",
        "v2.csv and e.g. this.",
        "tea-strainer o'clock 1,250 lostItems_final_v2",
        load_story(),
    ]:
        want = split_words(text)
        want = want if "marramquay" not in text else mail_kept(want)
        expect(pieces, (text,), want, "What is not an address must be cut as before.")
    return "There is always one more such rule to write: for web addresses, dates, smileys."


def mail_kept(tokens: list[str]) -> list[str]:
    """`tokens` with the one e-mail address of the story put together."""
    i = tokens.index("@")
    return [*tokens[: i - 1], "".join(tokens[i - 1 : i + 4]), *tokens[i + 4 :]]


LONGEST = "Up to the longest in the batch, with the padding after the ids."


@exercise("02.pad")
def pad(answer: Any) -> str:
    cases = [
        (([[5, 6], [7], [8, 9, 4]], 2), LONGEST),
        (
            ([[5, 6, 7, 8]] * 2, 0),
            "The batch size is 2, but a row is as long as the longest sequence, here 4.",
        ),
        (([[1]] * 5, 0), "The batch size is 5, but a row is as long as the longest sequence, here 1."),
        (([[5], [6, 7]], 9, 4), "To max_length, where that is given."),
        (([[5, 6, 7], [8]], 9, 2), "What is longer than max_length is cut off at its end."),
        (([[5, 6, 7], [8, 9, 4, 3]], 9, 2), "All rows are cut off here, to max_length."),
        (([[], [3]], 2), "An empty sequence is all padding."),
        (([[2, 7], [2]], 2), "pad_id may be among the ids too."),
    ]
    draw = random.Random(2)
    for _ in range(20):
        rows = [[draw.randrange(99) for _ in range(draw.randrange(9))] for _ in range(draw.randint(1, 6))]
        cases.append(((rows, draw.randrange(99), draw.randint(1, 9)), "To max_length, cut or filled up."))
        cases.append(((rows, draw.randrange(99)), LONGEST))
    for (sequences, pad_id, *rest), hint in cases:
        length = rest[0] if rest else max(map(len, sequences))
        right = [[ids[i] if i < len(ids) else pad_id for i in range(length)] for ids in sequences]
        expect(answer, (sequences, pad_id, *rest), right, hint)
    return "All rows are equally long. Lesson 08 shows how to tell a model which places are real."


@exercise("02.smallest_vocab", may_be_none=True)
def smallest_vocab(answer: Any) -> str:
    story = load_story()
    small = "a a a a b b b c c d", "a b c d a b e a"
    cases = [
        ("a a a a a a a a a a b b b b c c c d d e", "e e e e e e a b c d", 0.5),
        (*small, 0.5),
        (*small, 0.25),
        (*small, 0.2),
        (*small, 0.125),
        (*small, 0.0),
        ("a a b", "z a a a", 0.5),
        ("c b b a a a", "c c c b a", 0.0),
        (*split_train_val(story[:8000]), 0.35),
        (*split_train_val(story), 0.2),
        (*split_train_val(story), 0.05),
        (*small, 1.0),
    ]
    for n, (train, val, share) in enumerate(cases):
        right = brute_force(train, val, share)
        with counted_trainings() as trained:
            given = f"train={short(train, 50)}, val={short(val, 50)}, share={share}"
            got = call(answer, train, val, share, expected=right, given=given)
        if not same(got, right):
            raise rejection(given, right, got, why_not(got, cases[: n + 1]))
        if len(trained) > 1:
            often = Words(f"the right size after {len(trained)} trainings")
            raise rejection(given, Words("one training"), often, "What does the id of a word say?")
    return "One training and one encoding were enough: the id of a word says from which size on it is known."


@contextmanager
def counted_trainings():
    """A list that gets an item for each call of `WordTokenizer.train` in the block."""
    trained, train = [], WordTokenizer.__dict__["train"]

    def counted(cls: type, *args: Any, **options: Any) -> WordTokenizer:
        trained.append(1)
        return train.__func__(cls, *args, **options)

    WordTokenizer.train = classmethod(counted)
    try:
        yield trained
    finally:
        WordTokenizer.train = train


def why_not(got: Any, cases: list[tuple[str, str, float]]) -> str:
    """The mistake that gives `got` in the last of the cases, and what is right in those before it."""
    *before, last = cases
    if brute_force(*last) is None:
        return "Even the whole vocabulary leaves more unknown."
    gives = lambda mistake, case: mistake(*case) == brute_force(*case)
    for mistake, hint in MISTAKES:
        if same(got, mistake(*last)) and all(gives(mistake, case) for case in before):
            return hint
    return "Try the sizes from 4 on, by hand: which words of val have an id below that size, other than 0?"


def brute_force(
    train: str, val: str, share: float, enough: Callable = lambda unknown, limit: unknown <= limit, once=False
) -> int | None:
    """The answer, by bisection over the sizes: the share of unknown words falls as the size grows."""
    words = list(set(split_words(val))) if once else split_words(val)
    tokens = list(WordTokenizer.train(train).vocab)
    fits = lambda size: enough(
        len(words) - sum(map(set(tokens[3:size]).__contains__, words)), share * len(words)
    )
    low, high = 4, len(tokens)
    if not fits(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def off_by(n: int) -> Callable:
    return lambda *case: None if (right := brute_force(*case)) is None else right + n


MISTAKES = [  # (what gives the wrong size, hint)
    (off_by(-3), "That is 3 too few: max_vocab counts the special tokens too."),
    (off_by(-1), "Id i is known from max_vocab i + 1 on."),
    (off_by(1), "That is one too many: id i is known from max_vocab i + 1 on."),
    (
        partial(brute_force, enough=lambda unknown, limit: unknown < limit),
        "`share` itself is allowed: at most.",
    ),
    (partial(brute_force, enough=lambda unknown, limit: unknown <= math.ceil(limit)), "Round nothing up."),
    (partial(brute_force, once=True), "Count each word as often as it stands in val."),
    (
        lambda train, val, share: brute_force(train, train, share),
        "That is the size for train. Count the unknown words of val.",
    ),
]


@exercise("02.implied_space")
def implied_space(answer: Any) -> str:
    if not isinstance(answer, tuple | list) or len(answer) != 2 or not all(map(callable, answer)):
        raise Wrong(f"Give the two functions, (cut, join); you gave {short(answer)}.")
    cut, join = answer
    if is_stub(cut) or is_stub(join):
        raise NotAttempted
    examples = [
        ("Half a trombone", ["Half", "a", "trombone"]),
        ("a  b", ["a", " ", " ", "b"]),
        ("Peg, green", ["Peg", ",", " ", "green"]),
        ("I've\tgot 4:15", ["I've", "\t", "got", "4:15"]),
        (
            "the tea-strainer o'clock 3.50 £3.50 ",
            ["the", "tea-strainer", "o'clock", "3.50", " ", "£", "3.50", " "],
        ),
        ("a _b_ __ _ c", ["a", "_b_", "__", "_", "c"]),
        ("é e\u0301 忘れ物 \u0939\u093f", ["é", "e\u0301", "忘れ物", "\u0939\u093f"]),
        ("a\u00a0b\n", ["a", "\u00a0", "b", "\n"]),
    ]
    for text, right in examples:
        expect(
            cut,
            (text,),
            right,
            "Only a single space between two words is left out. WORD says what a word is.",
        )
    for text, right in examples:
        expect(join, (right,), text, "Where two words stand side by side, put a space between them.")
    nasty = ["", " ", "a\r\nb", "a ", " a", "a\n\nb", "a -b- c", "a '", "1. 5 1.5", "👍🏽 👍", ") (", "a . b"]
    for text in [*nasty, load_story()]:
        pieces = call(cut, text)
        back = call(join, pieces, expected=Words(short(text)))
        if back != text:
            raise rejection(f"the pieces {short(pieces)} of {short(text, 60)}", text, back)
    extra = sorted(set(pieces) - set(split_words(text)))
    if odd := [piece for piece in extra if not piece.isspace()]:
        raise rejection("the story", Words("plain words, marks and white space"), Words(f"also {short(odd)}"))
    return (
        f"The story in {len(pieces):,} pieces, {len(set(pieces)):,} of them distinct, and nothing lost. "
        "That is more pieces than with leading spaces, but a smaller vocabulary."
    )
