"""One look for every figure, and `explore`, the figure with sliders.

Import it once at the top of a notebook; the import sets the style.
"""

import base64
import io
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import cycle, product
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FormatStrFormatter, FuncFormatter, StrMethodFormatter
from matplotlib.transforms import Bbox
from PIL import Image

from helpers import arguments

# Okabe and Ito's colours (2008) can be told apart with any kind of colour vision.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, GREY, INK = "#56B4E9", "#E69F00", "#B8B8B8", "#222222"
PALETTE = [BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER, INK]

# The same thing has the same colour in every notebook.
COLOURS = {"input": BLUE, "target": ORANGE, "padding": GREY, "special": PURPLE}
PASTELS = ["#CFE4F2", "#FBDCC4", "#CDEBDF", "#F3DDEA", "#FFF3C9"]  # light enough for black text on them

STYLE = {
    "figure.figsize": (9, 4),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}
plt.rcParams.update(STYLE)

# What writes at ticks the texts it was given; any other formatter is matplotlib's way to write numbers.
GIVEN = FixedFormatter, FuncFormatter, StrCategoryFormatter, StrMethodFormatter, FormatStrFormatter

WIDGET = "application/vnd.jupyter.widget-view+json"  # how ipywidgets says which widget is to be shown


def show(fig: Figure, alt: str) -> None:
    """Display `fig` with `alt` as its alternative text, and close it.

    `alt` says the figure's message in a sentence, for readers who cannot see it.
    """
    picture = base64.b64encode(png(fig, bbox_inches="tight")).decode()
    display({"image/png": picture, "text/plain": repr(fig)}, metadata={"image/png": {"alt": alt}}, raw=True)


def plain_text(fig: Figure) -> None:
    """Let every $ in `fig` be a $: texts, titles and labels hold tokens, and matplotlib would see formulas.

    Only numbers that matplotlib itself writes at its ticks, such as 10², stay as they are.
    """
    numbers = set()
    for axis in fig.findobj(Axis):  # of insets, second axes and colour bars too
        if not isinstance(axis.get_major_formatter(), GIVEN):
            numbers |= {*axis.get_majorticklabels(), axis.get_offset_text()}
        if not isinstance(axis.get_minor_formatter(), GIVEN):
            numbers |= {*axis.get_minorticklabels()}
    for text in set(fig.findobj(Text)) - numbers:
        text.set_parse_math(False)


def label_points(ax: Axes, points: Mapping[str, Sequence[float]]) -> None:
    """Write each text of `points` beside its (x, y), where no point and no other text is, with a line to it.

    Call it when the axes are finished: their limits and their layout decide what overlaps. A text for which
    there is no free place gets the last that was tried.
    """
    plain_text(ax.figure)
    ax.figure.draw_without_rendering()  # only now is it known where the points lie
    places = ax.transData.transform(np.reshape(list(points.values()), (-1, 2)))
    taken = [Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in places]
    look = {"textcoords": "offset points", "size": 9}
    for text, xy in points.items():
        label = ax.annotate(text, xy, (0, 0), parse_math=False, **look)
        for up, side in product([-3, 6, -13, 15, -22, 24], [6, -6]):
            label.set(position=(side, up), ha="left" if side > 0 else "right")
            box = label.get_window_extent()
            if not box.count_overlaps(taken):
                break
        taken.append(box)
        ax.annotate("", xy, (side, up + 3), **look, arrowprops={"arrowstyle": "-", "color": GREY})


def png(fig: Figure, **options) -> bytes:
    """`fig` as the bytes of a PNG file with 256 colours, a third of the size; closes the figure."""
    if not isinstance(fig, Figure):  # a draw function without a return gives None
        raise arguments.WrongKind(f"fig must be a Figure, as draw returns it, not {arguments.shown(fig)}")
    drawn, packed = io.BytesIO(), io.BytesIO()
    try:
        plain_text(fig)
        fig.savefig(drawn, format="png", **options)
    finally:
        plt.close(fig)
    Image.open(drawn).convert("RGB").quantize(256).save(packed, format="png")
    return packed.getvalue()


class Choice:
    """One value of a slider: ipywidgets takes no None, no array, and a pair for a label and its value."""

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: Any) -> bool:
        other = other.value if isinstance(other, Choice) else other
        return self.value is other or (str(self.value) == str(other) and np.array_equal(self.value, other))


