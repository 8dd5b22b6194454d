"""What the page 03_train_fast draws and times."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import regex

from helpers.bpe import GPT2_PATTERN
from lessons.figures.nb03 import merged
from lessons.plots import AMBER, BLUE, GREEN, GREY, ORANGE, draw_tokens, show, visible

Merge = tuple[bytes, bytes]


def timed(function: Callable, *args: Any) -> tuple[Any, float]:
    """What `function` returns, and the seconds it took, which are printed."""
    start = time.perf_counter()
    result = function(*args)
    seconds = time.perf_counter() - start
    print(f"{function.__name__:14} ≈ {seconds:6.2f} s")
    return result, seconds


def pairs_looked_at(text: str, merges: Sequence[Merge]) -> dict[str, list[int]]:
    """How many pairs each of three ways to train on `text` looks at, for each of the `merges` it learns."""
    occurrences = Counter(regex.findall(GPT2_PATTERN, text))
    words = {word: [bytes([byte]) for byte in word.encode()] for word in occurrences}
    looks: dict[str, list[int]] = {"every pre-token": [], "each distinct word": [], "words with the pair": []}
    for pair in merges:
        pairs = {word: max(len(tokens) - 1, 0) for word, tokens in words.items()}
        holding = [word for word, tokens in words.items() if pair in pairwise(tokens)]
        looks["every pre-token"].append(sum(n * occurrences[word] for word, n in pairs.items()))
        looks["each distinct word"].append(sum(pairs.values()))
        looks["words with the pair"].append(sum(pairs[word] for word in holding))
        for word in holding:
            words[word] = merged(words[word], pair)
    looks["words with the pair"][0] += sum(len(word.encode()) - 1 for word in occurrences)  # the first count
    return looks


def draw_work(looks: Mapping[str, Sequence[int]]) -> None:
    """Draw how many pairs each way to train looks at, merge by merge."""
    fig, ax = plt.subplots(figsize=(9, 3.8))
    for (name, counts), colour in zip(looks.items(), (ORANGE, BLUE, GREEN), strict=True):
        ax.plot(range(1, len(counts) + 1), counts, color=colour, label=f"{name}: {sum(counts):,} in all")
    ax.set(yscale="log", xlabel="merge", ylabel="pairs looked at")
    ax.set_title("The same merges, but far fewer pairs to look at")
    fig.legend(loc="outside lower center", ncols=3)
    alt = "Pairs looked at for each merge, on a log scale: the way that touches only the words with the pair "
    show(fig, alt=alt + "looks at a hundred times fewer than the way that looks at every pre-token.")


def draw_touched(words: Sequence[str], touched: Sequence[str], columns: int = 100) -> None:
    """Draw `words` in a row of boxes; those that a merge has `touched` are orange."""
    fig, ax = plt.subplots(figsize=(11, 2.9))
    draw_tokens(ax, words, [AMBER if word in set(touched) else "#F4F4F4" for word in words], columns, 9.5)
    n = len(set(touched) & set(words))
    ax.set_title(f"The merge touches {n} of these {len(words)} words")
    show(fig, alt=f"{len(words)} different words of the story; the {n} that hold the pair are orange.")


def draw_heap(heap: Sequence[tuple[int, str]], counts: Mapping[str, int]) -> None:
    """Draw a heap of (-count, pair) as a tree; entries that `counts` contradicts are grey."""
    fig, ax = plt.subplots(figsize=(9, 2.8))
    places = {}
    for at in range(len(heap)):
        level = (at + 1).bit_length() - 1
        first = 2**level
        places[at] = ((at + 1 - first + 0.5) / first, -level)
        if at:
            ax.plot(*zip(places[at], places[(at - 1) // 2], strict=True), color=GREY, zorder=0)
    for at, (count, pair) in enumerate(heap):
        right = counts[pair] == -count
        text = f"{visible(pair)}: {-count}" + ("" if right else f"\nnow {counts[pair]}")
        box = {"boxstyle": "round", "facecolor": "white" if right else GREY, "edgecolor": BLUE}
        ax.text(*places[at], text, ha="center", va="center", size=10, family="monospace", bbox=box)
    ax.set(xlim=(0, 1), ylim=(min(y for _, y in places.values()) - 0.5, 0.5))
    ax.axis("off")
    ax.set_title("A heap: no entry has a larger count than the one above it")
    show(fig, alt="A heap of pairs as a tree, the largest count on top; outdated entries are grey.")
