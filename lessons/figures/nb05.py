"""What lesson 05 draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.embeddings import nearest, project
from lessons.plots import BLUE, GREY, INK, ORANGE, PALETTE, label_points, show


def draw_lookup(one_hot, table) -> None:
    """Draw one-hot rows, the table, and their product as three grids of coloured cells."""
    panels = {
        "one-hot rows of the ids": one_hot,
        "times the table": table,
        "give rows of it": one_hot @ table,
    }
    ids = one_hot.argmax(1).tolist()
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), width_ratios=[len(table), *2 * [table.shape[1]]])
    for ax, (title, numbers) in zip(axes, panels.items(), strict=True):
        ax.imshow(numbers, cmap="PuOr", vmin=-2, vmax=2)
        ax.set_yticks(range(len(numbers)), range(len(table)) if numbers is table else ids)
        ax.set_xticks([])
        ax.set_title(title, fontsize=11, weight="normal")
    show(fig, "Each one-hot row has a single coloured cell and picks that row of the table.")


def draw_losses(losses: Sequence[float], start: float) -> None:
    """Draw the loss of each step, its running mean, and the loss of a model that knows nothing."""
    fig, ax = plt.subplots(figsize=(9, 3))
    ax.plot(losses, color=GREY, lw=0.6, label="each step")
    ax.plot(
        range(24, len(losses) - 25),
        np.convolve(losses, np.ones(50) / 50, "valid"),
        color=ORANGE,
        label="mean of 50",
    )
    ax.axhline(start, color=INK, ls="--", label="knows nothing")
    ax.set_title("Most of the gain comes in the first half of the steps")
    ax.set(ylim=(2, 5), xlabel="step (4,096 pairs each)", ylabel="loss")
    ax.legend(ncols=3, loc="upper right")
    show(fig, f"The loss falls from {start:.2f} over {len(losses)} steps, ever more slowly.")


def draw_neighbours(
    tables: Mapping[str, np.ndarray], vocab: Mapping[str, int], probes: Sequence[str]
) -> None:
    """Write the five nearest words of each of `probes`, a column for each table."""
    fig, axes = plt.subplots(1, len(tables), figsize=(5.5 * len(tables), 3.6), sharey=True)
    for ax, (title, vectors) in zip(axes, tables.items(), strict=True):
        for y, probe in enumerate(probes):
            near = [word for word, _ in nearest(vectors, vocab, probe, k=5)]
            ax.text(0, -y, probe, weight="bold", size=10.5)
            ax.text(0.17, -y, ", ".join(near), size=10)
        ax.set(title=title, xlim=(0, 1), ylim=(-len(probes) + 0.5, 0.6))
        ax.axis("off")
    show(fig, f"The five nearest words of {', '.join(probes)}, in {len(tables)} lists: {'; '.join(tables)}.")


def _draw_groups(ax: Axes, points: np.ndarray, groups: Mapping[str, Sequence[str]], title: str) -> None:
    """One dot for each word, in the colour of its group; `points` are in the order of the groups."""
    ends = np.cumsum([len(words) for words in groups.values()])
    for colour, name, part in zip(PALETTE, groups, np.split(points, ends[:-1]), strict=True):
        ax.scatter(*part.T, s=30, color=colour, label=name)
    ax.set(title=title, xticks=[], yticks=[])
    ax.margins(x=0.12)


def draw_groups(panels: Mapping[str, np.ndarray], groups: Mapping[str, Sequence[str]]) -> None:
    """Draw the points of each panel, a dot for each word, in the colour of its group."""
    fig, axes = plt.subplots(1, len(panels), figsize=(11.5, 4))
    for ax, (title, points) in zip(axes, panels.items(), strict=True):
        _draw_groups(ax, points, groups, title)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(groups))
    show(fig, f"Dots in the colours of {len(groups)} groups of words: {'; '.join(panels)}.")


def draw_tsne(
    trained: np.ndarray, noise: np.ndarray, groups: Mapping[str, Sequence[str]], perplexity: float, seed: int
) -> Figure:
    """t-SNE of trained vectors, with the words beside the dots, and of noise in a smaller panel."""
    fig, axes = plt.subplots(1, 2, figsize=(12, 6), width_ratios=[2, 1])
    points = project(trained, "tsne", seed, perplexity)
    _draw_groups(axes[0], points, groups, "Trained vectors fall into groups")
    _draw_groups(axes[1], project(noise, "tsne", seed, perplexity), groups, "Random ones do not")
    fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=len(groups))
    words = [word for group in groups.values() for word in group]
    label_points(axes[0], dict(zip(words, points, strict=True)))
    return fig


def draw_sizes(sizes: Sequence[int], scores: Mapping[str, Sequence[float]], title: str) -> None:
    """Draw a score from 0 to 1 against the number of dimensions, one line for each kind of vectors."""
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for colour, (name, line) in zip([BLUE, GREY], scores.items(), strict=True):
        ax.plot(sizes, line, "o-", color=colour, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, sizes)
    ax.set(ylim=(0, 1), xlabel="dimensions of a vector", ylabel="neighbour precision", title=title)
    ax.legend()
    show(fig, f"{title}. {', '.join(scores)} against the number of dimensions.")


def draw_shares(models: Mapping[str, tuple[float, float]]) -> None:
    """Draw a bar for each model: its parameters in tables of embeddings, and all others, as shares."""
    fig, ax = plt.subplots(figsize=(9, 2.8))
    names = list(models)[::-1]
    shares = np.array([table / total for table, total in models.values()])[::-1]
    ax.barh(names, shares, color=ORANGE, label="embedding tables")
    ax.barh(names, 1 - shares, left=shares, color=GREY, label="all other parameters")
    for y, share in enumerate(shares):
        ax.text(share + 0.01, y, f"{share:.0%}", va="center")
    ax.set(
        xlim=(0, 1),
        xlabel="share of all parameters",
        title="In small models much of the model is table",
    )
    ax.legend(loc="lower right", frameon=True)
    show(fig, "The share of embedding tables in five models, from 4 % in Llama 2 7B to 31 % in GPT-2 small.")
