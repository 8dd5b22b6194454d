"""What deeper/08_fine_tuning_data draws: what two models write, one of which never learned to stop."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt

from lessons.plots import PASTELS, draw_tokens, show


def draw_answers(written: dict[str, Sequence[int]], piece: Callable[[int], str], end: int) -> None:
    """Draw the tokens that each model writes, up to the first `end`; what follows no reader would see."""
    fig, axes = plt.subplots(len(written), 1, figsize=(11, 0.2 + 0.75 * len(written)))
    for ax, (name, ids) in zip(axes, written.items(), strict=True):
        seen = list(ids)[: list(ids).index(end) + 1] if end in ids else list(ids)
        fills = [PASTELS[3] if i == end else PASTELS[1] for i in seen]
        draw_tokens(ax, map(piece, seen), fills, columns=34, size=12)
        ax.set_title(f"{name}: {'it stops' if end in ids else 'it goes on until it is cut off'}", size=11)
    show(fig, alt="One model writes an answer and its end; the other goes on until it is cut off")
