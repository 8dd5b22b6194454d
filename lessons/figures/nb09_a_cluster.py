"""What the deeper page 09_a_cluster draws."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt

from lessons.plots import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, show


def draw_sizes(sizes: Mapping[str, int]) -> None:
    """How many bytes each thing has; what stays on the disk in grey, what travels in colour."""
    fig, ax = plt.subplots(figsize=(9, 2.8))
    names = list(sizes)[::-1]
    stays = [name.endswith("shard") for name in names]
    ax.barh(names, [sizes[name] for name in names], color=[GREY if s else BLUE for s in stays])
    for row, name in enumerate(names):
        ax.text(sizes[name] * 1.1, row, "stays on the disk" if stays[row] else "travels", va="center", size=9)
    ax.set(xscale="log", xlabel="bytes", xlim=(50, 5e6))
    ax.set_title("The text and the ids stay on the shared disk")
    show(fig, alt="Bytes of a text shard and a token shard, which stay on the disk, and of what travels")


def draw_speedup(speedup: Callable[[int, int], float], shard_counts: Sequence[int], max_workers: int) -> None:
    """How many times as fast 1 to `max_workers` workers are, by `speedup`, for each number of shards."""
    fig, ax = plt.subplots(figsize=(9, 3.8))
    workers = range(1, max_workers + 1)
    ax.plot(workers, workers, color=GREY, ls="--", label="one more worker, one more share")
    for count, colour in zip(shard_counts, (ORANGE, GREEN, PURPLE), strict=True):
        ax.step(workers, [speedup(count, n) for n in workers], where="post", color=colour)
        ax.plot([], [], color=colour, label=f"{count:,} shards")
    ax.set_title("With few shards, more workers stand idle")
    ax.set(xlabel="workers", ylabel="times as fast as one worker")
    ax.legend(loc="upper left")
    show(fig, alt="Speed against workers: 25 shards rise in few large steps up to 25, 1,000 nearly in a line")


def draw_schedules(orders: Mapping[str, Sequence[float]], workers: int = 2) -> None:
    """Which worker does which shard when, one panel for each of `orders` of the shards' seconds."""
    fig, axes = plt.subplots(1, len(orders), figsize=(9, 2.4), sharex=True)
    for ax, (name, seconds) in zip(axes, orders.items(), strict=True):
        free = [0.0] * workers
        for long in seconds:
            who = free.index(min(free))
            ax.barh(
                who, long, 0.7, free[who], color=ORANGE if long == max(seconds) else BLUE, edgecolor="white"
            )
            free[who] += long
        ax.axvline(max(free), color=INK, ls="--", lw=1)
        ax.set(yticks=range(workers), ylabel="worker", xlabel="seconds")
        ax.set_title(f"{name}: {max(free):g} seconds", size=11, weight="normal")
    fig.suptitle("A long shard that begins last keeps the others waiting", weight="bold", ha="left", x=0.02)
    show(
        fig,
        alt="With the long shard last one worker waits for it; with the long shard first both end together",
    )
