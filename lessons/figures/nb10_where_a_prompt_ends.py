"""What the page 10_where_a_prompt_ends draws."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt

from lessons.plots import BLUE, ORANGE, draw_tokens, plain_text, show, visible


def draw_lines(lines: Mapping[str, Sequence[bytes]]) -> None:
    """Draw the tokens of some named texts below each other."""
    fig, axes = plt.subplots(len(lines), figsize=(11, 0.85 * len(lines)))
    widest = max(len(b"".join(tokens)) for tokens in lines.values())
    for ax, (name, tokens) in zip(axes, lines.items(), strict=True):
        draw_tokens(ax, tokens, columns=max(50, widest), size=11)
        ax.set_title(f"{name}: {len(tokens)} tokens", fontsize=11)
    counts = ", ".join(f"{name} {len(tokens)}" for name, tokens in lines.items())
    show(fig, alt=f"Texts in boxes, one box for each token. Tokens: {counts}.")


def draw_next(chances: Mapping[str, Mapping[bytes, float]]) -> None:
    """For each prompt, a panel of bars: the tokens that most probably come next, in percent."""
    fig, axes = plt.subplots(1, len(chances), figsize=(10, 3), sharex=True)
    for ax, (prompt, tokens), colour in zip(axes, chances.items(), (BLUE, ORANGE), strict=False):
        names = [visible(token.decode(errors="replace")) for token in tokens]
        ax.barh(names, [100 * p for p in tokens.values()], color=colour)
        ax.invert_yaxis()
        ax.set(xlabel="chance to come next, %")
        ax.set_title(f"after {visible(prompt)}", fontsize=11)
    plain_text(fig)
    show(
        fig,
        alt="The likeliest next tokens after each prompt: one stands out where no space ends it.",
    )
