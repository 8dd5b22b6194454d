"""Checks of the exercises in 02_regex_tokenization."""

import copy
import re
from typing import Any

import regex

from helpers.corpus import load_story, split_train_val
from helpers.exercises import NotAttempted, Wrong, call, exercise, expect, is_stub, said, same, short
from helpers.words import WordTokenizer, split_words


@exercise("02.first_loss")
def first_loss(answer: Any) -> str:
    drops_tabs = regex.compile(r" ?\w+| ?[^\w\s]|[ \n]").findall
    whole = regex.compile(r" ?\w+| ?[^\w\s]|\s").findall
    lower = lambda text: whole(text.lower())
    for split, text, right, hint in [
        (whole, "One\tplimbet,\n  green.", None, "Here nothing is lost."),
        (drops_tabs, "One\tplimbet", 3, "The tab at position 3 is lost."),
        (str.split, "One plimbet", 3, "The space at position 3 is lost."),
        (drops_tabs, "One plimbet\t", 11, "Only the end is missing: zip stops at the shorter of its two."),
        (drops_tabs, "\t", 0, "No piece is left, so position 0 is the first that is wrong."),
        (lower, "a B", 2, "A changed character is a loss too."),
        (lambda text: [*whole(text), "\n"], "a b", 3, "One character too many is wrong as well."),
        (whole, "", None, "An empty text comes back whole."),
    ]:
        ask = (lambda t, split=split: answer(split, t)) if callable(answer) else answer
        got = call(ask, text, expected=f"{right}. {hint}".removesuffix("."))
        if not same(got, right):
            joined = "".join(split(text))
            raise Wrong(
                f"On {text!r}, where the pieces join to {joined!r}: {short(got)}, not {right}. {hint}"
            )
    return "Now you can ask any tokenizer where it loses something, and get a position, not an opinion."


@exercise("02.email")
def email(answer: Any) -> str:
    if isinstance(answer, re.Pattern):
        answer = answer.pattern
    if not isinstance(answer, str | regex.Pattern):
        raise Wrong(f"This should be a pattern, as a str; it is {short(answer)}.")
    try:
        pattern = regex.compile(answer)
    except regex.error as error:
        raise Wrong(f"The pattern does not compile: {error}.") from None
    mail = lambda text: [m.group() for m in pattern.finditer(text)]
    for text, right in [
        ("To: lost@marramquay.example", ["To", ":", "lost@marramquay.example"]),
        ("Ask þóra.k@sannoy.ferry.example!", ["Ask", "þóra.k@sannoy.ferry.example", "!"]),
        ("(b-2_x@a-b.example).", ["(", "b-2_x@a-b.example", ")", "."]),
        ("pegs@4.example, pegs", ["pegs@4.example", ",", "pegs"]),
        ("Write to z@sannoy.example.", ["Write", "to", "z@sannoy.example", "."]),
    ]:
        expect(mail, (text,), right, "An address is words, joined by points or hyphens, around one @.")
    for text in [
        "I've got £3.50 @ 4:15.",
        "a @ b",
        "half@",
        "@property",
        "v2.csv and e.g. this.",
        load_story(),
    ]:
        want = split_words(text)
        want = want if "marramquay" not in text else mail_kept(want)
        got = mail(text)
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), 0)
            near = short(want[at : at + 4]), short(got[at : at + 4])
            raise Wrong(f"Other text must be cut as before: expected {near[0]}, but got {near[1]}.")
    return "Each such rule costs a line, and there is always one more: web addresses, dates, smileys."


def mail_kept(tokens: list[str]) -> list[str]:
    """`tokens` with the one e-mail address of the story put together."""
    i = tokens.index("@")
    return [*tokens[: i - 1], "".join(tokens[i - 1 : i + 4]), *tokens[i + 4 :]]


LONGEST = "Up to the longest in the batch, and behind the ids."


