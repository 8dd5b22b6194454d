"""Cutting a text into pre-tokens: the published patterns, and what cuts by them."""

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


def cut_by_all(text: str, cuts: tuple[Cut, ...]) -> list[str]:
    """The pre-tokens of `text`: cut by the first of `cuts`, each piece by the second, and so on.

    >>> cut_by_all("in 1984.", (Cut("[0-9]", strict=False), Cut(" ?[a-z]+|.")))
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
        slow = f"over {patience:.0f} s for {len(text):,} characters, {text!r:.40}: it tries too many ways"
        way_out = f"Cut the text into shorter ones, or write another: {how.pattern!r:.200}"
        raise TimeoutError(f"pattern took {slow}. {way_out}") from None
    bounds = sorted({0, len(text), *chain.from_iterable(spans)})
    if how.strict and (left_out := set(pairwise(bounds)) - set(spans)):
        start, end = min(left_out)
        lost = f"{text[start : min(end, start + 20)]!r} at position {start} of {text!r:.40}"
        way_out = r"let it match every character, for instance by adding |\s+|\S+ at its end"
        raise ValueError(f"pattern leaves out {lost}, which would be lost: {way_out}")
    if twice := {a for (a, b), (c, _) in pairwise(spans) if a == b == c}:
        both = f"nothing, and then something, at position {min(twice)} of {text!r:.40}"
        raise ValueError(
            f"pattern matches {both}, where engines differ: let it match one, {how.pattern!r:.200}"
        )
    return [text[start:end] for start, end in pairwise(bounds)]


# What Oniguruma, the engine of tokenizer.json, reads otherwise than `regex`: anywhere, and outside of sets
ANYWHERE = {
    r"\\(?![rntfvadDsSpP]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})": r"something else, as even \w and \b are",
    r"\\[pP](?!\{\^?(?!(?i:word|x_?digit|posix|cased|changes|cw|dia|ext|idc|vs))[\w&]+\})": "another class",
    r"--|\|\||~~|&&": "another operation, or none",
}
OUTSIDE = {
    r"[\^$]": "an end of each line",
    r"\(\?(?![:=!>]|<[=!])": "another flag, or ignores case otherwise",
    r"(?<!\\[pP])\{(?!\d*,?\d+\}(?![?+])|\d+,\}(?![?+]))": "another number of times",
    r"\[": "a set in a set",
}
ALIKE = [_SHORT, "(?i:[sdmt]|ll|ve|re)", r"\s++$"]  # the same in both: parts of the published patterns


def check_alike(pattern: str) -> None:
    """Raise `ValueError` for what the engine of tokenizer.json reads otherwise than `regex`."""
    for part in ALIKE:
        pattern = pattern.replace(part, "_")
    anywhere = regex.sub(r"\\[^\p{L}\p{N}]", "_", pattern)  # \[ and other signs that stand for themselves
    outside = regex.sub(r"\[\^?\]?[^][]*\]", "_", anywhere)
    for what, meaning in (ANYWHERE | OUTSIDE).items():
        if found := regex.search(f"(?:{what}).{{,6}}", anywhere if what in ANYWHERE else outside):
            way_out = r"say it with \p{L}, \s, \d and sets, or load a file by tokenizers.Tokenizer.from_file"
            raise ValueError(
                f"pattern has {found[0]!r}, {meaning} in the engine of tokenizer.json: {way_out}"
            )
