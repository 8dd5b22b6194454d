"""The figures' common ground: alt text, opaque pictures, sliders that redraw."""

import base64
import io

import matplotlib.image
import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_rgb

from helpers import plots
from helpers.plots import draw_tokens, explore, visible


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
    assert "application/vnd.jupyter.widget-view+json" in data


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
