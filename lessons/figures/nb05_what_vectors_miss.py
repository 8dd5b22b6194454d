"""What deeper/05_what_vectors_miss draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, GREY, ORANGE, show


def draw_arrows(points: Mapping[str, np.ndarray], pairs: Sequence[tuple[str, str]]) -> None:
    """Draw words at their points in two dimensions, and an arrow from first to second of each pair."""
    fig, ax = plt.subplots(figsize=(8, 4.6))
    for start, end in pairs:
        ax.annotate("", points[end], points[start], arrowprops={"arrowstyle": "->", "color": BLUE, "lw": 1.5})
        for word, side in (start, "right"), (end, "left"):
            ax.plot(*points[word], "o", color=ORANGE, ms=4)
            ax.annotate(f" {word} ", points[word], ha=side, va="bottom", size=10)
    ax.set(title="Arrows of one relation point in many directions", xticks=[], yticks=[])
    ax.margins(0.15)
    show(fig, "Words and their plurals in two dimensions: the arrows between them have many directions.")


def draw_bars(counts: Mapping[str, int], total: int, title: str) -> None:
    """Draw how many of `total` questions each rule answers."""
    fig, ax = plt.subplots(figsize=(8, 1 + 0.5 * len(counts)))
    names = list(counts)[::-1]
    ax.barh(names, total, color=GREY, alpha=0.4)
    ax.barh(names, [counts[name] for name in names], color=BLUE)
    for y, name in enumerate(names):
        ax.text(counts[name] + 0.3, y, f"{counts[name]} of {total}", va="center")
    ax.set(title=title, xlabel="questions answered", xlim=(0, total))
    show(fig, f"{title}. " + ", ".join(f"{name}: {n} of {total}" for name, n in counts.items()))
