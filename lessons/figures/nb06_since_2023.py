"""What deeper/06_since_2023 draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from torch import Tensor

from lessons.plots import BLUE, GREEN, ORANGE, PURPLE, show


def draw_speeds(ways: Mapping[str, Tensor], plain: Tensor) -> None:
    """Draw how fast each pair turns in each of `ways`, as a share of its speed in training, `plain`."""
    fig, ax = plt.subplots(figsize=(9, 3.4))
    for (name, speeds), colour in zip(ways.items(), [BLUE, GREEN, ORANGE], strict=True):
        ax.plot(speeds / plain, "o-", ms=4, color=colour, label=name)
    ax.set(ylim=(0, 1.08), xlabel="pair (0 is the fastest)", ylabel="share of the trained speed")
    ax.set_title("YaRN keeps the fast pairs and slows the slow ones")
    ax.legend(loc="upper right")
    show(fig, "Interpolation slows all pairs alike, NTK-aware scaling ever more, YaRN in one step.")


def draw_two_jobs(jobs: Mapping[str, Mapping[str, Sequence[float]]], lengths: Sequence[int]) -> None:
    """Draw a panel for each job: the accuracy of each scheme against the length, the trained one first."""
    fig, axes = plt.subplots(1, len(jobs), figsize=(10, 3.4), sharey=True)
    for ax, (job, lines) in zip(axes, jobs.items(), strict=True):
        for (name, line), colour in zip(lines.items(), [GREEN, ORANGE, PURPLE], strict=True):
            ax.plot(lengths, line, "o-", color=colour, label=name)
        ax.set_xscale("log", base=2)
        ax.set_xticks(lengths, lengths)
        ax.set(title=job, ylim=(0, 1.08), xlabel="length (trained: the first)")
    axes[0].set_ylabel("accuracy")
    axes[-1].legend(loc="lower left", bbox_to_anchor=(1, 0))
    show(fig, "By place, RoPE on all dimensions lasts longest. By content, no positions last longest.")
