"""The pictures of lesson 10 hold the numbers of the stored runs."""

import numpy as np
import pytest

from lessons.experiments import BASELINES, at_equal, findings, load_runs
from lessons.figures import nb10, nb10_the_experiments

RUNS = load_runs()


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are shown."""
    figures = []
    for module in (nb10, nb10_the_experiments):
        monkeypatch.setattr(module, "show", lambda fig, alt: figures.append(fig))
    return figures


def test_the_picture_of_findings_has_each_setting_at_its_difference_and_range(drawn):
    table = findings(RUNS)
    nb10.draw_findings(table)
    lines = [line for ax in drawn[0].axes for line in ax.lines]
    dots = sorted(line.get_xdata()[0] for line in lines if len(line.get_xdata()) == 1)
    assert dots == pytest.approx(sorted(table.difference))
    bars = sorted(
        np.ptp(line.get_xdata()) for line in lines if len(set(line.get_ydata())) == 1 < len(line.get_ydata())
    )
    assert bars == pytest.approx(sorted(table["max"] - table["min"]))
    assert [text.get_text() for ax in drawn[0].axes for text in ax.texts] == list(BASELINES)


def test_stations_are_boxes_with_their_shapes(drawn):
    nb10.draw_stations({"text": ("9 bytes", "UTF-8"), "loss": ((), "float32")})
    (ax,) = drawn[0].axes
    assert [text.get_text() for text in ax.texts if text.get_text()] == [
        "text\n9 bytes\nUTF-8",
        "loss\n()\nfloat32",
    ]


def test_the_pictures_of_runs_have_a_line_for_each_seed_and_a_bar_for_each_tokenizer(drawn):
    nb10_the_experiments.draw_seeds(RUNS, ["rope", "alibi"])
    assert len(drawn[0].axes[0].lines) == 6
    figures = at_equal(RUNS, "tokenizer", "bytes_seen")
    nb10_the_experiments.draw_costs(RUNS, figures, "BPE 1024")
    means = sorted(np.ptp(line.get_ydata()) for line in drawn[1].axes[0].lines)
    assert means == pytest.approx(sorted(figures.groupby("setting").bpb.agg(np.ptp)))
    small = RUNS[RUNS.experiment == "stride, small text"]
    nb10_the_experiments.draw_small_text(small, ["64", "1"])
    assert drawn[2].axes[0].lines[1].get_ydata()[-1] == pytest.approx(
        small[(small.setting == "64") & (small.step == small.step.max())].val_bpb.mean()
    )
