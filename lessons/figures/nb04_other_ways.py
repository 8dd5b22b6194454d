"""What deeper/04_other_ways draws: how unsure a model of bytes is in front of each character."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, GREY, ORANGE, show, visible


def draw_unsure(text: str, bits: Sequence[float], limit: float) -> None:
    """A bar in front of each character of `text`: the entropy there, orange and a border above `limit`."""
    fig, ax = plt.subplots(figsize=(11, 3.4))
    unsure = np.asarray(bits) > limit
    ax.bar(range(len(text)), bits, color=np.where(unsure, ORANGE, BLUE))
    ax.axhline(limit, color=ORANGE, lw=1, ls="--", label="above it a new group begins")
    ax.vlines(np.flatnonzero(unsure) - 0.5, 0, 1.25 * max(bits), color=GREY, lw=1)
    ax.set_xticks(range(len(text)), [visible(c) for c in text], family="monospace")
    ax.set(ylabel="entropy before it (bits)", xlim=(-1, len(text)), ylim=(0, 1.25 * max(bits)))
    ax.legend(loc="upper left")
    ax.set_title("The model is least sure where a word begins")
    show(
        fig,
        alt="Bars of entropy, one for each character: highest where words begin.",
    )
