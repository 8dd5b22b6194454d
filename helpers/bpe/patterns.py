"""Cutting a text into pre-tokens: the published patterns, and what cuts by them."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise
from time import monotonic
from typing import NamedTuple

import regex

from helpers.arguments import WrongKind

# As published with GPT-2 (encoder.py, 2019).
GPT2_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# cl100k_base in tiktoken 0.14, which has `{1,3}+`: the same there, but "many times" to Hugging Face's engine.
GPT4_PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}"""
    r"""| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
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


# The parts of a pattern that Hugging Face's engine, Oniguruma, reads as `regex` does. Others mean something
# else there, such as \h (a hexadecimal digit), \b, (?m), back references, and (?i) around an i.
_ALIKE = regex.compile(
    r"""
    (?<escape> \\ (?: [rntfvadDsSwWAz] | x[0-9A-Fa-f]{2} | u[0-9A-Fa-f]{4} | [^A-Za-z0-9]
        | [pP]\{ \^? (?!(?i: word | x_?digit | posix | cased | changes | cw | dia | ext | idc | vs))
            [\w&]+ \} ) )
    | (?<set> \[ \^? \]? (?: (?&escape) | (?<!\[\^?) && (?![\]&]) | (?! -- | \|\| | ~~ | && ) [^\[\]\\]
        | \[: \^? (?: alpha | blank | cntrl | graph | lower | print | space | upper | xdigit ) :\]
        | (?!\[:) (?&set) )* \] )
    | \( (?: (?!\?) | \?(?: [:=!>] | <[=!] | <[A-Za-z]\w*> | s: | i:['’a-hj-zA-HJ-Z|\[\]]*\) ) )
    | \{ (?: \d+(?!\}\?) | \d+,\d* | ,\d+ ) \} (?!\+)
    | (?<![^|]) \^ | [^\\(\[{^]
    """,
    regex.VERBOSE | regex.V0,
)
# \w and \W as Oniguruma has them: in a set without, elsewhere with, the numbers of Latin-1
_IN_SET = {r"\w": r"[\w&&[^\u200c\u200d]]", r"\W": r"[\W\u200c\u200d]"}
_OUTSIDE = {r"\w": r"[[\w&&[^\u200c\u200d]]²³¹¼½¾]", r"\W": r"[^[\w&&[^\u200c\u200d]]²³¹¼½¾]"}


def compile_pattern(pattern: str) -> regex.Pattern:
    """`pattern` as Hugging Face's engine reads it: a set may stand in a set, and ^ and $ at line ends.

    Raises `ValueError` for what the two engines read in different ways.
    """
    if not isinstance(pattern, str):
        raise WrongKind(f"pattern must be a str, not {type(pattern).__name__}: {pattern!r:.60}")
    at, read = 0, ""
    while part := _ALIKE.match(pattern, at):
        words = _IN_SET if part["set"] else _OUTSIDE
        read += regex.sub(r"\\.", lambda escape, words=words: words.get(escape[0], escape[0]), part[0])
        at = part.end()
    if at < len(pattern):
        raise ValueError(
            f"pattern has {pattern[at : at + 20]!r} at position {at} of {pattern!r:.200}, which engines read "
            r"in different ways: say it with sets, \p{L}, \s, \d, or [Aa] for (?i); or load the file with "
            "tokenizers.Tokenizer.from_file"
        )
    try:
        return regex.compile(read, regex.V1 | regex.MULTILINE)
    except regex.error as error:
        raise ValueError(f"pattern does not compile: {error}, in {pattern!r}") from None


_compiled = lru_cache(compile_pattern)


def cut_by_all(text: str, cuts: tuple[Cut, ...]) -> list[str]:
    """The pre-tokens of `text`: cut by the first of `cuts`, each piece by the second, and so on.

    >>> cut_by_all("in 1984.", (Cut("[0-9]", strict=False), Cut(" ?[a-z]+|.")))
    ['in', ' ', '1', '9', '8', '4', '.']
    """
    pieces = [text]
    for one in cuts:
        pieces = [pretoken for piece in pieces for pretoken in cut(piece, one)]
    return pieces


def _spans(compiled: regex.Pattern, text: str, until: float) -> Iterator[tuple[int, int]]:
    """Where `compiled` matches. After an empty one the search goes on a character later, as in Oniguruma."""
    at = 0
    while match := compiled.search(text, at, timeout=max(until - monotonic(), 1e-6)):
        yield match.span()
        at = match.end() + (match.start() == match.end())
        if at > len(text):
            return


def cut(text: str, how: Cut) -> list[str]:
    """The pre-tokens of `text`, in order. Raises `ValueError` if the pattern is strict and leaves out some.

    A pattern may come from a stranger's file, and take for ever: then `TimeoutError` says so.
    """
    compiled, patience = _compiled(how.pattern), PATIENCE + len(text) / SPEED
    try:
        if not compiled.groups:  # with groups, findall would give those
            pretokens = compiled.findall(text, timeout=patience)
            if sum(map(len, pretokens)) == len(text) and "" not in pretokens[:-1]:
                return list(filter(None, pretokens))
        spans = list(_spans(compiled, text, monotonic() + patience))
    except TimeoutError:
        raise TimeoutError(
            f"pattern took over {patience:.0f} s for {len(text):,} characters, {text!r:.40}: it tries too "
            f"many ways to match. Cut the text into shorter ones, or write another: {how.pattern!r:.200}"
        ) from None
    bounds = sorted({0, len(text), *chain.from_iterable(spans)})
    if how.strict and (left_out := set(pairwise(bounds)) - set(spans)):
        start, end = min(left_out)
        raise ValueError(
            f"pattern leaves out {text[start : min(end, start + 20)]!r} at position {start} of {text!r:.40}, "
            r"which would be lost: let it match every character, for instance by adding |\s+|\S+ at its end"
        )
    return [text[start:end] for start, end in pairwise(bounds)]
