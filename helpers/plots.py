"""One look for every figure, and `explore`, the figure with sliders.

Import it once at the top of a notebook; the import sets the style.
"""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product

import ipywidgets as widgets
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.transforms import Bbox
from PIL import Image

# Okabe and Ito's colours (2008) can be told apart with any kind of colour vision.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, YELLOW, GREY, INK = "#56B4E9", "#E69F00", "#F0E442", "#B8B8B8", "#222222"
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


def show(fig: Figure, alt: str) -> None:
    """Display `fig` with `alt` as its alternative text, and close it.

    `alt` says the figure's message in a sentence, for readers who cannot see it.
    """
    picture = base64.b64encode(png(fig, bbox_inches="tight")).decode()
    display({"image/png": picture, "text/plain": repr(fig)}, metadata={"image/png": {"alt": alt}}, raw=True)


def label_points(ax: Axes, points: dict[str, Sequence[float]], size: float = 9) -> None:
    """Write each text of `points` beside its (x, y), where no point and no other text is, with a line to it.

    Call it when the axes are finished: their limits and their layout decide what overlaps. A text for which
    there is no free place gets the last that was tried.
    """
    ax.figure.draw_without_rendering()  # only now is it known where the points lie
    taken = [Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in ax.transData.transform(list(points.values()))]
    look = {"textcoords": "offset points", "size": size}
    for text, xy in points.items():
        label = ax.annotate(text, xy, (0, 0), **look)
        for up, side in product([-3, 6, -13, 15, -22, 24], [6, -6]):
            label.set(position=(side, up), ha="left" if side > 0 else "right")
            box = label.get_window_extent()
            if not box.count_overlaps(taken):
                break
        taken.append(box)
        ax.annotate("", xy, (side, up + 3), **look, arrowprops={"arrowstyle": "-", "color": GREY})


def png(fig: Figure, **options) -> bytes:
    """`fig` as the bytes of a PNG file with 256 colours, a third of the size; closes the figure."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", **options)
    plt.close(fig)
    Image.open(drawn).convert("RGB").quantize(256).save(packed, format="png", optimize=True)
    return packed.getvalue()


class Explorer(widgets.VBox):
    """Sliders above a picture. Where nothing runs (GitHub, nbviewer), the picture of the first state."""

    def __init__(self, draw: Callable[..., Figure], sliders: dict[str, widgets.Widget], alt: str):
        self.draw, self.sliders, self.alt = draw, sliders, alt
        self.first = png(draw(**self.values()))
        self.image = widgets.Image(value=self.first, format="png")
        for slider in sliders.values():
            slider.observe(self.redraw, names="value")
        super().__init__([*sliders.values(), self.image])

    def values(self) -> dict:
        return {name: slider.value for name, slider in self.sliders.items()}

    def redraw(self, _change=None) -> None:
        self.image.value = png(self.draw(**self.values()))

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle["text/plain"] = "explore: " + ", ".join(f"{k}={v!r}" for k, v in self.values().items())
        bundle["image/png"] = base64.b64encode(self.first).decode()
        return bundle, {"image/png": {"alt": self.alt}}


def explore(
    draw: Callable[..., Figure], *, alt: str, start: dict | None = None, **choices: Sequence
) -> Explorer:
    """A figure with one slider for each keyword: `explore(draw, alt="...", stride=range(1, 9))`.

    `draw` takes the keywords and returns a new figure. Each keyword lists the values to choose from.
    `start` names the first state where it is not the first value of each list. Live in JupyterLab;
    elsewhere the picture of the first state, with `alt` as its alternative text.
    Raises ValueError where a list is empty, or `start` holds a value that is not in its list, or a name that
    is no slider's.
    """
    start = start or {}
    if unknown := set(start) - set(choices):
        raise ValueError(f"explore: start names {sorted(unknown)}, but the sliders are {list(choices)}")
    sliders = {}
    for name, options in choices.items():
        value = start.get(name, next(iter(options), None))
        if value not in options:
            raise ValueError(f"explore: {name}={value!r} is not among {list(options)!r}; give one that is")
        sliders[name] = widgets.SelectionSlider(
            options=list(options),
            value=value,
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
    White space is made visible: a space as ␣, a line end as ↵, a tab as ⇥.
    """
    row = column = 0
    for i, piece in enumerate(pieces):
        text = visible(piece)
        if column and column + len(text) > columns:
            row, column = row + 1, 0
        fill = colours[i] if colours is not None else PASTELS[i % len(PASTELS)]
        box = plt.Rectangle((column, -row - 0.42), len(text), 0.84, facecolor=fill, edgecolor="white", lw=1.5)
        ax.add_patch(box)
        ax.text(column + len(text) / 2, -row, text, ha="center", va="center", family="monospace", size=size)
        column += len(text)
    ax.set(xlim=(0, columns), ylim=(-row - 0.6, 0.6))
    ax.axis("off")
