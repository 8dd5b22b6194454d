"""What lesson 10 draws: the way with its shapes, the falling loss, and the experiments in one picture."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image

from lessons.plots import BLUE, GREY, INK, ORANGE, PASTELS, png, show

LOOKS = {"better": BLUE, "no difference": GREY, "worse": ORANGE, "(baseline)": INK}


def draw_stations(stations: Mapping[str, tuple]) -> None:
    """Draw the way from text to loss: a box for each station, with its shape and what it is made of."""
    fig, ax = plt.subplots(figsize=(11, 5.2))
    arrow = {"arrowstyle": "->", "color": INK}
    for i, (name, (shape, kind)) in enumerate(stations.items()):
        x, y = 2.9 * (i % 4), -1.9 * (i // 4)
        ax.add_patch(plt.Rectangle((x, y), 2.3, 1.3, facecolor=PASTELS[i // 4]))
        text = f"{name}\n{shape}\n{kind}"
        ax.text(x + 1.15, y + 0.65, text, ha="center", va="center", linespacing=1.6)
        if i % 4:
            ax.annotate("", (x - 0.05, y + 0.65), (x - 0.55, y + 0.65), arrowprops=arrow)
        elif i:
            ax.annotate("", (1.15, y + 1.35), (9.85, y + 1.85), arrowprops=arrow)
    ax.set(xlim=(-0.1, 11.2), ylim=(-4, 1.5))
    ax.set_title("From a text to one number: ids, then vectors, then scores")
    ax.axis("off")
    show(fig, f"{len(stations)} boxes from text to loss, with the shape at each station.")


def draw_curve(losses: Sequence[float], measured: Mapping[int, float], steps: int) -> Image:
    """The loss of each batch so far, its mean over 20, and the bits per byte that were measured."""
    fig, ax = plt.subplots(figsize=(9, 3.4))
    ax.plot(range(1, len(losses) + 1), losses, color=GREY, lw=0.7, label="each batch")
    if len(losses) >= 20:
        smooth = np.convolve(losses, np.ones(20) / 20, "valid")
        ax.plot(range(20, len(losses) + 1), smooth, color=BLUE, label="mean of 20")
    for step, bpb in measured.items():
        ax.axvline(step, color=ORANGE, ls=":")
        ax.annotate(f" {bpb:.1f} bits\n per byte", (step, 8.75), color=ORANGE)
    ax.set(xlim=(0, steps * 1.12), ylim=(3, 9.8), ylabel="loss (nats per token)")
    ax.set(xlabel="step (512 tokens each)", title=f"Step {len(losses)} of {steps}")
    ax.legend(loc="lower left")
    return Image(png(fig), metadata={"alt": "The loss falls from 8.3, fast at first, then slowly."})


def draw_findings(table: pd.DataFrame) -> None:
    """Draw all findings: each setting's difference from its baseline, with the range of three seeds."""
    questions = [list(table.index.unique("question"))[part] for part in (slice(3), slice(3, None))]
    fig, axes = plt.subplots(1, 2, figsize=(11.5, 4.9), sharex=True)
    for ax, here in zip(axes, questions, strict=True):
        y, ticks, names = 0, [], []
        for question in here:
            part = table.loc[question].sort_values("mean")
            (zero,) = part["mean"][part.verdict == "(baseline)"]
            (low,), (high,) = (part[part.verdict == "(baseline)"][end] - zero for end in ("min", "max"))
            ax.text(-0.43, y, question, weight="bold", va="center", size=10)
            ax.fill_betweenx([y + 0.4, y + len(part) + 0.5], low, high, color=GREY, alpha=0.3, lw=0)
            for setting, row in part.iterrows():
                y, colour = y + 1, LOOKS[row.verdict]
                ax.plot([row["min"] - zero, row["max"] - zero], [y, y], color=colour, lw=3)
                ax.plot(row.difference, y, "o", color=colour, markersize=6)
                ticks, names = [*ticks, y], [*names, setting]
            y += 1.3
        ax.axvline(0, color=INK, lw=0.8)
        ax.set_yticks(ticks, names, size=9)
        ax.set(ylim=(y - 0.5, -0.7), xlim=(-0.45, 0.87))
        ax.grid(axis="y", visible=False)
    fig.supxlabel("difference from the baseline in bits per byte, after equal text (left is better)", size=11)
    title = "Tokenizer, window and batch size matter most; the stride only on a small text"
    fig.suptitle(title, x=0.01, ha="left", weight="bold", size=13)
    for verdict, colour in LOOKS.items():
        axes[1].plot([], [], "o-", lw=3, color=colour, label=verdict)
    axes[1].legend(loc="upper right")
    show(fig, "Large differences for tokenizer, window and batch; for the stride only on a small text.")
