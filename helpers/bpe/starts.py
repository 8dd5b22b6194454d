"""Where pre-tokens start, found by arrays for the published patterns: the same places, sooner.

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

BREAK, SPACE, BLANK, NUMBER, SLASH, QUOTE, OTHER, MARK, LETTER, UPPER, LOWER, EDGE = CLASSES = [*range(12)]
_CLASS_PATTERNS = {BLANK: r"\s+", NUMBER: r"\p{N}+", MARK: r"\p{M}+", LETTER: r"[\p{Lm}\p{Lo}]+"}
_CLASS_PATTERNS |= {UPPER: r"[\p{Lu}\p{Lt}]+", LOWER: r"\p{Ll}+"}  # OTHER is what none of them finds
_CLASS_PATTERNS |= {BREAK: "[\r\n]", SPACE: " ", SLASH: "/", QUOTE: "'", EDGE: "\0"}  # the later ones count
WHITE, LETTERS, OTHERS = [BREAK, SPACE, BLANK], [LETTER, UPPER, LOWER], [SLASH, QUOTE, OTHER, MARK]
BLANKS, VISIBLE = [SPACE, BLANK], [NUMBER, *LETTERS, *OTHERS]

# What a table says of a pair, as a sum of
CUT = 1  # the second starts a pre-token
LAST = 2  # the first does: the last white space before something visible belongs to it, or stands alone
UNLESS = 4  # the second does, unless the first does: `(abc` is one pre-token, `((abc` are two
ASK = 8  # the regex has to tell
SAFE = 16  # whatever stands around them, no pre-token holds both, and the first never depends on the second

# Classes of the first character, of the second, and what that means: the later rules count
RULES = [(kind, [i for i in CLASSES if i not in kind], CUT | SAFE) for kind in (WHITE, [NUMBER], LETTERS)]
RULES += [(OTHERS, [*WHITE, NUMBER, *LETTERS, EDGE], CUT), (OTHERS, BLANKS, CUT | SAFE)]
RULES += [(WHITE, VISIBLE, CUT | LAST)]
GPT2_RULES = [*RULES, ([SPACE], VISIBLE, LAST), (OTHERS, WHITE, CUT | SAFE)]
GPT4_RULES = [*RULES, (BLANKS, LETTERS, LAST), ([SPACE], OTHERS, LAST), (BLANKS, [BREAK], ASK)]
GPT4_RULES += [([BREAK], VISIBLE + BLANKS, CUT), ([BREAK], [NUMBER, *LETTERS], CUT | SAFE)]
GPT4_RULES += [(OTHERS, LETTERS, UNLESS), (OTHERS, [BREAK], 0)]
O200K_RULES = [*GPT4_RULES, ([LOWER], [UPPER], CUT), ([LETTER], [UPPER], ASK), (LETTERS, [QUOTE], CUT)]
O200K_RULES += [([BREAK], [SLASH], CUT | ASK), (CLASSES, [MARK], ASK), ([MARK], CLASSES, ASK)]
O200K_RULES += [([MARK], BLANKS, CUT | SAFE)]
EDGES = [(CLASSES, [EDGE], CUT | SAFE), ([EDGE], CLASSES, CUT | SAFE)]
PATTERNS = {  # how many digits are a pre-token at most, or 0 for any number; and the rules
    GPT2_PATTERN: (0, GPT2_RULES + EDGES),
    QWEN_PATTERN: (1, GPT4_RULES + EDGES),
    LLAMA3_PATTERN: (3, GPT4_RULES + EDGES),
    GPT4_PATTERN: (3, [*GPT4_RULES, *EDGES, (WHITE, [EDGE], CUT | SAFE | ASK)]),  # last blanks are one
    O200K_PATTERN: (3, O200K_RULES + EDGES),
}


class Cutter(NamedTuple):
    """How a pattern cuts. `digits`: at most so many are a pre-token; 0 for any number."""

    table: np.ndarray  # uint8, (256,): of two classes, 16 * first + second
    digits: int
    regex: regex.Pattern
    contraction: regex.Pattern


@cache
def cutter(*patterns: str) -> Cutter | None:
    """What cuts as these patterns do, if there is only one, and it is one of those published."""
    if len(patterns) != 1 or patterns[0] not in PATTERNS:
        return None
    digits, rules = PATTERNS[patterns[0]]
    table = np.zeros((16, 16), np.uint8)
    for first, second, what in rules:
        table[np.ix_(first, second)] = what
    contraction = f"'(?{'i' * (patterns[0] != GPT2_PATTERN)}:[sdmt]|re|ve|ll)"
    return Cutter(table.ravel(), digits, regex.compile(patterns[0]), regex.compile(contraction))


@cache
def character_classes(n: int = 0x110000) -> np.ndarray:
    """The classes of the first `n` code points, as the `regex` module has them: uint8, (n,)."""
    characters = np.arange(n, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    classes = np.full(n, OTHER, np.uint8)
    for number, pattern in _CLASS_PATTERNS.items():
        for run in regex.finditer(pattern, characters):
            classes[run.start() : run.end()] = number
    return classes


def cut_chunks(text: str, cut: Cutter) -> Iterator[tuple[bytes, np.ndarray]]:
    """Chunks of `text` in UTF-8, with the bytes where their n pre-tokens start, and the end: int64, (n + 1,).

    Each chunk ends at a safe place, and the next one takes the rest. U+0000 ends a text, and stands alone:
    a text that has one of its own is for the regex.
    """
    at, size = 0, CHUNK
    while at < len(text):
        chunk = text[at : at + size]
        bounds = pretoken_bounds(chunk, cut, at + size >= len(text))
        if len(bounds) == 1:  # no safe place is in sight
            size *= 2
            continue
        at, size, data = at + int(bounds[-1]), CHUNK, chunk.encode()
        if len(data) > len(chunk):  # in UTF-8 all bytes begin a character, but those 10xxxxxx
            begins = np.flatnonzero(np.frombuffer(data, np.uint8) & 0xC0 != 0x80)
            bounds = np.append(begins, len(data))[bounds]
        yield data, bounds


def pretoken_bounds(chunk: str, cut: Cutter, ends: bool = True) -> np.ndarray:
    """Where pre-tokens start in `chunk`, and the last safe place: int64. `ends`: the text ends with it.

    >>> pretoken_bounds("it's  3", cutter(GPT2_PATTERN)).tolist()
    [0, 2, 4, 5, 7]
    """
    code, dtype = ("ascii", np.uint8) if chunk.isascii() else ("utf-32-le", "<u4")
    codes = np.frombuffer(chunk.encode(code), dtype)
    classes = np.full(len(codes) + 1, EDGE, np.uint8)
    table = character_classes(next(n for n in TABLES if n > codes.max(initial=0)))
    table.take(codes, out=classes[:-1], mode="clip")
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
    _cut_contractions(chunk, classes, starts, what, cut)
    safe = what & SAFE > 0
    end = len(safe) - int(np.argmax(safe[::-1])) if safe.any() else 0
    if len(asked := np.flatnonzero(what[:end] & ASK)):
        _ask(chunk, starts, asked, np.append(0, np.flatnonzero(safe) + 1), cut.regex)
    return np.append(np.flatnonzero(starts[:end]), end)


def _cut_contractions(chunk: str, classes: np.ndarray, starts: np.ndarray, what: np.ndarray, cut: Cutter):
    """Change `starts` for 's 't 'm 'd 're 've 'll: each is a pre-token, or in o200k the end of a word."""
    quotes, ends = np.array([match.span() for match in cut.contraction.finditer(chunk)], int).reshape(-1, 2).T
    inside = cut.regex.pattern == O200K_PATTERN
    found = (quotes > 0) & np.isin(classes[quotes - 1], LETTERS) if inside else starts[quotes]
    quotes, ends = quotes[found], ends[found]
    starts[quotes + 1] = starts[ends - 1] = False
    starts[ends[ends < len(starts)]] = True
    if inside:
        starts[quotes] = False
        what[ends[:-1][ends[:-1] == quotes[1:]] - 1] |= ASK  # it's's: the second is after no word


def _ask(chunk: str, starts: np.ndarray, asked: np.ndarray, safe: np.ndarray, pattern: regex.Pattern) -> None:
    """Put `starts` right around the places `asked`, between two safe ones: there the regex sees enough."""
    after = np.unique(np.searchsorted(safe, asked, "right"))
    for run in np.split(after, np.flatnonzero(np.diff(after) > 1) + 1):  # neighbouring stretches are one
        start, end = safe[run[0] - 1], safe[run[-1]]
        starts[start:end] = False
        starts[[match.start() for match in pattern.finditer(chunk, start, end)]] = True
