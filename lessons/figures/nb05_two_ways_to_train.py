"""What deeper/05_two_ways_to_train draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, INK, ORANGE, show


def draw_company(words: Sequence[str], panels: Mapping[str, np.ndarray]) -> None:
    """Draw small tables of pairs of words as coloured squares, with their numbers written in them."""
    fig, axes = plt.subplots(1, len(panels), figsize=(5.6 * len(panels), 4))
    for ax, (title, table) in zip(axes, panels.items(), strict=True):
        ax.imshow(table, cmap="Purples", vmax=1.6 * table.max())
        for (i, j), number in np.ndenumerate(table):
            ax.text(
                j, i, f"{number:.1f}" if number % 1 else f"{number:.0f}", ha="center", va="center", size=9
            )
        ax.set_xticks(range(len(words)), words, rotation=30, ha="right")
        ax.set_yticks(range(len(words)), words)
        ax.grid(visible=False)
        ax.set_title(title)
    show(fig, f"Pairs of {', '.join(words)}, as coloured tables: {'; '.join(panels)}.")


def draw_against(predicted: np.ndarray, dots: np.ndarray) -> None:
    """Draw the trained dot product of each pair against what the counts predict, with the diagonal."""
    fig, ax = plt.subplots(figsize=(7, 4.2))
    ax.scatter(predicted, dots, s=5, alpha=0.3, color=ORANGE)
    ends = [predicted.min(), predicted.max()]
    ax.plot(ends, ends, color=INK, label="exactly as predicted")
    ax.set_title("Trained dot products follow the counted PMI")
    ax.set(xlabel="PMI with the noise distribution, minus log 5 (nats)", ylabel="dot product after training")
    ax.legend()
    show(fig, "Dot product against shifted PMI: a narrow cloud along the diagonal.")


def draw_exams(sizes: Sequence[int], scores: Sequence[float], exams: np.ndarray) -> None:
    """Draw the precision at each size, and as a band the lowest and highest of several examinations."""
    fig, ax = plt.subplots(figsize=(8, 3.6))
    ax.plot(sizes, scores, "o-", color=BLUE, label="counts, PPMI, SVD: all groups")
    ax.fill_between(
        sizes, exams.min(axis=0), exams.max(axis=0), color=BLUE, alpha=0.15, label="one group left out"
    )
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, sizes)
    ax.set(ylim=(0, 1), xlabel="dimensions of a vector", ylabel="neighbour precision")
    ax.set_title("Two dimensions are far too few; beyond 64, more add nothing here")
    ax.legend(loc="lower right")
    show(fig, "Precision rises from a third at 2 dimensions to over 0.8 at 64, and no further.")
