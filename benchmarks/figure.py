"""The figure in the README: how fast this project is, beside what else does the same work."""

import statistics
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks import setup
from lessons import plots

PANELS = {  # what the ratios in `benchmarks.RATIOS` begin with: the title of the panel
    "training": "Training BPE on 11 MB, one core",
    "encoding, library docs": "Encoding 11 MB with GPT-2's vocabulary, one core",
    "documents": "The same 11 MB as 12,065 documents, one core",
    "loading, stride 256": "Reading windows, an epoch",
}
OURS = ("helpers.bpe", "tokenize_", "make_loader")


def draw(ratios: dict[str, list[float]], path: Path) -> None:
    """Write a PNG with a panel for each of PANELS that was measured: bars of the ratio, and its spread."""
    known = [prefix for prefix in PANELS if any(name.startswith(prefix) for name in ratios)]
    if not known:
        return
    fig, axes = plt.subplots(len(known), figsize=(9, 2.1 * len(known)), squeeze=False)
    fig.suptitle(setup.processor(), fontsize=11)
    for ax, prefix in zip(axes[:, 0], known, strict=True):
        chosen = {n.removeprefix(prefix + ": "): r for n, r in ratios.items() if n.startswith(prefix)}
        panel(ax, PANELS[prefix], chosen)
    path.write_bytes(plots.png(fig))


def panel(ax: Axes, title: str, ratios: dict[str, list[float]]) -> None:
    """Bars from the slowest to the fastest; the peer to which all are held has a ratio of 1."""
    peer = next(name for name, each in ratios.items() if set(each) == {1.0})
    names = sorted(ratios, key=lambda name: statistics.median(ratios[name]))
    middle = [statistics.median(ratios[name]) for name in names]
    low = [m - min(ratios[name]) for m, name in zip(middle, names, strict=True)]
    high = [max(ratios[name]) - m for m, name in zip(middle, names, strict=True)]
    colours = [plots.BLUE if name.startswith(OURS) else plots.GREY for name in names]
    ax.barh(names, middle, xerr=[low, high], color=colours, ecolor=plots.INK, capsize=3)
    for y, value in enumerate(middle):
        ax.annotate(
            f"{value:.2g}" if value < 10 else f"{value:.0f}",
            (value + high[y], y),
            (6, -4),
            textcoords="offset points",
        )
    ax.set(title=title, xlabel=f"speed, {peer} = 1")
    if max(middle) > 20 * min(middle):
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0.1)
