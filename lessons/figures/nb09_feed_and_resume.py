"""What the deeper page 09_feed_and_resume draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from lessons.plots import BLUE, GREY, INK, ORANGE, show


def draw_times_seen(times: Mapping[str, Sequence[int]], columns: int = 40) -> None:
    """A square for each window, coloured by how often it was seen, in one panel for each of `times`."""
    fig, axes = plt.subplots(1, len(times), figsize=(10, 2.7))
    for ax, (name, count) in zip(axes, times.items(), strict=True):
        squares = np.reshape(count, (-1, columns))
        ax.pcolormesh(squares, cmap=ListedColormap([GREY, BLUE, ORANGE]), vmin=0, vmax=2, edgecolor="white")
        ax.set_aspect("equal")
        ax.axis("off")
        ax.set_title(name, size=11, weight="normal")
    names = zip((GREY, BLUE, ORANGE), ("never", "once", "twice"), strict=True)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour, label=name) for colour, name in names]
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    fig.suptitle("A new shuffle after a stop loses windows", weight="bold", ha="left", x=0.02)
    show(
        fig,
        alt="Shuffled anew, a quarter of the windows is never seen, a quarter twice",
    )


def draw_buffer(out: Sequence[int]) -> None:
    """Where each item of a stream comes out of a shuffle buffer, beside a full shuffle."""
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True)
    full = np.random.default_rng(0).permutation(len(out))
    titles = ("Through the buffer the old order shows", "A full shuffle")
    for ax, places, title in zip(axes, (out, full), titles, strict=True):
        ax.scatter(range(0, len(places), 4), places[::4], s=3, color=BLUE)
        ax.set(xlabel="place in the output", ylabel="place in the stream")
        ax.set_title(title)
    show(fig, alt="The output of a buffer follows the diagonal; a full shuffle fills the square")


def draw_restart(saved: int, killed: int, last: int) -> None:
    """The steps of a run that is killed and of the run that continues it from step `saved`."""
    fig, ax = plt.subplots(figsize=(9, 2.2))
    ax.barh(1, saved, 0.6, color=BLUE)
    ax.barh(1, killed - saved, 0.6, saved, color="white", edgecolor=ORANGE, hatch="///")
    ax.barh(0, last - saved, 0.6, saved, color=BLUE)
    ax.axvline(saved, color=INK, ls=":", lw=1)
    ax.text(killed + 0.5, 1, "killed: these steps are lost", va="center", color=ORANGE)
    ax.set(yticks=[0, 1], yticklabels=["second run", "first run"], xlabel="step", xlim=(0, last + 1))
    ax.set_title("The second run begins at the last checkpoint, and not at the kill")
    show(
        fig,
        alt=f"Saved at step {saved}, killed at {killed}; the second run goes on from {saved}",
    )
