"""Where pre-tokens start, found by arrays for the published patterns: the same places, sooner (notebook 11).

These patterns cut between two characters for reasons that lie in the two, or nearly so. So a table says for
each pair of classes of characters whether the second starts a pre-token, and one look-up finds the starts of
a whole chunk of text. Where two characters do not tell, the regex is asked, for that stretch alone.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import regex

from helpers.bpe.patterns import GPT2_PATTERN, GPT4_PATTERN, LLAMA3_PATTERN, O200K_PATTERN, QWEN_PATTERN

CHUNK = 2**16  # characters; the arrays of a chunk are many times its size
TABLES = [128, 0x3000, 0x10000, 0x40000, 0x110000]  # code points: the largest table takes 80 ms to fill in

BREAK, SPACE, BLANK, NUMBER, SLASH, QUOTE, OTHER, MARK, LETTER, UPPER, LOWER, EDGE = CLASSES = range(12)
_CLASS_PATTERNS = {  # the later ones count; OTHER is what none of them finds, EDGE the end of a text
    r"\s+": BLANK,
    r"\p{N}+": NUMBER,
    r"\p{M}+": MARK,
    r"[\p{Lm}\p{Lo}]+": LETTER,
    r"[\p{Lu}\p{Lt}]+": UPPER,
    r"\p{Ll}+": LOWER,
    "[\r\n]": BREAK,
    " ": SPACE,
    "/": SLASH,
    "'": QUOTE,
}
WHITE, LETTERS, OTHERS = [BREAK, SPACE, BLANK], [LETTER, UPPER, LOWER], [SLASH, QUOTE, OTHER, MARK]

# What a table says of a pair, as a sum of
CUT = 1  # the second starts a pre-token
LAST = 2  # the first does: the last white space before something visible belongs to it, or stands alone
UNLESS = 4  # the second does, unless the first does: `(abc` is one pre-token, `((abc` are two
ASK = 8  # the regex has to tell
SAFE = 16  # whatever stands around them, no pre-token holds both, and the first never depends on the second


class Cutter(NamedTuple):
    """How a pattern cuts. `digits`: at most so many are a pre-token; 0 for any number."""

    pattern: str
    table: np.ndarray  # uint8, (256,): of two classes, 16 * first + second
    digits: int
    regex: regex.Pattern


@cache
def character_classes(n: int = 0x110000) -> np.ndarray:
    """The classes of the first `n` code points, as the `regex` module has them: uint8, (n,)."""
    characters = np.arange(n, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    classes = np.full(n, OTHER, np.uint8)
    for pattern, number in _CLASS_PATTERNS.items():
        for run in regex.finditer(pattern, characters):
            classes[run.start() : run.end()] = number
    return classes


@cache
def cutter(pattern: str) -> Cutter | None:
    """What cuts as `pattern` does, if it is one of those published."""
    pattern = GPT4_PATTERN if pattern == GPT4_PATTERN.replace("{1,3}", "{1,3}+") else pattern
    digits = {GPT2_PATTERN: 0, QWEN_PATTERN: 1, GPT4_PATTERN: 3, LLAMA3_PATTERN: 3, O200K_PATTERN: 3}
    if pattern not in digits:
        return None
    table = np.zeros((16, 16), np.uint8)

    def rule(first: list[int], second: list[int], what: int) -> None:
        table[np.ix_(first, second)] = what

    visible, blanks = [NUMBER, *LETTERS, *OTHERS], [SPACE, BLANK]
    for kind in (WHITE, [NUMBER], LETTERS, OTHERS):  # each rule counts for more than those above it
        rule(kind, [i for i in CLASSES if i not in kind], CUT if kind == OTHERS else CUT | SAFE)
    rule(WHITE, visible, CUT | LAST)
    rule(OTHERS, blanks, CUT | SAFE)
    if pattern == GPT2_PATTERN:
        rule([SPACE], visible, LAST)
        rule(OTHERS, WHITE, CUT | SAFE)
    else:
        rule(blanks, LETTERS, LAST)
        rule([SPACE], OTHERS, LAST)
        rule([BREAK], visible + blanks, CUT)
        rule([BREAK], [NUMBER, *LETTERS], CUT | SAFE)
        rule(blanks, [BREAK], ASK)
        rule(OTHERS, LETTERS, UNLESS)
        rule(OTHERS, [BREAK], 0)
    if pattern == O200K_PATTERN:
        rule([LOWER], [UPPER], CUT)
        rule([LETTER], [UPPER], ASK)
        rule(LETTERS, [QUOTE], CUT)
        rule([BREAK], [SLASH], CUT | ASK)
        rule([*CLASSES], [MARK], ASK)
        rule([MARK], [*CLASSES], ASK)
        rule([MARK], blanks, CUT | SAFE)
    rule([*CLASSES], [EDGE], CUT | SAFE)
    rule([EDGE], [*CLASSES], CUT | SAFE)
    if pattern == GPT4_PATTERN:  # it takes white space at the end of a text whole
        rule(WHITE, [EDGE], CUT | SAFE | ASK)
    return Cutter(pattern, table.ravel(), digits[pattern], regex.compile(pattern))


def cut_chunks(text: str, cut: Cutter, edges: bool = False) -> Iterator[tuple[bytes, np.ndarray]]:
    """Chunks of `text` in UTF-8, with the bytes where their n pre-tokens start, and the end: int64, (n + 1,).

    Each chunk ends at a safe place, and the next one takes the rest. `edges`: U+0000 ends a text, and stands
    alone.
    """
    at, size = 0, CHUNK
    while at < len(text):
        chunk = text[at : at + size]
        data, is_ascii = chunk.encode(), chunk.isascii()
        codes = np.frombuffer(data, np.uint8) if is_ascii else np.frombuffer(chunk.encode("utf-32-le"), "<u4")
        bounds = pretoken_bounds(chunk, codes, cut, at + size >= len(text), edges)
        if len(bounds) > 1:
            yield data, bounds if is_ascii else _in_bytes(data, bounds)
            at, size = at + int(bounds[-1]), CHUNK
        else:  # no safe place is in sight
            size *= 2


def pretoken_bounds(
    chunk: str, codes: np.ndarray, cut: Cutter, ends: bool = True, edges: bool = False
) -> np.ndarray:
    """Where pre-tokens start in `chunk`, and the last safe place: int64. `ends`: the text ends with it.

    `codes` are its code points: uint8 for ASCII alone, else uint32. `edges`: each U+0000 ends a text.

    >>> text = "it's  3"
    >>> pretoken_bounds(text, np.frombuffer(text.encode(), np.uint8), cutter(GPT2_PATTERN)).tolist()
    [0, 2, 4, 5, 7]
    """
    classes = np.empty(len(codes) + 1, np.uint8)
    table = character_classes(next(n for n in TABLES if n > codes.max(initial=0)))
    table.take(codes, out=classes[:-1], mode="clip")
    classes[-1] = EDGE
    if edges:
        classes[:-1][codes == 0] = EDGE
    what = cut.table.take(classes[:-1] * np.uint8(16) + classes[1:])
    if not ends:
        what[-1] = 0
    starts = np.ones(len(codes), bool)
    np.bitwise_and(what[:-1], CUT, out=starts[1:].view(np.uint8))
    starts |= what & LAST != 0
    if cut.digits:
        starts[1:] |= (what[:-1] & UNLESS != 0) > starts[:-1]
        number = np.flatnonzero(classes[:-1] == NUMBER)
        first = np.maximum.accumulate(np.where(starts[number], number, 0))
        starts[number[(number - first) % cut.digits == 0]] = True
    _cut_contractions(codes, classes, starts, what, cut.pattern)
    end = len(what) - int(np.argmax((what & SAFE)[::-1] > 0))
    if not what[end - 1] & SAFE:
        return np.zeros(1, np.int64)
    if len(asked := np.flatnonzero(what[:end] & ASK)):
        _ask(chunk, starts, asked, np.append(0, np.flatnonzero(what & SAFE) + 1), cut.regex)
    return np.append(np.flatnonzero(starts[:end]), end)


def _cut_contractions(
    codes: np.ndarray, classes: np.ndarray, starts: np.ndarray, what: np.ndarray, pattern: str
) -> None:
    """Change `starts` for 's 't 'm 'd 're 've 'll: each is a pre-token, or in o200k the end of a word."""
    quotes = np.flatnonzero(codes == ord("'"))
    if pattern == O200K_PATTERN:
        quotes = quotes[np.isin(classes[quotes - 1], LETTERS) & (quotes > 0)]
    else:
        quotes = quotes[starts[quotes]]
    padded = np.append(codes, np.zeros(2, codes.dtype))
    first, second = padded[quotes + 1], padded[quotes + 2]
    if pattern != GPT2_PATTERN:  # capitals too, and the long s
        first, second = np.where(first == ord("ſ"), ord("s"), first | 32), second | 32
    one = np.isin(first, [ord(letter) for letter in "stmd"])
    two = np.isin(first, [ord(r) for r in "rv"]) & (second == ord("e"))
    two |= (first == ord("l")) & (second == ord("l"))
    ends = np.concatenate((quotes[one] + 2, quotes[two] + 3))
    starts[quotes[one | two] + 1] = starts[quotes[two] + 2] = False
    starts[ends[ends < len(starts)]] = True
    if pattern == O200K_PATTERN:
        found, after_one = quotes[one | two], np.zeros(len(padded) + 1, bool)
        starts[found], after_one[ends] = False, True
        what[found[after_one[found]] - 1] |= ASK  # it's's: the second is after no word


def _ask(chunk: str, starts: np.ndarray, asked: np.ndarray, safe: np.ndarray, pattern: regex.Pattern) -> None:
    """Put `starts` right around the places `asked`, between two safe ones: there the regex sees enough."""
    after = np.searchsorted(safe, asked, "right")
    after = after[np.diff(after, prepend=-1) > 0]  # each stretch once
    new = np.diff(after, prepend=-1) > 1  # neighbouring stretches are one
    for start, end in zip(
        safe[after[new] - 1], safe[after[np.append(new[1:], True)[: len(new)]]], strict=True
    ):
        starts[start:end] = False
        starts[[match.start() for match in pattern.finditer(chunk, start, end)]] = True


def _in_bytes(data: bytes, bounds: np.ndarray) -> np.ndarray:
    """Where the characters number `bounds` begin in UTF-8: all its bytes begin one, but those 10xxxxxx."""
    begins = np.flatnonzero(np.frombuffer(data, np.uint8) & 0xC0 != 0x80)
    return np.append(begins, len(data))[bounds]
