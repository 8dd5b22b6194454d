"""What lesson 04 draws: prices of languages, a sentence cut in four ways, and what a vocabulary costs."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lessons.plots import AMBER, BLUE, GREEN, GREY, INK, ORANGE, draw_rows, show


def draw_prices(prices: pd.DataFrame) -> None:
    """A row of dots for each language: what it costs under each tokenizer, English being 1.

    `prices` has a row for each language and a column for each tokenizer.
    """
    fig, ax = plt.subplots(figsize=(9, 4.2))
    ax.hlines(prices.index, prices.min(axis=1), prices.max(axis=1), color="#DDDDDD", lw=3, zorder=0)
    for name, colour in zip(prices, [GREY, ORANGE, AMBER, GREEN, BLUE, INK], strict=False):
        ax.plot(prices[name], prices.index, "o", color=colour, ms=8, label=name)
    ax.invert_yaxis()
    ax.set(xlabel="tokens for the same messages (English = 1)", xlim=(0, None))
    ax.set_title("The vocabulary decides what a language costs")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    dearest = prices.max().idxmax()
    alt = f"{prices[dearest].idxmax()} costs most under {dearest}: {prices[dearest].max():.1f} times English."
    show(fig, alt=alt)


def draw_cuts(cuts: Mapping[str, Sequence[str]]) -> None:
    """The pieces of one text under each tokenizer, one under the other; <|unk|> is grey."""
    fig = draw_rows(cuts, unknown="<|unk|>")
    counts = ", ".join(f"{name} {len(pieces)}" for name, pieces in cuts.items())
    show(fig, alt=f"The same sentence in tokens: {counts}. What a vocabulary does not know is grey.")


def draw_knee(rates: pd.DataFrame) -> None:
    """Bytes per token against the size of the vocabulary: `rates` has a row for each size."""
    fig, ax = plt.subplots(figsize=(8, 4))
    for kind, colour in zip(rates, [BLUE, ORANGE, GREEN, INK], strict=False):
        ax.plot(rates.index, rates[kind], "o-", color=colour, label=kind)
    ax.set(xscale="log", xlabel="vocabulary size", ylabel="bytes per token")
    ax.set_xticks(rates.index, [f"{size:,}" for size in rates.index])
    ax.minorticks_off()
    ax.set_title("A larger vocabulary helps the docs most and numbers least")
    ax.legend()
    show(fig, alt="Bytes per token against vocabulary size: every curve flattens; the docs gain most.")


def draw_reading(width: int, sizes: Sequence[int], inside: np.ndarray, table: np.ndarray) -> Figure:
    """A bar for each size of vocabulary: multiplications to read a byte, in the blocks and in the table."""
    least, labels = min(inside + table), [f"{size:,}" for size in sizes]
    fig, ax = plt.subplots(figsize=(9, 4))
    ax.bar(labels, inside / least, color=BLUE, label="blocks and attention")
    ax.bar(labels, table / least, bottom=inside / least, color=ORANGE, label="output table")
    ax.set(xlabel="vocabulary size", ylabel="multiplications per byte (best = 1)")
    ax.set_title(f"At width {width:,}, {labels[np.argmin(inside + table)]} entries make reading cheapest")
    ax.legend(loc="upper center")
    return fig
