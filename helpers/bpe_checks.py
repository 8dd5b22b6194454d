"""What a BPE tokenizer does not take, each with an error that says why. Used by `helpers.bpe`."""

import operator
from collections.abc import Collection, Iterable, Set
from itertools import pairwise
from typing import Any

import numpy as np
import regex


def compile_pattern(pattern: str) -> regex.Pattern:
    if not isinstance(pattern, str):
        raise TypeError(f"pattern must be a str, not {type(pattern).__name__}")
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"pattern does not compile: {error}, in {pattern!r}") from None


def check_text(text: str) -> None:
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}: {text!r:.60}")
    for start in range(0, 0 if text.isascii() else len(text), 2**16):  # by parts: no copy of a large text
        try:
            text[start : start + 2**16].encode()
        except UnicodeEncodeError as error:
            at = f"{error.object[error.start]!r} at position {start + error.start}"
            raise ValueError(f"text has a lone surrogate, {at}: UTF-8 cannot write it. Remove it") from None


def check_covered(text: str, matched: int, pattern: regex.Pattern) -> None:
    """Raise `ValueError`, with the place, if the pattern matched fewer characters than the text has."""
    if matched < len(text):
        spans = [(0, 0), *(match.span() for match in pattern.finditer(text))]
        at = next((end for (_, end), (start, _) in pairwise(spans) if start > end), spans[-1][1])
        raise ValueError(
            f"pattern leaves out {text[at : at + 20]!r} at position {at} of the text, which would be lost: "
            r"let it match every character, for instance by adding |\s+|\S+ at its end"
        )


def check_special_tokens(names: Collection[str]) -> None:
    ordered = isinstance(names, Collection) and not isinstance(names, str | Set)  # a set has no fixed order
    if not ordered or not all(isinstance(name, str) for name in names):
        raise TypeError(f"special_tokens must be a list or tuple of str, not {names!r}")
    if "" in names or len(set(names)) < len(names):
        raise ValueError(f"special_tokens is {names!r}: each needs a name, and none may have it twice")
    for name in names:
        check_text(name)


def check_vocab_size(vocab_size: int, n_special: int) -> None:
    if isinstance(vocab_size, bool) or not isinstance(vocab_size, int | np.integer):
        raise TypeError(f"vocab_size must be an int, not {vocab_size!r:.60}")
    if vocab_size < 256 + n_special:
        least = f"{256 + n_special}: 256 bytes and {n_special} special tokens"
        raise ValueError(f"vocab_size is {vocab_size}, but must be at least {least}")


def check_texts(texts: Iterable[str]) -> None:
    try:
        iter(texts)
    except TypeError:
        kind = type(texts).__name__
        raise TypeError(f"texts must be an iterable of str, not {kind}: {texts!r:.60}") from None


def as_integer(number: Any) -> int:
    try:
        return operator.index(None if isinstance(number, bool | np.bool_) else number)
    except TypeError:
        kind = type(number).__name__
        raise TypeError(f"ids must be integers in one dimension, not {number!r:.60} ({kind})") from None
