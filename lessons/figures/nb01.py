"""What lesson 01 draws: the bytes of a word, three rulers along a text, and Zipf's law."""

import unicodedata
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.plots import BLUE, ORANGE, PASTELS, draw_tokens, show, visible


def draw_bytes(words: Mapping[str, str]) -> None:
    """The UTF-8 bytes of each word, in hexadecimal digits; those beyond the third stand out."""
    fig, axes = plt.subplots(len(words), figsize=(7, 0.9 * len(words)))
    for ax, (label, word) in zip(axes, words.items(), strict=True):
        numbers = [f"{byte:02X}" for byte in word.encode()]
        draw_tokens(ax, numbers, [PASTELS[0]] * 3 + [PASTELS[1]] * (len(numbers) - 3), columns=20)
        ax.set_title(f"{label}: {len(numbers)} bytes", fontsize=10, weight="normal")
    fig.suptitle("A reader sees the same word, but the bytes differ", weight="bold", x=0.01, ha="left")
    rows = "; ".join(f"{label}: {word.encode().hex(' ').upper()}" for label, word in words.items())
    show(fig, alt=f"The bytes of one word in {len(words)} spellings. {rows}.")


def draw_rulers(letters: Sequence[str]) -> Figure:
    """Letters, their code points and their bytes, one row under the other, a box as wide as its bytes."""
    text = "".join(letters)
    size = len(text.encode())
    # The font has é, but no accent on its own: draw the composed form.
    names = [visible(unicodedata.normalize("NFC", letter)) for letter in letters]
    fig, ax = plt.subplots(figsize=(12, 2.6))
    _row(ax, 2, names, [len(letter.encode()) for letter in letters], PASTELS[1])
    _row(ax, 1, [f"U+\n{ord(c):04X}" for c in text], [len(c.encode()) for c in text], PASTELS[0])
    _row(ax, 0, [f"{byte:02X}" for byte in text.encode()], [1] * size, PASTELS[2])
    ax.set(xlim=(0, max(size, 16)), ylim=(0, 2.9), xticks=[])
    ax.set_yticks([0.42, 1.42, 2.42], ["bytes", "code points", "letters"])
    ax.set_title(f"{len(letters)} letters are {len(text)} code points and {size} bytes")
    ax.spines[:].set_visible(False)
    return fig


def _row(ax: Axes, y: float, labels: Sequence[str], widths: Sequence[int], colour: str) -> None:
    look = {"ha": "center", "va": "center", "family": "monospace", "size": 9}
    for label, width, end in zip(labels, widths, np.cumsum(widths), strict=True):
        ax.add_patch(plt.Rectangle((end - width, y), width, 0.84, fc=colour, ec="white", lw=2))
        ax.text(end - width / 2, y + 0.42, label, **look)


def draw_zipf(ranked: Mapping[str, np.ndarray]) -> None:
    """The counts of each text's words by their rank, on logarithmic axes, beside lines of slope -1."""
    fig, ax = plt.subplots(figsize=(9, 4.2))
    for (name, counts), colour in zip(ranked.items(), [ORANGE, BLUE], strict=True):
        ranks = np.arange(1, len(counts) + 1)
        ax.loglog(ranks, counts, ".", ms=4, color=colour, label=name)
        ax.loglog(ranks, counts[9] * 10 / ranks, color="silver", lw=1)
    ax.text(12_000, 25, "slope -1")
    ax.set(xlabel="rank of the word", ylabel="how often it occurs", ylim=(0.7, 3e5))
    ax.set_title("From rank 10 to 500 both follow Zipf's law; the long tail falls faster")
    ax.legend(markerscale=3)
    show(fig, alt="Word counts by rank follow lines of slope -1; beyond rank 1,000 the docs fall faster.")
