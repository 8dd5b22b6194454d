"""The figures' common ground: alt text, opaque pictures, sliders that redraw."""

import base64
import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from lessons import plots
from lessons.plots import draw_tokens, explore, visible


def bars(height):
    fig, ax = plt.subplots()
    ax.bar([0], [height], color=plots.BLUE)
    ax.set(title=f"A bar of height {height}", ylim=(0, 10))
    return fig


def pixels(picture):
    return matplotlib.image.imread(io.BytesIO(picture), format="png")


def test_show_displays_the_picture_with_its_alt_text_and_closes_the_figure(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        plots, "display", lambda data, metadata, raw: seen.update(data=data, metadata=metadata)
    )
    fig = bars(3)
    plots.show(fig, alt="One bar")
    assert seen["metadata"] == {"image/png": {"alt": "One bar"}}
    assert seen["data"]["text/plain"] == "<Figure size 900x400 with 1 Axes>"
    shown = pixels(base64.b64decode(seen["data"]["image/png"]))
    assert abs(shown[..., :3] - to_rgb(plots.BLUE)).sum(axis=-1).min() < 0.02, "the bar has its colour"
    assert not plt.fignum_exists(fig.number)


def test_an_explorer_stores_the_first_picture_its_alt_text_and_a_fixed_text():
    figure = explore(bars, alt="A bar", start={"height": 4}, height=range(1, 9))
    data, metadata = figure._repr_mimebundle_()
    assert data["text/plain"] == "explore: height=4"
    assert metadata == {"image/png": {"alt": "A bar"}}
    stored = pixels(base64.b64decode(data["image/png"]))
    assert stored.std() > 0.01
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": figure.comm.comm_id}
    shown, metadata = DisplayFormatter().format(figure)  # what a kernel sends to be stored
    assert shown.keys() == data.keys() and metadata == {"image/png": {"alt": "A bar"}}


def test_moving_a_slider_redraws_the_picture_and_leaves_the_stored_one():
    figure = explore(bars, alt="A bar", height=[1, 5, 9])
    before = figure.image.value
    figure.sliders["height"].value = 9
    assert figure.image.value != before
    assert figure.first == before
    blue = [(pixels(p)[..., 2] > pixels(p)[..., 0] + 0.3).sum() for p in (before, figure.image.value)]
    assert blue[1] > 5 * blue[0], "the taller bar has more blue pixels"


def test_every_redraw_closes_its_figure():
    figure = explore(bars, alt="A bar", height=[1, 5, 9])
    open_before = len(plt.get_fignums())
    for height in (5, 9, 1):
        figure.sliders["height"].value = height
    assert len(plt.get_fignums()) == open_before


