"""What lesson 09 draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from lessons.plots import AMBER, BLUE, GREEN, GREY, INK, ORANGE, PALETTE, PASTELS, PURPLE, draw_tokens, show


def draw_pieces() -> None:
    """The way of a corpus: documents, text shards, workers, token shards, one array."""
    fig, ax = plt.subplots(figsize=(10.5, 3.2))
    look = {"ha": "center", "va": "center", "size": 9.5}
    arrow = {"arrowstyle": "->", "color": INK}
    for row in range(12):
        ax.add_patch(plt.Rectangle((0, row / 3), 1.3, 0.27, facecolor=PASTELS[row // 3], edgecolor=GREY))
    for row in range(4):
        y, fill = row + 0.08, PASTELS[row]
        for x, name in [(2.4, "text shard"), (7, "token shard")]:
            ax.add_patch(plt.Rectangle((x, y), 1.7, 0.75, facecolor=fill, edgecolor=GREY))
            ax.text(x + 0.85, y + 0.37, f"{name} {4 - row}", **look)
        ax.add_patch(plt.Rectangle((9.8, row), 0.9, 1, facecolor=fill, edgecolor="white"))
        ax.annotate("", (2.35, y + 0.37), (1.35, y + 0.37), arrowprops=arrow)
        ax.annotate("", (5.15, 2.85 if row > 1 else 1.15), (4.15, y + 0.37), arrowprops=arrow)
        ax.annotate("", (6.95, y + 0.37), (6.1, 2.85 if row > 1 else 1.15), arrowprops=arrow)
        ax.annotate("", (9.75, row + 0.5), (8.75, y + 0.37), arrowprops=arrow)
    for y, name in [(2.85, "worker 1"), (1.15, "worker 2")]:
        ax.text(5.62, y, name, **look, bbox={"boxstyle": "round,pad=0.5", "facecolor": AMBER, "alpha": 0.6})
    for x, name in [(0.65, "documents"), (3.25, "1. cut"), (5.62, "2. tokenize"), (7.85, "ids on disk")]:
        ax.text(x, -0.35, name, **look, weight="bold")
    ax.text(10.25, -0.35, "3. one array", **look, weight="bold")
    ax.set(xlim=(-0.1, 11), ylim=(-0.6, 4.1))
    ax.axis("off")
    ax.set_title("No step ever holds the whole corpus")
    show(
        fig,
        alt="Documents, text shards, workers and token shards, which are read as one array",
    )


def draw_cost(cost: Mapping[str, float]) -> None:
    """What 15.6 trillion tokens take in each container, from the bytes that one token takes."""
    fig, ax = plt.subplots(figsize=(9, 2.8))
    names, sizes = list(cost)[::-1], np.array(list(cost.values()))[::-1]
    ax.barh(names, sizes * 15.6, color=[GREY if "text" in name else BLUE for name in names])
    for row, size in enumerate(sizes):
        ax.text(size * 15.6 + 5, row, f"{size * 15.6:.0f} TB", va="center", size=10)
    ax.set(xlabel="terabytes for 15.6 trillion tokens", xlim=(0, 620))
    ax.set_title("The dtype decides: two bytes or thirty-six for each token")
    show(
        fig,
        alt="Terabytes: a Python list takes 562, int64 125, uint32 62, uint16 31, the text 52",
    )


def draw_cuts(ways: Mapping[str, Sequence[str]]) -> None:
    """The same text as tokens, once for each of `ways` to encode it."""
    fig, axes = plt.subplots(len(ways), 1, figsize=(9, 0.75 * len(ways) + 0.4))
    for ax, (name, pieces) in zip(axes, ways.items(), strict=True):
        draw_tokens(ax, pieces, columns=36)
        ax.text(-0.4, 0, f"{name}: {len(pieces)}", ha="right", va="center", size=10)
    fig.suptitle("Cut after a line end, and one token becomes two", weight="bold", ha="left", x=0.02)
    show(
        fig,
        alt="The line end and three spaces are one token in the whole text, and two by line",
    )


def _draw_runs(ax: Axes, runs: Sequence[dict], named: Sequence[int] = ()) -> tuple[dict[int, int], float]:
    """A box for each run and a row for each process; returns the rows, and when the first run began.

    A box has its run's number if there is room for it, or if the number is in `named`.
    """
    began = min(run["started"] for run in runs)
    room = 0.025 * (max(run["started"] + run["seconds"] for run in runs) - began)
    rows: dict[int, int] = {}
    for run in sorted(runs, key=lambda run: run["started"]):
        rows.setdefault(run["pid"], len(rows))
    for number, run in enumerate(runs):
        row, left = rows[run["pid"]], run["started"] - began
        ax.barh(row, run["seconds"], 0.7, left, color=PALETTE[row % len(PALETTE)], edgecolor="white")
        if run["seconds"] > room or number in named:
            ax.text(left, row, f" {number}", va="center", color="white", size=9)
    ax.set(yticks=range(len(rows)), ylabel="process")
    return rows, began


def draw_processes(jobs: Mapping[str, Sequence[dict]]) -> None:
    """Which process made which shard and when, one panel for each of `jobs`; see `_draw_runs`."""
    rows = [len({run["pid"] for run in runs}) for runs in jobs.values()]
    size = (10, 1.6 + 0.55 * sum(rows))
    fig, axes = plt.subplots(len(jobs), 1, figsize=size, sharex=True, height_ratios=rows)
    for ax, (name, runs) in zip(axes, jobs.items(), strict=True):
        _draw_runs(ax, runs)
        ax.set_title(name, size=10.5, weight="normal")
    fig.suptitle("A process that is free takes the next shard", weight="bold", ha="left", x=0.02)
    axes[-1].set_xlabel("seconds since the first shard was begun")
    show(fig, alt="Above, one process makes all shards in a row; below, two processes share them")


def draw_kill(runs: Sequence[dict], victim: int, kill_time: float, left_behind: Sequence[Path]) -> None:
    """The shards of a job whose process `victim` was killed, with the unfinished file that it left."""
    fig, ax = plt.subplots(figsize=(10, 3))
    numbers = [int(path.name.split("-")[1].split(".")[0]) for path in left_behind]
    rows, began = _draw_runs(ax, runs, named=numbers)
    for path, number in zip(left_behind, numbers, strict=True):
        created, row = path.stat().st_mtime, rows.get(victim, 0)
        lost = ax.barh(row, kill_time - created, 0.7, created - began, color="white")
        lost[0].set(edgecolor=ORANGE, hatch="///")
        ax.text(kill_time - began, row, f"  shard {number}, lost", va="center", color=ORANGE)
    ax.axvline(kill_time - began, color=INK, ls="--", lw=1)
    ax.set_title("A worker is killed (dashed line), and another one does its shard")
    ax.set_xlabel("seconds since the first shard was begun")
    show(fig, alt="One row ends at the kill; its lost shard appears later in another row")


def draw_memory(mapped: Sequence[float], own: Sequence[float], file_size: float) -> None:
    """How both kinds of resident memory grow (MB) while windows of a mapped file are read."""
    fig, ax = plt.subplots(figsize=(9, 3.2))
    ax.plot(mapped, color=BLUE, label="mapped pages")
    ax.plot(own, color=ORANGE, label="own memory")
    ax.axhline(file_size, color=GREY, ls="--", label="the whole file")
    ax.set_title("Mapped pages count as resident memory, though nothing is copied")
    ax.set(xlabel="windows read", ylabel="growth (MB)")
    ax.legend(loc="center right")
    show(fig, alt="Mapped pages grow by tens of megabytes; the process's own memory stays where it was")


PUBLISHED = {"OpenWebText": 9e9, "RefinedWeb, public": 600e9, "Dolma": 3e12, "FineWeb": 15e12}


def draw_hours(density: float, rate: float) -> None:
    """Hours to tokenize corpora of any size at `density` bytes a token and `rate` bytes a second and core."""
    fig, ax = plt.subplots(figsize=(9, 4))
    sizes = np.logspace(8, 14, 50)
    for cores, colour in ((1, BLUE), (100, GREEN), (10_000, PURPLE)):
        hours = sizes * density / rate / 3600 / cores
        ax.loglog(sizes, hours, color=colour, label=f"{cores:,} core{'s' * (cores > 1)}")
    for name, size in PUBLISHED.items():
        ax.axvline(size, color=GREY, lw=1)
        ax.text(size, 2e-7, name, rotation=90, ha="right", va="bottom", size=9)
    for limit, name in ((1, "an hour"), (24 * 365, "a year")):
        ax.axhline(limit, color=GREY, ls=":", lw=1)
        ax.text(1e8, limit, name, va="bottom", size=9)
    ax.set_title("Tokenizing the internet is a matter of cores")
    ax.set(xlabel="tokens", ylabel="hours", ylim=(1e-7, None))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(fig, alt="Hours against tokens for 1, 100 and 10,000 cores, with four published corpora marked")
