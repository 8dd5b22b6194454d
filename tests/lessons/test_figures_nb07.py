"""The pictures of lesson 07 hold the numbers that windows have; a training step is measured as it runs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.windows import make_loader
from lessons.figures import nb07, nb07_orders


@pytest.mark.parametrize("settings", [(4, 5, 3), (4, 4, 1), (4, 1, 8), (16, 3, 2), (12, 16, 8)])
def test_the_picture_of_coverage_counts_the_targets_that_a_loader_gives(settings):
    max_length, stride, batch_size = settings
    try:
        loader = make_loader(range(40), max_length, stride, batch_size, shuffle=False)
        targets = [t for _, batch in loader for t in batch.flatten().tolist()]
    except ValueError:  # no full batch
        targets = []
    fig = nb07.draw_coverage([f"t{i}" for i in range(40)], max_length, stride, batch_size)
    windows, columns = fig.axes
    bars = [bar for bar in columns.patches if bar.get_width() == 0.85]
    assert [bar.get_height() for bar in bars] == np.bincount(targets, minlength=40).tolist()
    assert f"{39 - len(set(targets))} of 39 targets" in windows.get_title("left")
    assert len(windows.patches) == len(range(0, 40 - max_length, stride))
    assert [label.get_text() for label in columns.get_xticklabels()] == [f"t{i}" for i in range(40)]
    plt.close(fig)


def test_flash_attention_keeps_no_scores():
    stored, flash = (nb07.training_step(512, kernel)[0] for kernel in ("scores stored", "flash"))
    assert stored > 1.5 * flash > 0


def test_the_picture_of_cost_has_a_line_for_each_kernel(monkeypatch):
    drawn = []
    monkeypatch.setattr(nb07, "show", lambda fig, alt: drawn.append(fig))
    nb07.draw_cost({("a", 64): (1, 2), ("a", 256): (3, 4), ("b", 64): (5, 6), ("b", 256): (7, 8)})
    memory, seconds = drawn[0].axes
    assert [list(line.get_ydata()) for line in memory.lines] == [[1, 3], [5, 7]]
    assert [list(line.get_ydata()) for line in seconds.lines] == [[2, 4], [6, 8]]
    assert [text.get_text() for text in memory.get_legend().get_texts()] == ["a", "b"]


def test_the_bars_of_times_are_the_shares_of_targets_that_come_so_often(monkeypatch):
    monkeypatch.setattr(nb07_orders, "show", lambda fig, alt: None)
    nb07_orders.draw_times({"a": np.array([1, 1, 1, 1]), "b": np.array([0, 2, 2, 9])})
    heights = [bar.get_height() for bar in plt.gcf().axes[0].patches]
    assert heights == [0, 100, 0, 0, 0, 0, 0, 25, 0, 50, 0, 0, 0, 25]


def test_each_order_has_a_picture_of_its_own(monkeypatch):
    monkeypatch.setattr(nb07_orders, "show", lambda fig, alt: None)
    nb07_orders.draw_orders({"up": [0, 1, 2], "down": [2, 1, 0]})
    drawn = {ax.get_title("left"): ax.lines[0].get_ydata().tolist() for ax in plt.gcf().axes}
    assert drawn == {"up": [0, 1, 2], "down": [2, 1, 0]}
