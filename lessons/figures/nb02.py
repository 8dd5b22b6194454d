"""What lesson 02 draws: texts cut in several ways, a padded batch, and how much a list of words knows."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lessons.plots import BLUE, COLOURS, ORANGE, PASTELS, draw_rows, draw_tokens, show


def draw_cuts(cuts: Mapping[str, Sequence[str]], title: str, columns: int = 64, lines: int = 1) -> None:
    """A row of boxes for each way to cut a text; `lines` is how many lines of boxes a row may take."""
    fig = draw_rows(cuts, "pieces", height=0.4 + 0.3 * lines, columns=columns, size=10)
    fig.suptitle(title, weight="bold", x=0.01, ha="left")
    counts = ", ".join(f"{label} ({len(pieces)} pieces)" for label, pieces in cuts.items())
    show(fig, alt=f"{title}. From top to bottom: {counts}.")


def draw_batch(rows: Sequence[Sequence[str]]) -> None:
    """A batch as a table of tokens, with its padding in grey."""
    fig, ax = plt.subplots(figsize=(9, 2.6))
    for row, tokens in enumerate(rows):
        for place, token in enumerate(tokens):
            colour = COLOURS["padding"] if token == "<|pad|>" else PASTELS[0]
            ax.add_patch(plt.Rectangle((place - 0.48, row - 0.42), 0.96, 0.84, fc=colour))
            ax.text(place, row, token, ha="center", va="center", size=10)
    height, width = len(rows), len(rows[0])
    ax.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.5, -0.5), xticks=range(width), yticks=range(height))
    ax.set(xlabel="place in the sequence", ylabel="sequence")
    ax.set_title("Each row is as long as the longest sequence of the batch")
    ax.grid(False)
    show(fig, alt=f"{height} rows and {width} places: words, and grey pads after the short sequences.")


def draw_growth(curves: Mapping[str, tuple[np.ndarray, np.ndarray, float, float]]) -> None:
    """Distinct words by the length of the text, and the power law K * n ** beta: (n, distinct, K, beta)."""
    fig, ax = plt.subplots(figsize=(9, 4))
    for colour, (name, (n, distinct, k, beta)) in zip([BLUE, ORANGE], curves.items(), strict=True):
        ax.plot(n, distinct, "o", ms=4, color=colour, label=f"{name}: exponent {beta:.2f}")
        ax.plot(n, k * n**beta, color=colour, lw=1)
    ax.set(xlabel="length of the text (words)", ylabel="distinct words", xscale="log", yscale="log")
    ax.set_title("The longer the text, the more distinct words: no end is in sight")
    ax.legend()
    show(fig, alt="Distinct words by text length: two nearly straight lines on logarithmic axes.")


def draw_unknown(shares: Mapping[str, pd.Series]) -> None:
    """The share of unknown words by the size of the vocabulary, a line for each text."""
    fig, ax = plt.subplots(figsize=(9, 4))
    for (name, share), (colour, line) in zip(
        shares.items(), [(ORANGE, "-"), (ORANGE, ":"), (BLUE, "-")], strict=True
    ):
        ax.plot(share.index, share * 100, line, marker="o", ms=4, color=colour, label=name)
    ax.set(xlabel="vocabulary size (tokens)", ylabel="unknown words (%)", xscale="log", ylim=(0, None))
    ax.set_title("A larger list helps less and less")
    ax.legend()
    show(fig, alt="Unknown words by vocabulary size: a steep fall, then a slow one, never to zero.")


def draw_blackout(pieces: Sequence[str], known: Sequence[bool], size: int) -> Figure:
    """A passage in which each word that a list of `size` does not know is a black bar."""
    fig, ax = plt.subplots(figsize=(9, 2.2))
    bars = [piece if ok else "█" * len(piece) for piece, ok in zip(pieces, known, strict=True)]
    draw_tokens(ax, bars, [PASTELS[0] if ok else "black" for ok in known])
    unknown = len(known) - sum(known)
    ax.set_title(f"A list of {size:,} does not know {unknown} of these {len(known)} words and marks")
    return fig
