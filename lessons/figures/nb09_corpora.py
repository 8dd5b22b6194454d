"""What the deeper page 09_corpora draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, PASTELS, show


def draw_file(meta: Any) -> None:
    """A Parquet file by its metadata (of pyarrow): row groups, and in each the bytes of each column."""
    groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
    groups = [[group.column(number) for number in range(meta.num_columns)] for group in groups]
    groups = [{part.path_in_schema: part.total_compressed_size for part in group} for group in groups]
    fig, ax = plt.subplots(figsize=(10, 2.1))
    start, colours = 0, dict(zip(groups[0], PASTELS, strict=False))
    for number, group in enumerate(groups):
        size = sum(group.values())
        ax.text((start + size / 2) / 1e6, 1.2, f"row group {number}", ha="center", size=9)
        for name, width in group.items():
            label = None if number else name
            ax.barh(
                0.5, width / 1e6, 0.9, start / 1e6, color=colours[name], edgecolor=INK, lw=0.6, label=label
            )
            start += width
    ax.set(yticks=[], ylim=(-0.05, 1.55), xlabel="MB from the beginning of the file")
    ax.set_title("A Parquet file: in each row group, one column after the other")
    ax.grid(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.45), ncols=len(colours))
    columns = ", ".join(groups[0])
    show(
        fig, alt=f"A bar of {len(groups)} row groups; in each lie the columns {columns}, one after the other"
    )


def draw_memory(megabytes: Mapping[str, float]) -> None:
    """What each way of reading a file adds to the memory of its process."""
    fig, ax = plt.subplots(figsize=(9, 0.9 + 0.45 * len(megabytes)))
    names = list(megabytes)[::-1]
    bars = ax.barh(
        names,
        [megabytes[name] for name in names],
        color=[BLUE if name.startswith("read_documents") else GREY for name in names],
    )
    ax.bar_label(bars, fmt="%.0f MB", padding=4)
    ax.set(
        title="The memory of read_documents hardly grows with the file", xlabel="memory added at the peak, MB"
    )
    ax.margins(x=0.12)
    show(
        fig,
        alt="Memory added by reading: " + "; ".join(f"{name}: {mb:.0f} MB" for name, mb in megabytes.items()),
    )


def draw_precision(
    even: Sequence[float], crawl: Sequence[float], recall: Sequence[float], cuts: Sequence
) -> None:
    """Precision in an even mixture and in a crawl, and recall, for each value of the cut."""
    fig, ax = plt.subplots(figsize=(9, 3.6))
    ax.plot(cuts, even, color=BLUE, marker="o", label="precision, good and bad equally frequent")
    ax.plot(cuts, crawl, color=ORANGE, marker="o", label="precision, one good text among 21")
    ax.plot(cuts, recall, color=GREEN, marker="s", ls="--", label="recall: share of the good texts kept")
    ax.set(title="The same filter, but good texts are rare in a crawl", ylim=(0, 1.02))
    ax.set(xlabel="keep what scores above", ylabel="share")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, fontsize=9)
    show(fig, alt="Precision rises with the cut and recall falls; in a crawl the precision is far lower")


def draw_mixtures(shares: Mapping[str, Mapping[str, float]]) -> None:
    """For each way to mix, the share of each source as parts of one bar."""
    fig, ax = plt.subplots(figsize=(9, 0.9 + 0.5 * len(shares)))
    ways = list(shares)[::-1]
    left = np.zeros(len(ways))
    for source, colour in zip(shares[ways[0]], PALETTE, strict=False):
        width = np.array([shares[way][source] for way in ways])
        bars = ax.barh(ways, width, left=left, color=colour, label=source)
        ax.bar_label(
            bars, [f"{w:.0%}" if w > 0.04 else "" for w in width], label_type="center", color="white"
        )
        left += width
    ax.set(title="Weights for documents are not weights for words", xlabel="share", xlim=(0, 1))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    said = "; ".join(f"{way}: " + ", ".join(f"{s} {v:.0%}" for s, v in shares[way].items()) for way in shares)
    show(fig, alt=said)


def draw_overlap(shares: Sequence[float], n: int) -> None:
    """How much of each test document is found in training, the documents in order of that share."""
    fig, ax = plt.subplots(figsize=(9, 3.2))
    ordered = np.sort(shares)[::-1]
    ax.bar(range(len(ordered)), ordered, width=1, color=np.where(ordered > 0.5, ORANGE, BLUE))
    ax.axhline(0.5, color=INK, ls="--", lw=1)
    ax.set(
        xlabel="test documents, in order", ylabel=f"share of its {n}-grams\nfound in training", ylim=(0, 1.02)
    )
    ax.set_title("Many test documents share a phrase with training, some nearly everything")
    touched, half = int((ordered > 0).sum()), int((ordered > 0.5).sum())
    show(
        fig,
        alt=f"{touched} of {len(ordered)} test documents share {n} words, {half} more than half of theirs",
    )