class Shown(widgets.VBox):
    """A widget beside its kernel; where nothing runs (GitHub), the picture `first` with `alt`."""

    first: bytes
    alt: str

    _ipython_display_ = None  # that of ipywidgets 7 would store no picture

    def state(self) -> str:
        """What stands where there are no pictures."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        picture = base64.b64encode(self.first).decode()
        bundle = {"text/plain": self.state(), "image/png": picture, WIDGET: view}
        return bundle, {"image/png": {"alt": self.alt}}


class Explorer(Shown):
    """Sliders above a picture; where nothing runs, the picture of the first state."""

    def __init__(self, draw: Callable[..., Figure], sliders: dict[str, widgets.Widget], alt: str):
        self.draw, self.sliders, self.alt = draw, sliders, alt
        self.first = self.picture()
        self.image = widgets.Image(value=self.first, format="png")
        for slider in sliders.values():
            slider.observe(self.redraw, names="index")
        super().__init__([*sliders.values(), self.image])

    def values(self) -> dict:
        return {name: slider.value.value for name, slider in self.sliders.items()}

    def picture(self) -> bytes:
        before = plt.get_fignums()
        try:
            return png(self.draw(**self.values()))
        finally:
            for number in set(plt.get_fignums()) - set(before):  # that `draw` left, or had begun at an error
                plt.close(number)

    def redraw(self, _change=None) -> None:
        try:
            self.image.value = self.picture()
        except Exception as error:  # nobody would see it here: so it takes the place of the picture
            lines = textwrap.wrap(f"{self.state()}: {type(error).__name__}: {error}", 90)
            fig = plt.figure()
            message = "\n".join(lines).encode("utf-8", "replace").decode()  # no font draws half an emoji
            fig.text(0.02, 0.95, message, va="top", color=ORANGE)
            self.image.value = png(fig)

    def state(self) -> str:
        return "explore: " + ", ".join(f"{k}={v!r}" for k, v in self.values().items())


def explore(
    draw: Callable[..., Figure], *, alt: str, start: dict | None = None, **choices: Iterable
) -> Explorer:
    """A figure with one slider for each keyword: `explore(draw, alt="...", stride=range(1, 9))`.

    `draw` takes the keywords and returns a new figure. Each keyword lists the values to choose from, of any
    kind, or is a dict of labels and values. `start` names the first state where it is not the first value of
    each list. Live in JupyterLab; elsewhere the picture of the first state, with `alt` as its alternative
    text. An error in `draw` is raised for the first state; after that it is shown in place of the picture.
    Raises ValueError where a list is empty, or `start` holds a value that is not in its list, or a name that
    is no slider's.
    """
    if not callable(draw):
        raise arguments.WrongKind(
            f"draw must be a function that returns a figure, not {arguments.shown(draw)}"
        )
    start = start or {}
    if unknown := set(start) - set(choices):
        raise ValueError(f"explore: start names {sorted(unknown)}, but the sliders are {list(choices)}")
    sliders = {}
    for name, options in choices.items():
        values = options.values() if isinstance(options, Mapping) else arguments.many(name, options, "values")
        values = [Choice(value) for value in values]
        labels = options if isinstance(options, Mapping) else [str(choice.value) for choice in values]
        if not values or (name in start and start[name] not in values):
            known = [choice.value for choice in values]
            raise ValueError(f"explore: {name}={start.get(name)!r} is not among {known!r}; give one that is")
        sliders[name] = widgets.SelectionSlider(
            options=list(zip(labels, values, strict=True)),
            index=values.index(start[name]) if name in start else 0,
            description=name,
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "420px"},
        )
    return Explorer(draw, sliders, alt)


@cache
def _glyphs() -> frozenset[int]:
    """The code points that the figures' monospace font can draw; it ships with matplotlib."""
    path = font_manager.findfont("DejaVu Sans Mono")
    return frozenset(FT2Font(path).get_charmap())


def visible(piece: str) -> str:
    """`piece` with white space made visible, and characters that no font here can draw as U+ numbers.

    >>> visible(" the\\n")
    '␣the↵'
    """
    marks = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍"}
    return "".join(
        marks.get(c) or (c if ord(c) in _glyphs() and c.isprintable() else f"<U+{ord(c):04X}>") for c in piece
    )


def draw_tokens(
    ax: Axes, pieces: Iterable[str], colours: Sequence[str] | None = None, columns: int = 80, size: float = 11
) -> None:
    """Draw `pieces` on `ax` as a run of boxes, wrapped at `columns` monospace characters.

    `colours` gives a fill for each piece; without it neighbours take turns among five pastels.
    White space is made visible: a space as ␣, a line end as ↵, a tab as ⇥. Pieces may be bytes: where they
    are no UTF-8, such as a part of a character, they become "�".
    """
    pieces = [
        p.decode(errors="replace") if isinstance(p, bytes) else p for p in arguments.many("pieces", pieces)
    ]
    if not all(isinstance(piece, str) for piece in pieces):
        raise arguments.WrongKind(f"pieces must be str or bytes, not {arguments.shown(pieces)}")
    row, column = 0, 0
    if colours is not None and len(colours) < len(pieces):
        raise ValueError(f"colours has {len(colours)} fills for {len(pieces)} pieces: give one for each")
    for i, piece in enumerate(pieces):
        text = visible(piece)
        if column and column + len(text) > columns:
            row, column = row + 1, 0
        fill = colours[i] if colours is not None else PASTELS[i % len(PASTELS)]
        box = plt.Rectangle((column, -row - 0.42), len(text), 0.84, facecolor=fill, edgecolor="white", lw=1.5)
        ax.add_patch(box)
        look = {"ha": "center", "va": "center", "family": "monospace", "size": size, "parse_math": False}
        # It lies in its box, so a layout need not measure it: a fifth of the time of a figure.
        ax.text(column + len(text) / 2, -row, text, in_layout=False, **look)
        column += len(text)
    ax.set(xlim=(0, columns), ylim=(-row - 0.6, 0.6))
    ax.axis("off")


def draw_rows(
    rows: Mapping[str, Sequence[str]], unit: str = "tokens", *, width: float = 9, height: float = 0.72,
    columns: int = 80, size: float = 11, unknown: str = "",
) -> Figure:  # fmt: skip
    """A figure with a run of boxes for each of the named `rows` of pieces, below its name and their number.

    A row is `height` inches high. Pieces that hold `unknown` are grey. For the rest see `draw_tokens`.
    """
    fig, axes = plt.subplots(len(rows), figsize=(width, height * len(rows)), squeeze=False)
    for ax, (name, pieces) in zip(axes[:, 0], rows.items(), strict=True):
        turns = zip(pieces, cycle(PASTELS), strict=False)
        fills = [GREY if unknown and unknown in piece else pastel for piece, pastel in turns]
        draw_tokens(ax, pieces, fills, columns, size)
        ax.set_title(f"{name}: {len(pieces)} {unit}", fontsize=11, weight="normal")
    return fig
