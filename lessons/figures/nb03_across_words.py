"""What the page 03_across_words draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt

from lessons.plots import BLUE, GREEN, GREY, ORANGE, draw_rows, show


def draw_lines(lines: Mapping[str, Sequence[bytes]]) -> None:
    """Draw the tokens of one line of text by each of some named vocabularies, below each other."""
    longest = max(len(b"".join(tokens)) for tokens in lines.values())
    fig = draw_rows(lines, width=11, height=0.85, columns=longest)
    counts = ", ".join(f"{len(tokens)} tokens {name}" for name, tokens in lines.items())
    show(fig, alt=f"One line of the docs: {counts}.")


def draw_switch(tokens: Mapping[str, Mapping[int, int]], before: Mapping[str, int]) -> None:
    """Draw the tokens that each text needs, in percent of `before`, by how many were learned inside words."""
    fig, ax = plt.subplots(figsize=(8, 3.6))
    for (text, counts), colour in zip(tokens.items(), (BLUE, ORANGE, GREEN), strict=False):
        shares = [100 * n / before[text] for n in counts.values()]
        ax.plot(list(counts), shares, "o-", color=colour, label=text)
    ax.axhline(100, color=GREY, lw=1)
    ax.set(xlabel="tokens learned inside words, of 4,096", ylabel="tokens, % of those inside words")
    ax.set_ylim(75, 103)
    ax.set_title("Most of the gain comes from a few hundred tokens across words")
    ax.legend()
    alt = "Tokens needed, in percent of a vocabulary inside words, against where the training switches: "
    show(fig, alt=alt + "for the docs about 84 percent over a wide range, for the story about 97.")
