"""A text box whose tokens appear under it as one types, one line of coloured boxes for each tokenizer."""

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt

from helpers import corpus
from helpers.bpe import BPETokenizer
from lessons.plots import PASTELS, Shown, draw_tokens, png

MODELS = {  # what `BPETokenizer.published` knows, and a model that uses it
    "gpt2": "GPT-2",
    "cl100k_base": "GPT-4",
    "o200k_base": "GPT-4o",
    "gpt-oss": "gpt-oss",
    "qwen3": "Qwen3",
    "deepseek-v4": "DeepSeek V4",
}
MOST_SHOWN = 1000  # tokens drawn for each tokenizer; all of them are counted
MARKS = str.maketrans({" ": "␣", "\n": "↵\n", "\t": "⇥", "\r": "␍"})
BOX = "color:#111;border-radius:3px;padding:1px 0;margin-right:1px;background:"
LINE = "font-family:monospace;font-size:14px;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere"


def in_use(*names: str) -> dict[str, BPETokenizer]:
    """Published tokenizers by the model that uses each, such as `in_use("gpt2", "o200k_base")`.

    `names` are those of `BPETokenizer.published`. Where the files are neither here nor can be fetched, prints
    a sentence that says so, and goes on without them. After one download that failed it tries no other.
    """
    found, missing = {}, []
    for name in names:
        try:
            found[MODELS[name]] = _published(name, only_if_here=bool(missing))
        except OSError:
            missing.append(MODELS[name])
    if missing:
        print(f"Left out, as their files are not here and could not be fetched: {', '.join(missing)}.")
    return found


@cache
def _published(name: str, only_if_here: bool) -> BPETokenizer:
    files = [corpus.cache_folder() / file for file in corpus.DOWNLOADS if file.startswith(name)]
    if only_if_here and not all(file.exists() for file in files):
        raise FileNotFoundError(name)
    return BPETokenizer.published(name)


def piece(token: bytes) -> str:
    """How a token is shown: its text, or its bytes where it is a part of a character, or invisible.

    >>> [piece(token) for token in (" né".encode(), b"\\xf0\\x9f", b"\\n", "\\u200d".encode())]
    [' né', '‹F09F›', '\\n', '‹E2808D›']
    """
    try:
        text = token.decode()
    except UnicodeDecodeError:
        text = ""
    return text if text.isspace() or any(map(str.isprintable, text)) else f"‹{token.hex().upper()}›"


def summary(name: str, n_tokens: int, n_bytes: int) -> str:
    """One line on a text: how many tokens, and how long they are on average.

    >>> summary("GPT-2", 4, 14)
    'GPT-2: 4 tokens, 3.50 bytes a token'
    """
    each = f", {n_bytes / n_tokens:.2f} bytes a token" if n_tokens else ""
    return f"{name}: {n_tokens:,} token{'s' * (n_tokens != 1)}{each}"


def boxes(tokenizer: BPETokenizer, ids: list[int]) -> str:
    """The first tokens of a text as HTML; pointing at one shows its id and its bytes."""
    spans = []
    for n, i in enumerate(ids[:MOST_SHOWN]):
        token, colour = tokenizer.decode_bytes([i]), PASTELS[n % len(PASTELS)]
        shown = escape(piece(token).translate(MARKS))
        title = f"id {i}, bytes {token.hex(' ').upper()}"
        spans.append(f'<span style="{BOX}{colour}" title="{title}">{shown}</span>')
    rest = f" … and {len(ids) - MOST_SHOWN:,} more" if len(ids) > MOST_SHOWN else ""
    return f'<div style="{LINE}">{"".join(spans)}{rest}</div>'


class Playground(Shown):
    """See `playground`."""

    def __init__(self, text: str, tokenizers: Mapping[str, BPETokenizer], alt: str):
        self.tokenizers, self.alt, self.start = dict(tokenizers), alt, text
        self.first = self.picture()
        self.box = widgets.Textarea(value=text, layout={"width": "95%", "height": "80px"})
        self.choices = {
            name: widgets.Checkbox(value=True, description=name, indent=False) for name in tokenizers
        }
        self.shown = widgets.HTML()
        for widget in (self.box, *self.choices.values()):
            widget.observe(self.redraw, names="value")
        row = widgets.HBox(list(self.choices.values()), layout={"flex_flow": "row wrap"})
        super().__init__([self.box, row, self.shown])
        self.redraw()

    def redraw(self, _change: Any = None) -> None:
        text, parts = self.box.value, []
        for name, tokenizer in self.tokenizers.items():
            if self.choices[name].value:
                try:
                    ids = tokenizer.encode_to_numpy(text).tolist()
                except ValueError as error:  # half a character: nobody would see the error here
                    parts.append(f"<div>{escape(str(error))}</div>")
                    break
                heading = escape(summary(name, len(ids), len(text.encode())))
                parts.append(f"<div><b>{heading}</b>{boxes(tokenizer, ids)}</div>")
        self.shown.value = "".join(parts) or "Choose a tokenizer."

    def picture(self) -> bytes:
        """The first text under all tokenizers, as the bytes of a PNG file."""
        fig, axes = plt.subplots(len(self.tokenizers), squeeze=False)
        for ax, (name, tokenizer) in zip(axes[:, 0], self.tokenizers.items(), strict=True):
            ids = tokenizer.encode(self.start)
            draw_tokens(ax, [piece(tokenizer.decode_bytes([i])) for i in ids[:MOST_SHOWN]])
            ax.set_title(summary(name, len(ids), len(self.start.encode())), size=11)
        heights = [-ax.get_ylim()[0] for ax in axes[:, 0]]  # in lines of boxes
        axes[0, 0].get_gridspec().set_height_ratios(heights)
        fig.set_size_inches(9, sum(0.34 * height + 0.42 for height in heights))
        return png(fig)

    def state(self) -> str:
        counts = [f"{name} {len(t.encode(self.start))}" for name, t in self.tokenizers.items()]
        return "playground, tokens: " + ", ".join(counts)


def playground(text: str, tokenizers: Mapping[str, BPETokenizer], *, alt: str) -> Playground:
    """A box to type into, and under it the tokens that each of `tokenizers` makes of the text.

    `tokenizers` maps the name to show to a `BPETokenizer`. Live in JupyterLab: the tokens change as one
    types, pointing at one shows its id. Elsewhere a picture of `text` under each tokenizer, with `alt` as its
    alternative text. Of a long text the first 1,000 tokens are drawn, and all are counted.
    Raises ValueError where there is no tokenizer.
    """
    if not tokenizers:
        raise ValueError(
            'tokenizers is empty: give at least one, such as {"GPT-2": BPETokenizer.published("gpt2")}'
        )
    return Playground(text, tokenizers, alt)
