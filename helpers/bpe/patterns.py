"""Cutting a text: at the added tokens in it, and into pre-tokens, by the published patterns or another."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, pairwise
from typing import NamedTuple

import regex

# As published with GPT-2 (encoder.py, 2019).
GPT2_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# cl100k_base in tiktoken 0.14.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}"""
    r"""| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
TIKTOKEN_GPT4 = GPT4_PATTERN.replace("{1,3}", "{1,3}+")  # the same there, but not in a tokenizer.json
_SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
# In the tokenizer.json of Llama 3, and of others made from GPT-4's: the same, but at the end of a text.
LLAMA3_PATTERN = (
    rf"{_SHORT}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_PATTERN = LLAMA3_PATTERN.replace("{1,3}", "")  # each digit by itself
# o200k_base in tiktoken 0.14: GPT-4o, and those after it. A capital inside a word begins another.
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_START = r"[^\r\n\p{L}\p{N}]?"
O200K_PATTERN = (
    rf"{_START}{_UPPER}*{_LOWER}+{_SHORT}?|{_START}{_UPPER}+{_LOWER}*{_SHORT}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PATIENCE, SPEED = 10, 20_000  # seconds for any text, and characters for which there is one second more


class Cut(NamedTuple):
    """Each match of `pattern` is a pre-token. What it leaves out is one too, or, if `strict`, an error."""

    pattern: str
    strict: bool = True


def cut_by_all(text: str, cuts: Iterable[Cut]) -> list[str]:
    """The pre-tokens of `text`: cut by the first of `cuts`, each piece by the second, and so on.

    >>> cut_by_all("in 1984.", [Cut("[0-9]", strict=False), Cut(" ?[a-z]+|.")])
    ['in', ' ', '1', '9', '8', '4', '.']
    """
    pieces = [text]
    for how in cuts:
        pieces = [pretoken for piece in pieces for pretoken in cut(piece, how)]
    return pieces


def cut(text: str, how: Cut) -> list[str]:
    """The pre-tokens of `text`, in order. Raises `ValueError` if the pattern is strict and leaves out some.

    A pattern may come from a stranger's file, and take for ever: then `TimeoutError` says so.
    """
    compiled, patience = regex.compile(how.pattern), PATIENCE + len(text) / SPEED
    try:
        if not compiled.groups:  # or findall would give those
            pretokens = compiled.findall(text, timeout=patience)
            if sum(map(len, pretokens)) == len(text) and "" not in pretokens[:-1]:
                return list(filter(None, pretokens))
        spans = [match.span() for match in compiled.finditer(text, timeout=patience)]
    except TimeoutError:
        slow = f"took over {patience:.0f} s for {len(text):,} characters, {text!r:.40}: too many ways to try"
        raise TimeoutError(f"pattern {how.pattern!r:.200} {slow}. Write another, or cut the text") from None
    bounds = sorted({0, len(text), *chain.from_iterable(spans)})
    if how.strict and (left_out := set(pairwise(bounds)) - set(spans)):
        start, end = min(left_out)
        lost = f"{text[start:end][:20]!r} at position {start} of {text!r:.40}, which would be lost"
        raise ValueError(rf"pattern leaves out {lost}: let it match all, with |\s+|\S+ at its end")
    if twice := [a for (a, b), (c, _) in pairwise(spans) if a == b == c]:
        both = f"nothing, and then something, at position {twice[0]} of {text!r:.40}"
        raise ValueError(
            f"pattern {how.pattern!r:.200} matches {both}, where engines differ: let it match one"
        )
    return [text[start:end] for start, end in pairwise(bounds)]


_SIGN = (  # one that stands for a character or a class, the same in both engines
    r"\\(?:[rntfvadDsS]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^\p{L}\p{N}]"
    r"|[pP]\{\^?(?!(?i:word|x_?digit|posix|cased|changes|cw|dia|ext|idc|vs))[\w&]+\})"
)
ALIKE = [  # the pieces of a pattern that the engine of tokenizer.json, Oniguruma, reads as `regex` does
    *map(regex.escape, [_SHORT, "(?i:[sdmt]|ll|ve|re)", r"\s++$"]),  # in the published patterns
    rf"{_SIGN}|\[\^?\]?(?:{_SIGN}|(?!--|\|\||~~|&&)[^][\\])*+\]",  # a set, without sets and operations in it
    r"\((?!\?)|\(\?(?:[:=!>]|<[=!])|\{(?:\d*,?\d+|\d+,)\}(?![?+])|[^\\^$\[({]",
]


def check_alike(cuts: Iterable[Cut]) -> None:
    """Raise `ValueError` for what the engine of tokenizer.json reads otherwise than `regex`, or may."""
    for pattern, _ in cuts:
        at = regex.match(f"(?:{'|'.join(ALIKE)})*+", pattern).end()
        if at < len(pattern):
            other = f"{pattern[at:][:8]!r}, which may be something else in the engine of tokenizer.json"
            way_out = r"say it with \p{L}, \s, \d and sets, or load a file by tokenizers.Tokenizer.from_file"
            raise ValueError(f"pattern has {other}: {way_out}")


# ---- added tokens ----


class AddedToken(NamedTuple):
    """A name with an id of its own, found in a text before that is cut into pre-tokens.

    A special token counts only where it is allowed; another always, such as a run of spaces in code.
    `normalized`: it is looked for in the normalized text, after all those that are not.
    """

    content: str
    id: int
    special: bool = True
    normalized: bool = False


class Finder:
    """Finds added tokens, given by how they are spelt in the text. Special ones count if they are `allowed`.

    Of several that start at one place the longest counts, as in `tokenizers`. As there, a special token that
    is not allowed stays ordinary text, but hides the other added tokens that stand inside it.

    >>> list(Finder({"<a>": AddedToken("<a>", 7)}, {"<a>"}).split("x<a>"))
    ['x', 7, '']
    """

    def __init__(self, tokens: Mapping[str, AddedToken], allowed: Collection[str]):
        self._ids = {name: t.id for name, t in tokens.items() if not t.special or t.content in allowed}
        hide = any(not token.special for token in tokens.values())
        names = list(tokens if hide else self._ids)
        self._regex = regex.compile(r"\L<names>", names=names) if names else None  # the longest of them first

    def split(self, text: str) -> Iterator[str | int]:
        """The parts of `text` in order: ordinary text as it is, and the ids of what was found."""
        at = 0
        for match in self._regex.finditer(text) if self._regex else ():
            if match[0] in self._ids:
                yield text[at : match.start()]
                yield self._ids[match[0]]
                at = match.end()
        yield text[at:]
