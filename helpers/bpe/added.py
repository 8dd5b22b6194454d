"""Added tokens: names with an id of their own, found in a text before it is cut into pre-tokens."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import regex


class AddedToken(NamedTuple):
    """A special token counts only where it is allowed; another always, such as a run of spaces in code.

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
