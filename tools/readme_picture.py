"""Draw the picture of the README: one line of text under the tokenizers of today.

usage: python tools/readme_picture.py     (writes notebooks/images/readme.png)

Needs the files of the published vocabularies: what is not in the cache is fetched.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.bpe import BPETokenizer
from lessons.playground import piece
from lessons.plots import draw_tokens, png

PICTURE = Path(__file__).resolve().parent.parent / "notebooks" / "images" / "readme.png"
TEXT = "Unbelievable: 12345 umbrellas, всё хорошо"
SHOWN = {  # what `BPETokenizer.published` knows, and what the picture calls it
    "gpt2": "GPT-2 (2019)",
    "cl100k_base": "GPT-4 (2023)",
    "o200k_base": "GPT-4o (2024)",
    "qwen3": "Qwen3 (2025)",
    "deepseek-v4": "DeepSeek V4 (2026)",
}


def draw_today(text: str, tokenizers: Mapping[str, BPETokenizer]) -> Figure:
    """The tokens of `text` as coloured boxes, under each tokenizer, with their number.

    A row holds no more characters than the text, so that they are large enough on a phone.
    """
    fig, axes = plt.subplots(len(tokenizers), squeeze=False)
    fig.suptitle(text, size=19, family="monospace", x=0.005, ha="left")
    for ax, (name, tokenizer) in zip(axes[:, 0], tokenizers.items(), strict=True):
        ids = tokenizer.encode(text)
        draw_tokens(ax, [piece(tokenizer.decode_bytes([i])) for i in ids], columns=len(text), size=19)
        ax.set_title(f"{name}: {len(ids)} tokens", size=16, pad=0)
    heights = [0.6 - ax.get_ylim()[0] for ax in axes[:, 0]]  # in rows of boxes
    axes[0, 0].get_gridspec().set_height_ratios(heights)
    fig.set_size_inches(8.8, 0.5 + 0.4 * sum(heights) + 0.36 * len(heights))
    fig.get_layout_engine().set(h_pad=0.09)
    return fig


if __name__ == "__main__":
    today = {label: BPETokenizer.published(name) for name, label in SHOWN.items()}
    PICTURE.write_bytes(png(draw_today(TEXT, today), dpi=200))
