"""What deeper/07_orders draws: how often tokens come, and the order in which windows come."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import AMBER, BLUE, ORANGE, show


def draw_times(times: Mapping[str, np.ndarray]) -> None:
    """What share of the targets comes how often: `times` has a count for each target, by the way to draw."""
    fig, ax = plt.subplots(figsize=(9, 3.6))
    width, most = 0.8 / len(times), 6
    for n, (name, counts) in enumerate(times.items()):
        shares = np.bincount(np.minimum(counts, most), minlength=most + 1) / len(counts)
        at = np.arange(most + 1) + (n - (len(times) - 1) / 2) * width
        ax.bar(at, 100 * shares, width, color=[BLUE, ORANGE, AMBER][n], label=name)
    ax.set_xticks(range(most + 1), [*map(str, range(most)), f"{most} or more"])
    ax.set(xlabel="times a target", ylabel="share of the targets (%)")
    ax.set_title("With random starts, more than a third of the targets never come")
    ax.legend()
    show(fig, alt="Bars: every token comes once from windows in a row; of random starts 37 % never come.")


def draw_orders(orders: Mapping[str, Sequence[int]]) -> None:
    """The window that comes at each place, a picture for each order."""
    fig, axes = plt.subplots(1, len(orders), figsize=(10, 3.4), sharey=True, squeeze=False)
    for ax, (name, order) in zip(axes[0], orders.items(), strict=True):
        ax.plot(order, ".", color=BLUE, ms=4)
        ax.set_title(name)
        ax.set(xlabel="place in the epoch")
    axes[0, 0].set_ylabel("window")
    show(fig, alt=f"Which window comes when, in these orders: {', '.join(orders)}.")
