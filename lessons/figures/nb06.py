"""What lesson 06 draws."""

from collections.abc import Mapping, Sequence
from math import cos, sin

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from helpers.positions import frequencies
from lessons.plots import AMBER, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, show

COLOURS = {"none": GREY, "learned": AMBER, "sinusoidal": ORANGE, "RoPE": BLUE, "ALiBi": PURPLE, "T5": GREEN}


def draw_orders(panels: Mapping[str, Tensor]) -> None:
    """Draw the outputs for all orders of some words, a row for each order, as stripes of colour."""
    fig, axes = plt.subplots(1, len(panels), figsize=(1 + 4 * len(panels), 2.6), sharey=True, squeeze=False)
    for ax, (title, outputs) in zip(axes.flat, panels.items(), strict=True):
        ax.pcolormesh(outputs, cmap="RdBu_r", vmin=-2, vmax=2)
        ax.set(title=title, xlabel="dimension of the output")
    axes[0, 0].set_ylabel("order of the words")
    show(fig, f"A row for each order of the words: {'; '.join(panels)}.")


def draw_places() -> None:
    """Draw one layer of attention, and the three places at which a position can enter it."""
    fig, ax = plt.subplots(figsize=(10, 2.4))
    stations = ["token's\nvector", "query, key", "score", "weight", "output"]
    for at, name in enumerate(stations):
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": INK}
        ax.text(at, 0, name, ha="center", va="center", size=11, bbox=box)
        if at:
            ax.annotate("", (at - 0.3, 0), (at - 0.7, 0), arrowprops={"arrowstyle": "->", "color": INK})
    entries = ["1. add a vector\nlearned, sinusoidal", "2. rotate\nRoPE", "3. add a number\nALiBi, T5"]
    for at, (entry, colour) in enumerate(zip(entries, [ORANGE, BLUE, GREEN], strict=True)):
        ax.annotate(
            entry,
            (at, 0.28),
            (at, 1),
            ha="center",
            size=11,
            arrowprops={"arrowstyle": "->", "color": colour, "lw": 2},
        )
    ax.set(xlim=(-0.5, 4.5), ylim=(-0.5, 1.6))
    ax.axis("off")
    show(fig, "Three places for a position: the token's vector, the query and key, and the score.")


def draw_heatmaps(panels: Mapping[str, Tensor], x: str, y: str) -> None:
    """Draw tables of numbers side by side: white is 0, red above it, blue below."""
    fig, axes = plt.subplots(1, len(panels), figsize=(9.5, 3.2))
    for ax, (title, table) in zip(axes, panels.items(), strict=True):
        most = abs(table).max()
        ax.pcolormesh(table, cmap="RdBu_r", vmin=-most, vmax=most)
        ax.set(title=title, xlabel=x, ylabel=y, ylim=(len(table), 0))
    show(fig, f"Two tables, {y} by {x}: {'; '.join(panels)}.")


def draw_turn(position: int, pair: int) -> Figure:
    """A query and a key three tokens before it, turned by RoPE, as the hands of a clock."""
    fig, ax = plt.subplots(figsize=(4.4, 3.8))
    step = frequencies(16)[pair].item()
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color=GREY))
    for name, colour, at in ("key", ORANGE, position - 3), ("query", BLUE, position):
        ax.plot([0, cos(at * step)], [0, sin(at * step)], "o-", color=colour, lw=2.5, label=f"{name} at {at}")
    ax.set(title=f"3 steps are {3 * step:.3f} radians", aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    ax.set(xlabel=f"dimension {2 * pair}", ylabel=f"dimension {2 * pair + 1}")
    ax.legend(loc="upper right", fontsize=9)
    return fig


def draw_bench(scores: Mapping[str, Tensor], spreads: Mapping[str, float]) -> None:
    """Draw the score at each distance for three queries, a panel for each scheme."""
    fig, axes = plt.subplots(2, 3, figsize=(9.5, 4.8), sharex=True)
    for ax, (name, table) in zip(axes.flat, scores.items(), strict=True):
        for query, dash in [(10, "-"), (20, "--"), (31, ":")]:
            by_distance = table[query, : query + 1].flip(0)
            ax.plot(by_distance, dash, lw=2, color=COLOURS[name], label=f"query at {query}")
        ax.set_title(f"{name}: spread {spreads[name]:.1f}", fontsize=12)
    axes[0, 0].legend(fontsize=9)
    fig.supxlabel("distance (tokens)")
    fig.supylabel("score")
    show(
        fig, "Score by distance for three queries: three curves for learned and sinusoidal, one for the rest."
    )


def draw_attention(weights: Mapping[str, Mapping[int, Sequence[float]]], back: int, trained: int) -> None:
    """Draw the mean weight of attention at each distance, a panel for each scheme, a line for each length."""
    fig, axes = plt.subplots(2, 3, figsize=(9.5, 4.8), sharex=True, sharey=True)
    for ax, (name, lines) in zip(axes.flat, weights.items(), strict=True):
        for (length, line), dash in zip(lines.items(), ["-", "--"], strict=False):
            ax.plot(line, dash, lw=2, color=COLOURS[name], label=f"length {length}")
        ax.axvline(back, color=INK, ls=":")
        if max(map(len, lines.values())) > trained:
            ax.axvspan(0, trained - 1, color=SKY, alpha=0.25, lw=0)
        ax.set(title=name, yscale="log", ylim=(1e-4, 1.5))
    axes[0, 0].legend(fontsize=9)
    fig.supxlabel("distance (tokens); the dotted line is at the right one")
    fig.supylabel("attention weight (log)")
    show(fig, f"Attention by distance for {', '.join(weights)}; the right distance is {back}.")
