"""What the page 04_who_pays draws."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd

from lessons.plots import BLUE, GREEN, GREY, INK, ORANGE, show


def draw_tokens_needed(tokens: pd.DataFrame) -> None:
    """A row of dots for each language: the tokens that it needs under each vocabulary.

    `tokens` has a row for each language and a column for each vocabulary.
    """
    fig, ax = plt.subplots(figsize=(9, 4.2))
    ax.hlines(tokens.index, tokens.min(axis=1), tokens.max(axis=1), color="#DDDDDD", lw=3, zorder=0)
    for name, colour in zip(tokens, [GREY, BLUE, GREEN, ORANGE, INK], strict=False):
        ax.plot(tokens[name], tokens.index, "o", color=colour, ms=8, label=name)
    name, last = tokens.columns[-1], tokens.iloc[:, -1]
    ax.invert_yaxis()
    ax.set(xlabel="tokens for the same held-out messages", xlim=(0, None))
    ax.set_title(f"{name}: from {last.min()} tokens ({last.idxmin()}) to {last.max()} ({last.idxmax()})")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    ends = "; ".join(f"{name} from {column.min()} to {column.max()}" for name, column in tokens.items())
    show(fig, alt=f"The tokens that ten languages need, from the least to the most: {ends}.")


def draw_merges(merges: Mapping[str, int]) -> None:
    """A bar for each language: how many merges were learned from its text, the most at the top."""
    merges = dict(sorted(merges.items(), key=lambda item: -item[1]))
    fig, ax = plt.subplots(figsize=(8, 3.2))
    bars = ax.barh(list(merges), list(merges.values()), color=[ORANGE, *[GREY] * (len(merges) - 1)])
    ax.bar_label(bars, padding=3, fmt="{:,.0f}")
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.set(xlabel="merges learned from the text of this language")
    first, total = next(iter(merges)), sum(merges.values())
    ax.set_title(f"{first} takes {merges[first] / total:.0%} of all merges")
    counts = ", ".join(f"{language} {n}" for language, n in merges.items())
    show(fig, alt=f"Merges learned from the text of each language: {counts}.")
