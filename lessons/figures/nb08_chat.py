"""What deeper/08_chat draws: rows of a chat, and how sure two models are of an answer."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, ORANGE, PASTELS, draw_tokens, show, visible

Row = tuple[Sequence[int], Sequence[int]]  # ids, and labels of the same length


def draw_chats(rows: Mapping[str, Row], piece: Callable[[int], str]) -> None:
    """Draw each row of tokens under its name: orange is scored (label not -100), blue is only read."""
    fig, axes = plt.subplots(len(rows), 1, figsize=(11, 1.35 * len(rows)), squeeze=False)
    for ax, (name, (ids, labels)) in zip(axes[:, 0], rows.items(), strict=True):
        fills = [PASTELS[0] if label == -100 else PASTELS[1] for label in labels]
        draw_tokens(ax, map(piece, ids), fills, columns=104)
        ax.set_title(f"{name}: orange is scored, blue is only read", size=11)
    show(fig, alt=f"Tokens of a chat as {' and '.join(rows)}; the answer and its end token are scored")


def draw_chances(pieces: Sequence[str], chances: Mapping[str, Sequence[float]]) -> None:
    """Draw the probability that each model gives to each right token of an answer."""
    fig, ax = plt.subplots(figsize=(9, 3.2))
    places, width = np.arange(len(pieces)), 0.8 / len(chances)
    for n, ((name, values), colour) in enumerate(zip(chances.items(), (BLUE, ORANGE), strict=False)):
        ax.bar(places + (n - (len(chances) - 1) / 2) * width, values, width, color=colour, label=name)
    ax.set(xticks=places, xticklabels=map(visible, pieces), ylim=(0, 1.05))
    ax.set(xlabel="right next token", ylabel="probability")
    ax.set_title("Both models know the answer; one has never learned to end it")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncol=2)
    show(fig, alt="Bars for each token of an answer; at the end token one model has no bar")
