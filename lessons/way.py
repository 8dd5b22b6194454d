"""The map at the head of each lesson: the whole way from text to a model, with this lesson's station lit."""

import textwrap

import matplotlib.pyplot as plt

from lessons.plots import AMBER, GREY, INK, show

# Each station: the lessons that build it, its name, and what one sentence of the story is there.
STATIONS = [
    ("01", "text", "the plimbet"),
    ("02 03 04", "tokens", "the| pl|im|bet"),
    ("03 04", "token ids", "1169 458 320 11181"),
    ("09", "corpus", "ids on disk"),
    ("07", "windows", "inputs, targets"),
    ("08", "batches", "(batch, length)"),
    ("05", "embeddings", "(batch, length, dim)"),
    ("06", "positions", "where each stands"),
    ("10", "model", "the next token"),
]


def show_way(lesson: str) -> None:
    """Draw the map with the stations of `lesson` ("01" to "10") lit. Raises ValueError for another lesson."""
    lit = [name for lessons, name, _ in STATIONS if lesson in lessons.split()]
    if not lit:
        raise ValueError(f"lesson {lesson!r} is on no station: give one of 01 to 10")
    fig, ax = plt.subplots(figsize=(11.5, 1.4))
    for at, (lessons, name, example) in enumerate(STATIONS):
        here = name in lit
        edge = INK if here else GREY
        box = {"boxstyle": "round,pad=0.35", "facecolor": AMBER if here else "white", "edgecolor": edge}
        ax.text(
            at, 0, name, ha="center", va="center", size=11.5, weight="bold" if here else "normal", bbox=box
        )
        ax.text(at, -0.4, textwrap.fill(example, 14), ha="center", va="top", size=11, color=INK)
        ax.text(at, 0.62, lessons, ha="center", va="center", size=11, color=INK)
        if at:
            ax.annotate("", (at - 0.4, 0), (at - 0.6, 0), arrowprops={"arrowstyle": "->", "color": INK})
    ax.set(xlim=(-0.6, len(STATIONS) - 0.4), ylim=(-0.8, 0.8))
    ax.axis("off")
    show(fig, alt=f"The way from text to a model in {len(STATIONS)} stations; lit here: {', '.join(lit)}")
