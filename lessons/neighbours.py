"""A box to type a word into: its nearest words by their vectors, and where these lie in a picture of all."""

import difflib
import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from torch import Tensor

from helpers import arguments
from helpers.embeddings import nearest
from lessons.plots import BLUE, GREY, ORANGE, Shown, label_points, png

Places = Mapping[str, Sequence[float]]
SHOWN = 8  # neighbours of a word


def answer(word: str, vectors: np.ndarray | Tensor, vocab: Mapping[str, int]) -> tuple[str, dict[str, float]]:
    """A sentence on the nearest words of `word`, and these with their cosines: none where it is unknown.

    >>> answer("b", np.array([[1.0, 0], [2, 0], [0, 1]]), {"a": 0, "b": 1, "c": 2})
    ('Nearest to b: a 1.00, c 0.00.', {'a': 1.0, 'c': 0.0})
    """
    if not word:
        return f"Type a word, such as {next(iter(vocab))}.", {}
    if word not in vocab:
        near = difflib.get_close_matches(word, vocab)
        spellings = f"Near spellings: {', '.join(near)}." if near else "No word is spelled nearly so."
        return f"{word} is not among the {len(vocab):,} words. {spellings}", {}
    found = dict(nearest(vectors, vocab, word, k=min(SHOWN, len(vocab) - 1)))
    listed = ", ".join(f"{other} {cosine:.2f}" for other, cosine in found.items())
    return f"Nearest to {word}: {listed}.", found


class WordPlayground(Shown):
    """See `word_playground`."""

    def __init__(
        self, word: str, vectors: np.ndarray | Tensor, vocab: Mapping[str, int], places: Places, alt: str
    ):
        self.start, self.vectors, self.vocab, self.places, self.alt = word, vectors, vocab, dict(places), alt
        self.first = self.picture(word)
        self.box = widgets.Text(value=word, description="word")
        self.said, self.image = widgets.HTML(), widgets.Image(value=self.first, format="png")
        self.box.observe(self.redraw, names="value")
        super().__init__([self.box, self.said, self.image])
        self.said.value = escape(self.say(word)[0])

    def say(self, word: str) -> tuple[str, dict[str, float]]:
        """What `answer` says, and which of these words have no place in the picture."""
        sentence, found = answer(word, self.vectors, self.vocab)
        away = [other for other in [word, *found] if found and other not in self.places]
        return sentence + (f" Not in the picture, as too rare: {', '.join(away)}." if away else ""), found

    def redraw(self, _change: Any = None) -> None:
        word = self.box.value.strip().lower()
        sentence, found = self.say(word)
        self.said.value = escape(sentence)
        if found:  # an unknown word leaves the picture as it is
            self.image.value = self.picture(word)

    def picture(self, word: str) -> bytes:
        """All places as dots, with `word` and its neighbours named, as the bytes of a PNG file."""
        sentence, found = self.say(word)
        fig, ax = plt.subplots(figsize=(9, 5.4))
        ax.scatter(*np.array(list(self.places.values())).T, s=6, color=GREY)
        named = {other: self.places[other] for other in [word, *found] if other in self.places}
        for other, place in named.items():
            ax.scatter(*place, s=36, color=ORANGE if other == word else BLUE)
        ax.set(xticks=[], yticks=[])
        ax.set_title(textwrap.fill(sentence, 110), size=10, weight="normal", parse_math=False)
        label_points(ax, named)
        return png(fig)

    def state(self) -> str:
        return f"nearest words: {self.start}"


def word_playground(
    word: str, vectors: np.ndarray | Tensor, vocab: Mapping[str, int], places: Places, *, alt: str
) -> WordPlayground:
    """A box to type a word into; under it its nearest words, and a picture of where they lie.

    `vectors` and `vocab` are as for `helpers.embeddings.nearest`. `places` gives (x, y) for the words
    that are in the picture, such as a t-SNE; others are named in the sentence only. Live in JupyterLab;
    elsewhere the picture of `word`, with `alt` as its alternative text. A word that is unknown is answered
    in a sentence with near spellings. Raises ValueError where `word` itself is unknown or has no place.
    """
    nearest(vectors, vocab, word, k=1)  # raises now, and names what is wrong
    if arguments.text("word", word) not in places:
        known = ", ".join(list(places)[:3]) or "none"
        raise ValueError(f"word {word!r} has no place: start with one of {len(places)} in places ({known})")
    return WordPlayground(word, vectors, vocab, places, alt)