class Seen:
    """Draws an empty figure, a small one, and keeps what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, **values):
        self.calls.append(values)
        return plt.figure(figsize=(1, 1))


ANY_VALUES = [
    [(2, 3), (3, 2)],  # ipywidgets by itself takes a pair for a label and a value
    [0.1, 0.2, 1e-9],
    list(np.linspace(0, 1, 3)),
    [np.int8(1), np.int8(2)],
    [None, 1],
    [{"a": 1}, {"a": 2}],
    [[1, 2], [1, 3]],
    [[1], [1, 2]],
    [np.zeros(2), np.ones(2)],
    [torch.zeros(2), torch.ones(2)],
    [float("nan"), 1.0],
    [1, True, 1.0, "1"],
    ["b", "a", "b"],
    [bars, len],
]


@pytest.mark.parametrize("values", ANY_VALUES)
def test_a_slider_takes_values_of_any_kind(values):
    draw = Seen()
    figure = explore(draw, alt="A figure", thing=values)
    for place in [*range(1, len(values)), 0]:
        figure.sliders["thing"].index = place
    seen = [call["thing"] for call in draw.calls]
    assert len(seen) == len(values) + 1
    assert all(a is b for a, b in zip(seen, [*values, values[0]], strict=True))


@pytest.mark.parametrize("values", ANY_VALUES)
def test_a_slider_starts_at_a_value_of_any_kind(values):
    draw = Seen()
    figure = explore(draw, alt="A figure", start={"thing": values[-1]}, thing=iter(values))
    assert draw.calls[0]["thing"] is values[-1] or draw.calls[0]["thing"] == values[-1]
    assert figure.values()["thing"] is draw.calls[0]["thing"]


def test_a_start_may_be_another_kind_of_the_same_number():
    assert explore(bars, alt="A bar", start={"height": np.int64(4)}, height=range(1, 9)).values() == {
        "height": 4
    }
    assert (
        explore(bars, alt="A bar", start={"height": 4}, height=np.arange(1, 9)).sliders["height"].index == 3
    )


def test_a_dict_of_choices_gives_the_labels():
    draw = Seen()
    figure = explore(draw, alt="A figure", start={"shape": (3, 2)}, shape={"wide": (2, 3), "high": (3, 2)})
    assert figure.sliders["shape"].label == "high" and draw.calls == [{"shape": (3, 2)}]
    figure.sliders["shape"].label = "wide"
    assert draw.calls[1:] == [{"shape": (2, 3)}]


@pytest.mark.parametrize("value", [None, 5, "abc"])
def test_what_is_no_list_of_choices_is_named(value):
    with pytest.raises(TypeError, match="height must be an iterable of values, not"):
        explore(bars, alt="A bar", height=value)


def test_an_error_in_draw_takes_the_place_of_the_old_picture(monkeypatch):
    def draw(height):
        fig = bars(height)
        if height == 5:
            raise ValueError("costs $5, not $$6 $\\frac")
        return fig

    written = []
    monkeypatch.setattr(plots.Figure, "text", lambda fig, x, y, text, **look: written.append(text))
    open_before = plt.get_fignums()
    figure = explore(draw, alt="A bar", height=[1, 5, 9])
    pictures = [figure.image.value]
    for height in (5, 9):
        figure.sliders["height"].value = height
        pictures.append(figure.image.value)
    assert written == ["explore: height=5: ValueError: costs $5, not $$6 $\\frac"]
    assert len(set(pictures)) == 3 and figure.first == pictures[0]
    assert plt.get_fignums() == open_before, "the figure that was begun is closed"


def test_the_picture_of_an_error_shows_its_text_whatever_is_in_it():
    figure = explore(lambda height: bars(height) if height < 5 else {}["$$"], alt="A bar", height=[1, 5])
    figure.sliders["height"].value = 5
    shown = pixels(figure.image.value)
    assert (abs(shown[..., :3] - to_rgb(plots.ORANGE)).sum(axis=-1) < 0.1).sum() > 50


def test_half_an_emoji_in_an_error_does_not_keep_the_old_picture():
    def draw(v):
        if v:
            raise ValueError("half \ud83d")
        return bars(3)

    figure = explore(draw, alt="A bar", v=[0, 1])
    before = figure.image.value
    figure.sliders["v"].index = 1
    assert figure.image.value != before


@pytest.mark.parametrize("draw", [None, plt.Figure()])
def test_a_draw_that_is_no_function_is_said(draw):
    with pytest.raises(TypeError, match="draw must be a function that returns a figure, not "):
        explore(draw, alt="A bar", v=[0])


def test_an_error_in_the_first_picture_is_raised_and_leaves_no_figure():
    def draw(height):
        bars(height)
        raise KeyError(height)

    open_before = plt.get_fignums()
    with pytest.raises(KeyError):
        explore(draw, alt="A bar", height=[1])
    assert plt.get_fignums() == open_before


@pytest.mark.parametrize("value", [None, "a figure", 3])
def test_a_draw_that_returns_no_figure_is_said(value):
    with pytest.raises(TypeError, match="fig must be a Figure, as draw returns it, not"):
        explore(lambda height: value, alt="A bar", height=[1])


@pytest.mark.parametrize("choices", [{"height": []}, {"height": [1, 2]}])
def test_a_slider_without_its_start_value_is_an_error(choices):
    with pytest.raises(ValueError, match="height=7"):
        explore(bars, alt="A bar", start={"height": 7}, **choices)


def test_a_start_for_a_slider_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"start names \['heigth'\], but the sliders are \['height'\]"):
        explore(bars, alt="A bar", start={"heigth": 4}, height=range(1, 9))


def test_pictures_have_an_opaque_background():
    shown = pixels(plots.png(bars(1)))
    assert shown.shape[2] == 3 or shown[..., 3].min() == 1.0


def test_white_space_and_characters_without_a_glyph_are_made_visible():
    assert visible(" a\tb\r\n") == "␣a⇥b␍↵"
    assert visible("é, Ж, 日, \u200b") == "é,␣Ж,␣<U+65E5>,␣<U+200B>"


def test_tokens_are_drawn_in_order_and_wrap():
    fig, ax = plt.subplots()
    draw_tokens(ax, ["The", " quick", " fox"], columns=9)
    assert [t.get_text() for t in ax.texts] == ["The", "␣quick", "␣fox"]
    assert [t.get_position()[1] for t in ax.texts] == [0, 0, -1]
    assert len(ax.patches) == 3
    plt.close(fig)


def test_an_empty_list_of_choices_is_an_error():
    with pytest.raises(ValueError, match=r"height=None is not among \[\]"):
        explore(bars, alt="A bar", height=[])


# ---- a $ is a $ ----

MONEY = ["$5 and $6", "$$", "$\\frac$", "a$b", "$x_1$"]


def no_formula(fig):
    texts = [text for text in fig.findobj(Text) if "$" in text.get_text()]
    assert texts and not any(text.get_parse_math() for text in texts)


def test_tokens_with_dollars_are_as_wide_as_their_letters():
    fig, ax = plt.subplots()
    draw_tokens(ax, ["$5 and $6", "x5 and x6", "$$", "xx", "$\\frac$", "x\\fracx"])
    fig.draw_without_rendering()
    widths = [text.get_window_extent().width for text in ax.texts]
    np.testing.assert_allclose(widths[::2], widths[1::2], atol=3)
    plt.close(fig)


@pytest.mark.parametrize("text", MONEY)
def test_no_part_of_a_figure_takes_data_for_a_formula(text, monkeypatch):
    monkeypatch.setattr(plt, "close", lambda fig: None)
    fig, (left, right) = plt.subplots(1, 2)
    left.bar([text, "b"], [1, 2], label=text)
    left.set(title=text, xlabel=text, ylabel=text)
    left.legend(title=text)
    left.annotate(text, (0, 1))
    right.set_xticks([0, 1], labels=[text, "b"])
    right.set_yticks([0, 1], labels=["b", text], minor=True)
    fig.suptitle(text)
    fig.supxlabel(text)
    fig.colorbar(right.imshow([[1, 2]]), label=text)
    plots.label_points(right, {text: (0, 0)})
    assert plots.png(fig)
    no_formula(fig)
    monkeypatch.undo()
    plt.close(fig)


def test_the_powers_of_ten_at_an_axis_stay_formulas(monkeypatch):
    monkeypatch.setattr(plt, "close", lambda fig: None)
    fig, (left, right) = plt.subplots(1, 2)
    left.plot([1, 1e6], [1, 1e6])
    left.set(xscale="log", yscale="log", title="$5")
    right.plot([1, 2], [1, 7])
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_yticks([1, 7], labels=["$1", "$7"])
    plots.png(fig)
    powers = [text for text in fig.findobj(Text) if "mathdefault" in text.get_text() and text.get_visible()]
    assert len(powers) > 8 and all(text.get_parse_math() for text in powers)
    assert not any(label.get_parse_math() for label in right.get_yticklabels())
    monkeypatch.undo()
    plt.close(fig)


def test_numbers_stay_formulas_at_insets_second_axes_colour_bars_and_logit_scales():
    fig, (ax, other) = plt.subplots(1, 2)
    ax.set_xscale("log")
    ax.plot([1, 1000], [1, 2])
    inset = ax.inset_axes([0.5, 0.5, 0.4, 0.4], yscale="log")
    inset.plot([1, 2], [1, 1e6])
    other.set(xscale="logit", xlim=(0.001, 0.999))
    other.set_yticks([0, 1], ["$a$", "$b$"])
    bar = fig.colorbar(other.scatter([0.1, 0.9], [0, 1], c=[1, 1e5], norm="log"))
    axes = [ax.xaxis, ax.secondary_xaxis("top").xaxis, inset.yaxis, other.xaxis, bar.ax.yaxis]
    plots.plain_text(fig)
    fig.draw_without_rendering()
    for axis in axes:
        labels = [label for label in axis.get_majorticklabels() if "$" in label.get_text()]
        assert labels and all(label.get_parse_math() for label in labels)
    assert [label.get_parse_math() for label in other.get_yticklabels()] == [False, False]
    plt.close(fig)


def test_a_figure_that_cannot_be_drawn_is_closed():
    fig, open_before = bars(1), plt.get_fignums()
    with pytest.raises(ValueError):
        plots.png(fig, dpi=-1)
    assert len(plt.get_fignums()) == len(open_before) - 1


def test_pieces_may_be_bytes_and_what_is_neither_is_named():
    fig, ax = plt.subplots()
    draw_tokens(ax, [b"a", "ä".encode(), "ä".encode()[:1], "$"])
    assert [text.get_text() for text in ax.texts] == ["a", "ä", "\ufffd", "$"]
    for pieces in ("a peg", [1, 2], None, {"a": 1}):
        with pytest.raises(TypeError, match=r"^pieces must be"):
            draw_tokens(ax, pieces)
    plt.close(fig)


def test_too_few_colours_for_the_pieces_are_an_error():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="colours has 1 fills for 2 pieces"):
        draw_tokens(ax, iter("ab"), ["red"])
    draw_tokens(ax, iter("ab"), ["red", "blue"])
    plt.close(ax.figure)


def test_no_points_have_no_labels():
    _, ax = plt.subplots()
    plots.label_points(ax, {})
    assert not ax.texts
    plt.close(ax.figure)


def test_labels_cover_neither_points_nor_each_other():
    fig, ax = plt.subplots()
    crowd = {f"word {n}": (n % 4 / 20, n // 4 / 9) for n in range(12)}
    ax.scatter(*zip(*crowd.values(), strict=True))
    ax.margins(x=1)
    plots.label_points(ax, crowd)
    texts = [text for text in ax.texts if text.get_text()]
    assert [text.get_text() for text in texts] == list(crowd)
    boxes = [text.get_window_extent() for text in texts]
    for i, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[:i])
        assert not any(box.contains(*xy) for xy in ax.transData.transform(list(crowd.values())))
    plt.close(fig)


def test_a_label_without_a_free_place_is_written_all_the_same():
    fig, ax = plt.subplots()
    same = {f"word {n}": (0.5, 0.5) for n in range(20)}
    plots.label_points(ax, same)
    assert [text.get_text() for text in ax.texts if text.get_text()] == list(same)
    plt.close(fig)