@exercise("02.pad")
def pad(answer: Any) -> str:
    for args, right, hint in [
        (([[5, 6], [7], [8, 9, 4]], 2), [[5, 6, 2], [7, 2, 2], [8, 9, 4]], LONGEST),
        (
            ([[5, 6, 7, 8]] * 2, 0),
            [[5, 6, 7, 8]] * 2,
            "Two sequences of 4 ids: the batch size is 2, and has nothing to do with it.",
        ),
        (([[1]] * 5, 0), [[1]] * 5, "Five sequences of 1 id: a row is as long as a sequence."),
        (([[5], [6, 7]], 9, 4), [[5, 9, 9, 9], [6, 7, 9, 9]], "To max_length, where that is given."),
        (([[5, 6, 7], [8]], 9, 2), [[5, 6], [8, 9]], "What is longer than max_length is cut off at its end."),
        (([[], [3]], 2), [[2], [3]], "An empty sequence is all padding."),
    ]:
        args_before = copy.deepcopy(args)
        try:
            got = answer(*args) if callable(answer) else call(answer, *args)
        except Wrong:
            raise
        except Exception as error:
            raise Wrong(f"On {short(args)} your function raised {said(error)}. {hint}") from None
        if args != args_before:
            raise Wrong("Your function changed the lists that it was given. Make new ones: ids + [...].")
        if not same(got, right):
            lost = " Does it end with `return`?" if got is None else ""
            raise Wrong(f"On {short(args)} expected {short(right)}, but got {short(got)}.{lost} {hint}")
    return "A rectangle. Which places are real, a model has to be told: that is notebook 08."


@exercise("02.smallest_vocab")
def smallest_vocab(answer: Any) -> str:
    story = load_story()
    small = "a a a a b b b c c d", "a b c d a b e a"
    for train, val, share in [
        (*small, 0.5),
        (*small, 0.25),
        (*small, 0.2),
        (*small, 0.125),
        (*small, 0.0),
        (*split_train_val(story[:8000]), 0.35),
        (*split_train_val(story), 0.2),
        (*split_train_val(story), 0.05),
    ]:
        right = brute_force(train, val, share)
        got = call(answer, train, val, share)
        if not same(got, right):
            asked = f"On {train!r:.30}, {val!r:.20}, share {share}"
            if right is not None and same(got, right - 3):
                raise Wrong(f"{asked} you gave {got}, 3 too few: max_vocab counts the special tokens too.")
            hint = "Id i is known from max_vocab i + 1 on, and `share` itself is still allowed."
            if right is None:
                hint = "Even the whole vocabulary leaves more unknown: None."
            raise Wrong(f"{asked} expected {right}, but got {short(got)}. {hint}")
    return "One training and one encoding were enough: the id of a word says from which size on it is known."


def brute_force(train: str, val: str, share: float) -> int | None:
    """The answer, by bisection over the sizes: the share of unknown words falls as the size grows."""
    words = split_words(val)
    tokens = list(WordTokenizer.train(train).vocab)
    enough = lambda size: sum(w not in set(tokens[3:size]) for w in words) <= share * len(words)
    low, high = 4, len(tokens)
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


@exercise("02.implied_space")
def implied_space(answer: Any) -> str:
    if not isinstance(answer, tuple | list) or len(answer) != 2 or not all(map(callable, answer)):
        raise Wrong(f"Give the two functions, (cut, join); you gave {short(answer)}.")
    cut, join = answer
    if is_stub(cut) or is_stub(join):
        raise NotAttempted
    for text, right in [
        ("Half a trombone", ["Half", "a", "trombone"]),
        ("a  b", ["a", " ", " ", "b"]),
        ("Peg, green", ["Peg", ",", " ", "green"]),
        ("I've\tgot 4:15", ["I've", "\t", "got", "4:15"]),
    ]:
        expect(cut, (text,), right, "Only a single space between two words is left out.")
    nasty = [
        "",
        " ",
        "a ",
        " a",
        "a\n\nb",
        "a -b- c",
        "a '",
        "1. 5 1.5",
        "a b\u00a0c",
        "é e\u0301 👍🏽 👍",
        ") (",
    ]
    for text in [*nasty, load_story()]:
        pieces = call(cut, text)
        back = call(join, pieces)
        if back != text:
            raise Wrong(f"{text!r:.40} came back as {short(back, 60)}: its pieces were {short(pieces)}.")
    pieces = call(cut, load_story())
    extra = sorted(set(pieces) - set(split_words(load_story())))
    if any(not piece.isspace() for piece in extra):
        raise Wrong(f"These pieces are neither plain words nor white space: {short(extra)}.")
    return (
        f"The story in {len(pieces):,} pieces, {len(set(pieces)):,} of them distinct, and nothing lost. "
        "A longer text against a smaller vocabulary: nothing is free."
    )
