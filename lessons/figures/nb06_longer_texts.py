"""What deeper/06_longer_texts draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from helpers.positions import frequencies
from lessons.figures.nb06 import COLOURS
from lessons.plots import BLUE, GREEN, ORANGE, SKY, show


def draw_hands(pairs: Sequence[int], trained: int, length: int) -> None:
    """Draw where the hand of each pair of 64 dimensions points, up to `length`; what is trained is shaded."""
    fig, axes = plt.subplots(1, len(pairs), figsize=(11, 2.6), sharey=True)
    positions = np.linspace(0, length, 4000)
    for ax, pair, colour in zip(axes, pairs, [ORANGE, GREEN, BLUE], strict=False):
        ax.plot(positions, np.cos(positions * frequencies(64)[pair].item()), color=colour, lw=1)
        ax.axvspan(0, trained, color=SKY, alpha=0.25, lw=0)
        ax.set(title=f"pair {pair}", xlabel="position (shaded: trained)", ylim=(-1.15, 1.15))
    axes[0].set_ylabel("cosine of the angle")
    show(fig, "Fast pairs have shown every angle in training; the slowest shows new ones past it.")


def draw_accuracy(result: Mapping[str, np.ndarray], lengths: Sequence[int]) -> None:
    """Draw the accuracy of each scheme against the length of the text, with a band over its seeds."""
    fig, ax = plt.subplots(figsize=(8, 3.8))
    for name, table in result.items():
        ax.plot(lengths, table.mean(axis=1), "o-", color=COLOURS[name], label=name)
        ax.fill_between(lengths, table.min(axis=1), table.max(axis=1), color=COLOURS[name], alpha=0.15)
    ax.axvline(lengths[0], color=SKY, lw=8, alpha=0.4)
    ax.set_xscale("log", base=2)
    ax.set_xticks(lengths, lengths)
    ax.set(ylim=(0, 1.05), xlabel="length of the text (tokens; trained: the first)", ylabel="accuracy")
    ax.set_title("T5's bias holds best, sinusoidal positions worst")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(
        fig,
        "Accuracy by length: T5 falls least, RoPE and sinusoidal positions fall early, two never learned it.",
    )
