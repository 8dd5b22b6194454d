"""What the page 03_encode_fast times and draws."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import truediv
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from helpers.bpe import BPETokenizer, arrays
from lessons.plots import AMBER, BLUE, GREY, ORANGE, PASTELS, draw_tokens, show

RUNS = Path(__file__).resolve().parents[2] / "benchmarks" / "runs.json"


def cpu_seconds(make: Callable[[], Callable], *given: Any) -> float:
    """The least processor time of two calls of what `make` gives, which is made anew for each."""
    times = []
    for _ in range(2):
        function = make()
        start = time.process_time()
        function(*given)
        times.append(time.process_time() - start)
    return min(times)


def draw_speeds(speeds: Mapping[str, float]) -> None:
    """Draw the speed of each way to encode, in million characters a second; those in Rust are grey."""
    fig, ax = plt.subplots(figsize=(9, 0.9 + 0.5 * len(speeds)))
    colours = [GREY if name.startswith("tiktoken") else BLUE for name in speeds]
    ax.bar_label(ax.barh(list(speeds), list(speeds.values()), color=colours), fmt="%.1f", padding=4)
    ax.invert_yaxis()
    ax.set_xlabel("million characters for each second of one processor core")
    ax.set_title("A long text: arrays in Python (blue) beside tiktoken in Rust (grey)")
    alt = "Speed on a long text: the arrays are faster than tiktoken on a new text, and still faster on one"
    show(fig, alt=f"{alt} that they have seen before.")


def draw_cuts(cuts: Mapping[str, Sequence[str]]) -> None:
    """Draw how each rule cuts the same text, as rows of boxes."""
    fig, axes = plt.subplots(len(cuts), 1, figsize=(8.5, 0.8 * len(cuts)))
    for ax, (name, pieces) in zip(axes, cuts.items(), strict=True):
        draw_tokens(ax, pieces, columns=sum(map(len, pieces)), size=12)
        ax.text(-0.3, 0, name, ha="right", va="center")
    fig.suptitle("Three rules give the pre-tokens of GPT-2's pattern", weight="bold")
    show(fig, alt="One text cut three times: by class, then with its spaces, then with 's in one piece.")


def draw_keys(words: Sequence[bytes]) -> None:
    """Draw the two integers of each pre-token as sixteen boxes, one for each byte."""
    fig, axes = plt.subplots(len(words), 1, figsize=(9, 0.6 * len(words)))
    fills = [PASTELS[0]] * 8 + [PASTELS[2]] * 7 + [AMBER]
    for ax, word in zip(axes, words, strict=True):
        low, high = arrays.keys(word, np.array([0, len(word)]))
        for at, byte in enumerate(low.tobytes() + high.tobytes()):
            ax.add_patch(plt.Rectangle((at, 0), 1, 1, fc=fills[at], ec="white", lw=2))
            sign = chr(byte) if 32 < byte < 127 else "␣" if byte == 32 else f"{byte}"
            colour = GREY if byte == 0 and at >= len(word) else "black"
            ax.text(at + 0.5, 0.5, sign, ha="center", va="center", color=colour)
        ax.set(xlim=(-0.1, 16.1), ylim=(0, 1))
        ax.axis("off")
        ax.text(-0.3, 0.5, repr(word.decode()), ha="right", va="center")
    axes[0].set_title("low: bytes 0 to 7 (blue); high: bytes 8 to 14 (green), and the length")
    show(fig, alt="Five pre-tokens as sixteen boxes each: their bytes, zeros behind them, and their length.")


def rounds(
    words: Sequence[bytes], ranks: Mapping[tuple[int, int], int], tokenizer: BPETokenizer
) -> pd.DataFrame:
    """How the pieces of each word look after 0, 1, 2, ... merges, until nothing can be merged any more."""
    columns = {}
    for word in words:
        ids, states = list(word), []
        while True:
            states.append("|".join(tokenizer.vocab[i].decode() for i in ids).replace(" ", "␣"))
            found = [(ranks[pair], at) for at, pair in enumerate(pairwise(ids)) if pair in ranks]
            if not found:
                break
            new, at = min(found)
            ids[at : at + 2] = [new]
        columns[tokenizer.decode(list(word))] = pd.Series(states)
    return pd.DataFrame(columns).fillna("").rename_axis("merges")


def draw_lengths(sizes: Sequence[int], times: Mapping[str, Sequence[float]]) -> None:
    """Draw the speed of each way to encode against the length of the text."""
    fig, ax = plt.subplots(figsize=(9, 3.8))
    looks = [(GREY, "-"), (ORANGE, "-"), (BLUE, "-"), (ORANGE, "--")]
    for (name, seconds), (colour, line) in zip(times.items(), looks, strict=True):
        rate = np.array(sizes) / 1e6 / np.array(seconds)
        ax.plot(sizes, rate, line, marker="o", color=colour, lw=2.5, label=name)
    ax.set(xscale="log", xlabel="length of the text (characters)", yscale="log")
    ax.set_ylabel("million characters a second")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.set_yticks([0.1, 1, 10], [0.1, 1, 10])
    ax.set_title("New words: arrays lose on a page, and catch up in a long text")
    fig.legend(loc="outside lower center", ncols=4, handlelength=4)
    show(fig, alt="Speed against length: on new words the arrays start far below tiktoken and pass it.")


def measured(prefix: str, path: Path = RUNS) -> dict[str, pd.Series]:
    """The table of the benchmarks whose title begins so, for each processor it was measured on.

    For each row: how many times as fast as tiktoken it was in the last run, the median of the turns.
    """
    found = {}
    for machine, its in json.loads(path.read_text(encoding="utf-8")).items():
        tables = [table for title, table in its["runs"][-1].items() if title.startswith(prefix)]
        for seconds in tables[:1]:
            peer = next(taken for name, taken in seconds.items() if name.startswith("tiktoken"))
            ratios = {name: map(truediv, peer, taken) for name, taken in seconds.items()}
            found[machine.partition(",")[0]] = pd.Series({n: statistics.median(r) for n, r in ratios.items()})
    if not found:
        raise ValueError(f"{path} has no table that begins with {prefix!r}: run python -m benchmarks")
    return found


def beside_gigatoken(measured: Mapping[str, pd.Series]) -> dict[str, list[float]]:
    """How many times as fast as the arrays gigatoken is on a new text and on a known one, by processor."""
    found = {}
    for processor, speeds in measured.items():
        rust = {
            name.partition(", ")[2]: speed for name, speed in speeds.items() if name.startswith("gigatoken")
        }
        found[processor] = [rust[state] / speeds[f"helpers.bpe, {state}"] for state in ("cold", "warm")]
    return found


def draw_measured(measured: Mapping[str, pd.Series]) -> None:
    """Draw the speed of each encoder, tiktoken = 1, in a panel for each processor."""
    fig, axes = plt.subplots(len(measured), figsize=(9, 2.8 * len(measured)), squeeze=False)
    for ax, (processor, speeds) in zip(axes[:, 0], measured.items(), strict=True):
        speeds = speeds.sort_values()
        colours = [BLUE if name.startswith("helpers") else GREY for name in speeds.index]
        ax.bar_label(ax.barh(speeds.index, speeds, color=colours), fmt="%.2g", padding=4)
        ax.set(xscale="log", title=processor, xlabel="speed, tiktoken = 1 (each tick is ten times as much)")
        ax.set_xticks([1, 10], ["1", "10"])
        ax.set_xticks([], minor=True)
        ax.margins(x=0.1)
    alt = "Speed beside tiktoken: the arrays are faster on a new text, and still faster on a known one."
    show(fig, alt=f"{alt} gigatoken is far ahead of both.")
