"""What deeper/10_the_experiments draws: single runs, the cost of tokenizers, a small text read often."""

import matplotlib.pyplot as plt
import pandas as pd

from lessons.plots import BLUE, GREEN, GREY, ORANGE, show

OFFSETS = {  # of labels that would overlap, in points
    "characters": (9, 4), "bytes": (9, -13), "across words 1024": (9, 0), "across words 4096": (9, 2),
    "BPE 2048": (-30, -27),
}  # fmt: skip


def draw_seeds(runs: pd.DataFrame, settings: list[str]) -> None:
    """Draw bits per byte on the way, a line for each seed of the experiment on positions."""
    fig, ax = plt.subplots(figsize=(9, 3.6))
    for setting, colour in zip(settings, (BLUE, ORANGE, GREEN), strict=False):
        chosen = runs[(runs.experiment == "positions") & (runs.setting == setting)]
        for seed, run in chosen.groupby("seed"):
            label = setting if seed == 0 else None
            ax.plot(run.bytes_seen / 1000, run.val_bpb, "o-", color=colour, label=label)
    ax.set(xlabel="text seen (kB)", ylabel="bits per byte (validation)")
    ax.set_title("Three seeds of one setting differ, and sometimes as much as two settings")
    ax.legend()
    show(fig, alt="Nine falling curves; those of one setting lie apart by up to a tenth of a bit")


def draw_costs(runs: pd.DataFrame, figures: pd.DataFrame, baseline: str) -> None:
    """Draw each tokenizer's bits per byte after equal text against the operations that the text takes."""
    fig, ax = plt.subplots(figsize=(10, 4.6))
    last = runs[runs.experiment == "tokenizer"].groupby("setting").operations.max()
    for name, bits in figures.groupby("setting").bpb:
        loses = name == "words or unk"
        cost, colour = last[name] / last[baseline], GREY if loses else BLUE
        ax.plot([cost] * 2, [bits.min(), bits.max()], color=colour, lw=5)
        offset = OFFSETS.get(name, (9, -4))
        label = f"{name}: loses text" if loses else name
        ax.annotate(label, (cost, bits.mean()), offset, textcoords="offset points")
    ax.set(xlabel="operations for the same text (baseline = 1)", xlim=(0.9, 3.3))
    ax.set_ylabel("bits per byte (validation)")
    ax.set_title("Characters and bytes cost more than BPE 1024, and predict worse")
    show(fig, alt="Bits per byte against operations: characters and bytes are high and costly")


def draw_small_text(small: pd.DataFrame, settings: list[str]) -> None:
    """Draw training and validation on a small text for two strides, with the range of the seeds."""
    fig, axes = plt.subplots(1, len(settings), figsize=(11, 3.8), sharey=True)
    for ax, setting in zip(axes, settings, strict=True):
        by_step = small[small.setting == setting].groupby("step")
        for part, colour in [("train", BLUE), ("val", ORANGE)]:
            figures = by_step[f"{part}_bpb"]
            low, high = figures.min(), figures.max()
            ax.plot(figures.mean(), color=colour, label=part)
            ax.fill_between(low.index, low, high, color=colour, alpha=0.25)
        ax.set(xlabel="step", title=f"stride {setting}")
    axes[0].set_ylabel("bits per byte")
    axes[0].legend()
    fig.suptitle("The same windows again and again are soon known by heart", weight="bold")
    show(fig, alt="Validation turns up earlier and higher with stride 64 than with stride 1")
