"""What lesson 08 draws: lengths, padded batches, pools, five layouts, a packed row, and its mask."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from helpers.batches import LengthBucketSampler, block_causal_mask, pack
from lessons.plots import BLUE, COLOURS, ORANGE, PASTELS, show, visible

DOCUMENTS = [BLUE, ORANGE]  # the colours of the first two documents of a packed row


def draw_lengths(lengths: np.ndarray) -> None:
    """Draw how many documents have each length, and where the tokens are."""
    fig, ax = plt.subplots(figsize=(9, 3.4))
    bins = np.geomspace(1, 10_000, 41)
    ax.hist(lengths, bins, color=BLUE, label="documents")
    outline = {"histtype": "step", "color": ORANGE, "lw": 2, "label": "tokens, scaled"}
    ax.hist(lengths, bins, weights=lengths / lengths.mean(), **outline)
    ax.set(xscale="log", xlabel="length of a document (tokens)", ylabel="documents")
    ax.set_title("Most documents are short; most tokens are in long ones")
    ax.legend()
    show(fig, alt="Most documents are under 300 tokens, most tokens in those above 500")


def draw_batch(batch: dict[str, Tensor], piece: Callable[[int], str], title: str, width: float = 11) -> None:
    """Draw a batch as rows of tokens: orange is read and scored, blue only read, grey is padding."""
    ids, scored = batch["input_ids"].numpy(), batch["labels"].numpy() != -100
    real = batch["attention_mask"].numpy() == 1
    fig, ax = plt.subplots(figsize=(width, 0.8 + 0.55 * len(ids)))
    size = 9 if ids.shape[1] > 20 else 10
    for (row, column), i in np.ndenumerate(ids):
        fill = COLOURS["padding"]
        if real[row, column]:
            fill = PASTELS[1] if scored[row, column] else PASTELS[0]
        ax.barh(row, 1, left=column - 0.5, color=fill, ec="white", height=0.95)
        ax.text(column, row, visible(piece(i)), ha="center", va="center", fontsize=size)
    ax.set(xlabel="place", ylabel="row", xticks=range(ids.shape[1]), yticks=range(len(ids)))
    ax.set(xlim=(-0.5, ids.shape[1] - 0.5), ylim=(len(ids) - 0.5, -0.5), title=title)
    ax.grid(False)
    scored_too = "; orange ones are scored" if scored.any() else ""
    show(fig, alt=f"{len(ids)} rows of tokens, grey where there is padding{scored_too}")


def draw_pools(pools: pd.DataFrame) -> None:
    """Draw padding, and pairs of documents that meet again, against the size of the pool."""
    fig, ax = plt.subplots(figsize=(9, 3.4))
    ax.plot(pools.index, pools["padding %"], "o-", color=COLOURS["padding"], label="padding")
    ax.plot(pools.index, pools["pairs again %"], "s--", color=BLUE, label="pairs that meet again")
    ax.set(xscale="log", xlabel="size of the pool (batches)", ylabel="percent")
    ax.set_title("A pool of 50 batches removes most padding and keeps the mix fresh")
    ax.legend()
    show(fig, alt="Padding falls fast with the pool; pairs meet again in the largest pools")


def layouts(documents: Sequence[list[int]], max_length: int, end: int) -> dict[str, np.ndarray]:
    """Five layouts: at each place the document that stands there; -1 is padding, -2 beyond the row."""
    cropped = [[*d, end][:max_length] for d in documents]
    in_order = [list(range(i, i + 8)) for i in range(0, len(cropped), 8)]
    buckets = LengthBucketSampler([len(d) for d in cropped], 8)
    to_longest = _padded(in_order, cropped, max_length)
    packed = {way: pack(documents, max_length, end, way).document_ids for way in ("concat", "best_fit")}
    return {
        "1 pad to the\nmaximum": np.maximum(to_longest, -1),
        "2 longest in\nthe batch": to_longest,
        "3 bucketed\n": _padded(buckets, cropped, max_length),
        "4 packed,\nconcatenated": packed["concat"].numpy(),
        "5 packed,\nbest-fit": packed["best_fit"].numpy(),
    }


def _padded(batches, documents: Sequence[list[int]], width: int) -> np.ndarray:
    rows = []
    for batch in batches:
        longest = max(len(documents[i]) for i in batch)
        for i in batch:
            padding = [-1] * (longest - len(documents[i]))
            rows.append([i] * len(documents[i]) + padding + [-2] * (width - longest))
    return np.array(rows)


def layouts_of(documents: Sequence[list[int]], end: int) -> Callable[[int], Figure]:
    """A function for `explore` that draws the five layouts of `documents`, a colour for each."""
    shades = plt.colormaps["turbo"](np.linspace(0, 1, len(documents)))
    shuffled = np.random.default_rng(0).permutation(shades)  # so that neighbours differ
    colours = ListedColormap(shuffled).with_extremes(under="silver")

    def draw(max_length: int) -> Figure:
        fig, axes = plt.subplots(1, 5, figsize=(11.5, 4.8), sharey=True)
        grids = layouts(documents, max_length, end)
        most = max(map(len, grids.values()))
        for ax, (name, grid) in zip(axes, grids.items(), strict=True):
            shown = np.ma.masked_equal(grid, -2)
            extent = (0, max_length, len(grid), 0)
            look = {"vmin": 0, "vmax": len(documents) - 1, "interpolation": "nearest", "aspect": "auto"}
            ax.imshow(shown, cmap=colours, extent=extent, **look)
            share = (grid == -1).sum() / (grid > -2).sum()
            ax.set(title=f"{name}\n{len(grid)} rows\n{share:.0%} padding", xlabel="place")
            ax.set(xticks=[0, max_length], ylim=(most, 0))
            ax.grid(False)
        axes[0].set(ylabel="row")
        fig.suptitle(f"{len(documents)} documents in rows of {max_length}", x=0.01, ha="left", weight="bold")
        return fig

    return draw


def draw_row(row: dict[str, Tensor], piece: Callable[[int], str]) -> None:
    """Draw a packed row: its tokens, and below each what `pack` says of it."""
    document = row["document_ids"].tolist()
    lines = {
        "token": [visible(piece(i)) for i in row["input_ids"].tolist()],
        "document_ids": document,
        "positions": row["positions"].tolist(),
        "labels": row["labels"].tolist(),
    }
    fig, ax = plt.subplots(figsize=(11, 2.4))
    for y, values in enumerate(lines.values()):
        for place, value in enumerate(values):
            fill = COLOURS["padding"] if document[place] < 0 else PASTELS[document[place]]
            fill = fill if value != -100 else "white"
            ax.barh(y, 1, left=place - 0.5, color=fill, ec="white", height=0.95)
            ax.text(place, y, str(value), ha="center", va="center", fontsize=10)
    ax.set(xlim=(-0.5, len(document) - 0.5), ylim=(3.5, -0.5), xlabel="place in the row")
    ax.set(yticks=range(4), yticklabels=list(lines), xticks=range(len(document)))
    ax.set_title("Each document counts its own positions; -100 is not scored")
    ax.grid(False)
    show(fig, alt="A row of two documents and padding, with document ids, positions and labels")


def draw_masks(document_ids: Tensor) -> None:
    """Draw the causal mask and the block-causal mask of a packed row side by side."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 4.4))
    one_text = block_causal_mask([0] * len(document_ids))
    for ax, mask in zip(axes, (one_text, block_causal_mask(document_ids)), strict=True):
        for i, j in mask.nonzero().tolist():
            colour = [*DOCUMENTS, COLOURS["padding"]][document_ids[i]]  # -1 takes the last
            ax.barh(i, 0.95, left=j - 0.5, height=0.95, color=colour)
        limits = (-0.5, len(document_ids) - 0.5)
        ax.set(xlim=limits, ylim=limits[::-1], aspect="equal")
        ax.set(xlabel="place that is read", ylabel="place that reads")
        ax.grid(False)
    axes[0].set_title("Causal: 'Copy.' reads 'sine'")
    axes[1].set_title("Block-causal: each reads itself")
    show(fig, alt="A full causal triangle; beside it three small ones: two documents and padding")
