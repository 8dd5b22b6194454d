"""What the deeper page 09_clean_a_corpus draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, GREY, INK, ORANGE, show


def draw_copies(counts: Sequence[tuple[str, int]]) -> None:
    """How often each of the commonest texts stands in a corpus, named by its first line."""
    fig, ax = plt.subplots(figsize=(10, 2.8))
    names = [text.splitlines()[0][:60] for text, _ in counts][::-1]
    ax.barh(range(len(names)), [count for _, count in counts][::-1], color=ORANGE)
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel="copies of the whole text")
    ax.set_title(f"One docstring stands {counts[0][1]} times in scikit-learn")
    show(fig, alt=f"The commonest text stands {counts[0][1]} times in the corpus: {names[-1]}")


def draw_minhash(exact: Mapping[tuple, float], guess: Mapping[tuple, float], bands: int, rows: int) -> None:
    """Estimated against exact similarities, and the chance that a pair meets in one of the bands."""
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.8))
    axes[0].plot([0, 1], [0, 1], color=GREY)
    axes[0].scatter([exact[pair] for pair in exact], [guess[pair] for pair in exact], s=12, color=BLUE)
    axes[0].set_title(f"{bands * rows} hashes estimate the similarity")
    axes[0].set(xlabel="exact Jaccard similarity", ylabel="estimate")
    s = np.linspace(0, 1, 200)
    axes[1].plot(s, 1 - (1 - s**rows) ** bands, color=ORANGE)
    axes[1].axvline(0.75, color=INK, ls="--", lw=1)
    axes[1].set_title(f"{bands} bands of {rows} are steep near 0.75")
    axes[1].set(xlabel="Jaccard similarity", ylabel="chance to be compared")
    show(fig, alt="Estimates lie on the diagonal; the chance to be compared rises steeply near 0.75")


def draw_scores(words: Sequence[int], scores: Sequence[float], good: Sequence[bool]) -> None:
    """The score of each text against its length; the median score parts what is kept from the rest."""
    fig, ax = plt.subplots(figsize=(9, 3.8))
    good = np.asarray(good)
    for which, colour, name in [(~good, GREY, "without examples"), (good, BLUE, "with examples")]:
        ax.scatter(np.asarray(words)[which], np.asarray(scores)[which], s=10, color=colour, label=name)
    ax.axhline(np.median(scores), color=INK, ls="--", lw=1)
    ax.text(max(words), np.median(scores), "kept above, removed below", ha="right", va="bottom", size=9)
    ax.set(xscale="log", xlabel="words in the text, without its examples", ylabel="score")
    ax.set_title("Long texts get high scores")
    ax.legend(loc="upper left")
    show(fig, alt="Score against length: the score rises with length, and nearly all long texts are kept")
