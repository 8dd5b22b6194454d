"""What deeper/08_no_square_mask draws: which pairs a packed row needs, and how the work grows with it."""

from collections.abc import Mapping
from itertools import pairwise

import matplotlib.pyplot as plt
from torch import Tensor

from helpers.batches import block_causal_mask
from lessons.plots import BLUE, GREEN, GREY, INK, ORANGE, PASTELS, show


def draw_pairs(document_ids: Tensor, size: int = 128) -> None:
    """Draw the square of a packed row: the pairs it needs, and the blocks of `size` that hold any."""
    length = len(document_ids)
    fig, ax = plt.subplots(figsize=(6.4, 5.4))
    needed = block_causal_mask(document_ids)
    edge = {"edgecolor": INK, "lw": 0.8}
    visited = 0
    for top in range(0, length, size):
        for left in range(0, length, size):
            if needed[top : top + size, left : left + size].any():
                ax.add_patch(plt.Rectangle((left, top), size, size, facecolor=PASTELS[4], **edge))
                visited += 1
    starts = [0, *(document_ids.diff().nonzero().flatten() + 1).tolist(), length]
    for n, (start, end) in enumerate(pairwise(starts)):
        corners = [(start, start), (start, end), (end, end)]
        ax.add_patch(plt.Polygon(corners, facecolor=(BLUE, ORANGE, GREEN)[n % 3]))
    ax.set(xlim=(0, length), ylim=(length, 0), aspect="equal")
    ax.set(xlabel="token that is read", ylabel="token that reads")
    ax.set_title(f"Most of the square is empty:\n{visited} blocks of {(length // size) ** 2} hold a pair")
    ax.grid(False)
    show(
        fig,
        alt=f"A square with {len(starts) - 1} triangles on its diagonal, one a document; the rest is empty",
    )


def draw_work(work: Mapping[str, Mapping[int, float]]) -> None:
    """Draw the pairs looked at for each token against the length of a row, a line for each way."""
    fig, ax = plt.subplots(figsize=(9, 3.8))
    for (name, values), colour in zip(work.items(), (GREY, INK, ORANGE, BLUE), strict=False):
        ax.plot(list(values), list(values.values()), "o-", color=colour, label=name)
    lengths = list(next(iter(work.values())))
    ax.set(xscale="log", yscale="log", xticks=lengths, xticklabels=[f"{n:,}" for n in lengths])
    ticks = [250, 500, 1000, 2000, 4000, 8000]
    ax.set(yticks=ticks, yticklabels=[f"{n:,}" for n in ticks])
    ax.minorticks_off()
    ax.set(xlabel="length of a row (tokens)", ylabel="pairs for each token")
    ax.set_title("Longer rows cost more for each token; by borders the cost levels off")
    ax.legend()
    show(fig, alt="The square and the triangle grow with the row; blocks and borders level off")
