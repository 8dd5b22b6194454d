"""What lesson 03 draws."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

import matplotlib.pyplot as plt
import regex
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lessons.plots import AMBER, GREEN, GREY, PASTELS, SKY, Explorer, draw_tokens, explore, show, visible

BYTE, OLDER, NEWEST = "#F4F4F4", PASTELS[0], AMBER  # a single byte, a token made before, a token just made
MONO = {"va": "center", "family": "monospace", "size": 10.5}


def draw_merges(text: str, merges: Sequence[tuple[bytes, bytes]]) -> None:
    """Draw `text`, in ASCII, as tokens before the first of `merges` and after each: a film strip."""
    frames = replay(text, merges)
    fig, axes = plt.subplots(len(frames), figsize=(12, 0.4 * len(frames)))
    for n, ax in enumerate(axes):
        made = b"".join(merges[n - 1]) if n else None
        draw_frame(ax, frames[n], made, columns=len(text), size=10.5)
        label = f"{n:2}  {visible(made.decode()):>7}" if n else "merge  makes"
        ax.text(-1.5, 0, label, ha="right", weight="bold", **MONO)
        ax.text(len(text) + 1, 0, len(frames[n]), **MONO)
    first, last = len(frames[0]), len(frames[-1])
    title = f"Ten merges: bytes that often stand side by side become words, and {first} tokens become {last}"
    fig.suptitle(title, weight="bold", x=0.01, ha="left")
    alt = "A sentence before and after each of ten merges: letters join, until walk is one token."
    show(fig, alt=alt)


def replay(text: str, merges: Sequence[tuple[bytes, bytes]]) -> list[list[bytes]]:
    """The tokens of `text` before the first merge, and after each."""
    frames = [[bytes([byte]) for byte in text.encode()]]
    for pair in merges:
        frames.append(merged(frames[-1], pair))
    return frames


def merged(tokens: Sequence[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    """`tokens` with `pair` joined, from left to right."""
    out: list[bytes] = []
    for token in tokens:
        if out and (out[-1], token) == pair:
            out[-1] += token
        else:
            out.append(token)
    return out


def draw_frame(ax: Axes, tokens: Sequence[bytes], made: bytes | None, columns: int, size: float) -> None:
    """Draw `tokens`: the one that the latest merge made is orange, those of earlier merges are blue."""
    fills = [NEWEST if token == made else OLDER if len(token) > 1 else BYTE for token in tokens]
    draw_tokens(ax, tokens, fills, columns, size)


def explore_counts(text: str, learned: Sequence[tuple[bytes, bytes]]) -> Explorer:
    """A slider over the merges `learned`: `text` after so many, and the counts that decide the next."""
    alt = "The sentence after five merges, and the counts of pairs: wa + lk is merged next."
    draw = partial(draw_counts, text, learned)
    return explore(draw, alt=alt, start={"merges": 5}, merges=range(len(learned) + 1))


def draw_counts(text: str, learned: Sequence[tuple[bytes, bytes]], merges: int) -> Figure:
    """`text` after so many `merges` of those `learned`, and the nine largest counts of pairs, in bars."""
    tokens = replay(text, learned[:merges])[-1]
    counts = Counter(pairwise(tokens))
    following = learned[merges] if merges < len(learned) else None
    # among equals the next merge stands first; the others as they come in the text
    best = sorted(counts, key=lambda pair: (-counts[pair], pair != following))[:9]
    names = [" + ".join(visible(token.decode()) for token in pair) for pair in best]
    fig, (top, bars) = plt.subplots(2, figsize=(9, 4.6), height_ratios=[1, 2.6])
    draw_frame(top, tokens, b"".join(learned[merges - 1]) if merges else None, columns=56, size=11)
    top.set_title(f"After {merges} merges: {len(tokens)} tokens")
    colours = [GREEN if pair == following else SKY for pair in best]
    bars.barh(names, [counts[pair] for pair in best], color=colours)
    bars.invert_yaxis()
    title = "The green pair is merged next" if following else "The largest counts"
    bars.set(xlim=(0, 5.5), xlabel="occurrences", title=title)
    return fig


def draw_parts(pieces: Sequence[tuple[str, str]], parts: Sequence[str]) -> None:
    """Draw the pre-tokens of a text in the colour of the part of the pattern that took each: (text, part)."""
    fills = dict(zip(parts, [AMBER, *PASTELS[:4], GREY], strict=True))
    fig, ax = plt.subplots(figsize=(11, 2.3))
    draw_tokens(ax, [text for text, _ in pieces], [fills[part] for _, part in pieces], columns=88)
    handles = [plt.Rectangle((0, 0), 1, 1, color=fill) for fill in fills.values()]
    fig.legend(handles, fills, ncols=6, loc="outside lower center")
    ax.set_title("GPT-2's pattern: a space belongs to the word after it")
    show(fig, alt="Text cut by GPT-2's pattern: words and numbers carry the space before them.")


def draw_cuts(patterns: Mapping[str, str], lines: Sequence[str]) -> None:
    """Draw how each of three named `patterns` cuts each of `lines` into pre-tokens."""
    fig, axes = plt.subplots(len(lines), len(patterns), figsize=(12, 0.6 * len(lines)))
    for column, (name, pattern) in zip(axes.T, patterns.items(), strict=True):
        column[0].set_title(name)
        for ax, line in zip(column, lines, strict=True):
            draw_tokens(ax, regex.findall(pattern, line), columns=28, size=10)
    alt = f"{len(lines)} lines, each cut by {', '.join(patterns)}: only the last cuts lockerNumber in two."
    show(fig, alt=alt)


def draw_steps(steps: Sequence[Sequence[bytes]], made: Sequence[int]) -> None:
    """Draw the tokens of a word after each merge, with the id that the merge `made` (below 256: none yet)."""
    fig, axes = plt.subplots(len(steps), figsize=(6, 0.4 * len(steps)))
    before = steps[0]
    for ax, tokens, new in zip(axes, steps, made, strict=True):
        latest = next((token for token in tokens if token not in before), None)
        draw_frame(ax, tokens, latest, columns=16, size=12)
        ax.text(-0.7, 0, f"id {new}" if new > 255 else "bytes", ha="right", **MONO)
        before = tokens
    title = "By rank: the pair learned first is merged first"
    fig.suptitle(title, weight="bold", x=0.01, ha="left")
    show(
        fig, alt=f"A word after each of {len(steps) - 1} merges; the ids that are made grow from row to row."
    )


def draw_ways(ways: Mapping[str, Mapping[str, Sequence[bytes]]]) -> None:
    """Draw the tokens of some words by each of three rules: {word: {rule: tokens}}."""
    rules = list(next(iter(ways.values())))
    fig, axes = plt.subplots(len(ways), len(rules), figsize=(11, 0.54 * len(ways)))
    for row, word in zip(axes, ways.values(), strict=True):
        for ax, rule in zip(row, rules, strict=True):
            draw_tokens(ax, word[rule], columns=18, size=12)
    for ax, rule in zip(axes[0], rules, strict=True):
        ax.set_title(rule, fontsize=11)
    fig.suptitle(
        "The same vocabulary, but each rule cuts these words differently", weight="bold", x=0.01, ha="left"
    )
    show(fig, alt=f"{len(ways)} words cut by three rules, {', '.join(rules)}: the answers differ.")
