"""A text box whose tokens appear under it as one types, one line of coloured boxes for each tokenizer."""

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt

from helpers.plots import PASTELS, draw_tokens, png

MOST_SHOWN = 1000  # tokens drawn for each tokenizer; all of them are counted
BOX = "color:#111;border-radius:3px;padding:1px 0;margin-right:1px;background:"
LINE = "font-family:monospace;font-size:14px;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere"


def pieces(tokens: list[bytes]) -> list[str]:
    """How each token is shown: its text, or its bytes where it is only a part of a character.

    >>> pieces([" né".encode(), b"\\xf0\\x9f", b"\\x98\\x80", b"\\n"])
    [' né', '‹F09F›', '‹9880›', '\\n']
    """
    shown = []
    for token in tokens:
        try:
            shown.append(token.decode())
        except UnicodeDecodeError:
            shown.append(f"‹{token.hex().upper()}›")
    return shown


def summary(name: str, n_tokens: int, n_bytes: int) -> str:
    """One line on a text: how many tokens, and how long they are on average.

    >>> summary("GPT-2", 4, 14)
    'GPT-2: 4 tokens, 3.50 bytes a token'
    """
    each = f", {n_bytes / n_tokens:.2f} bytes a token" if n_tokens else ""
    return f"{name}: {n_tokens:,} token{'s' * (n_tokens != 1)}{each}"


def boxes(tokenizer: Any, ids: list[int]) -> str:
    """The first tokens of a text as HTML; pointing at one shows its id and its bytes."""
    shown = ids[:MOST_SHOWN]
    tokens = [tokenizer.decode_bytes([i]) for i in shown]
    spans = [
        f'<span style="{BOX}{PASTELS[n % len(PASTELS)]}" title="id {i}, bytes {token.hex(" ").upper()}">'
        f"{escape(piece.replace(' ', '·').replace(chr(10), '↵' + chr(10)))}</span>"
        for n, (i, token, piece) in enumerate(zip(shown, tokens, pieces(tokens), strict=True))
    ]
    rest = f" … and {len(ids) - len(shown):,} more" if len(ids) > len(shown) else ""
    return f'<div style="{LINE}">{"".join(spans)}{rest}</div>'


class Playground(widgets.VBox):
    """See `playground`."""

    def __init__(self, text: str, tokenizers: Mapping[str, Any], alt: str):
        self.tokenizers, self.alt, self.start = dict(tokenizers), alt, text
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
                ids = tokenizer.encode_to_numpy(text).tolist()
                heading = escape(summary(name, len(ids), len(text.encode())))
                parts.append(f"<div><b>{heading}</b>{boxes(tokenizer, ids)}</div>")
        self.shown.value = "".join(parts) or "Choose a tokenizer."

    def picture(self) -> bytes:
        """The first text under all tokenizers, as the bytes of a PNG file."""
        drawn = {
            name: pieces([tokenizer.decode_bytes([i]) for i in tokenizer.encode(self.start)])
            for name, tokenizer in self.tokenizers.items()
        }
        fig, axes = plt.subplots(len(drawn), squeeze=False)
        for ax, (name, shown) in zip(axes[:, 0], drawn.items(), strict=True):
            draw_tokens(ax, shown)
            ax.set_title(summary(name, len(shown), len(self.start.encode())), size=11)
        heights = [-ax.get_ylim()[0] for ax in axes[:, 0]]  # in lines of boxes
        axes[0, 0].get_gridspec().set_height_ratios(heights)
        fig.set_size_inches(9, sum(0.3 * height + 0.4 for height in heights))
        return png(fig)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        bundle = super()._repr_mimebundle_(**kwargs)
        counts = [f"{name} {len(t.encode(self.start))}" for name, t in self.tokenizers.items()]
        bundle["text/plain"] = "playground, tokens: " + ", ".join(counts)
        bundle["image/png"] = base64.b64encode(self.picture()).decode()
        return bundle, {"image/png": {"alt": self.alt}}


def playground(text: str, tokenizers: Mapping[str, Any], *, alt: str) -> Playground:
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
