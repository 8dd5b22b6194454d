"""The figures of lesson 09 and its deeper pages show the numbers that they were given."""

import os

import numpy as np
import pytest

from lessons.figures import nb09, nb09_a_cluster, nb09_clean_a_corpus, nb09_feed_and_resume


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown, and are still open."""
    figures = []
    for module in (nb09, nb09_a_cluster, nb09_clean_a_corpus, nb09_feed_and_resume):
        monkeypatch.setattr(module, "show", lambda fig, alt: figures.append(fig))
    return figures


def bars(ax):
    """Row, start and length of each bar."""
    return np.array([(b.get_y() + b.get_height() / 2, b.get_x(), b.get_width()) for b in ax.patches])


def run(pid, started, seconds):
    return {"pid": pid, "started": started, "seconds": seconds}


def test_costs_are_bars_of_terabytes_from_top_to_bottom(shown):
    nb09.draw_cost({"Python list": 36, "uint16": 2, "text": 3.5})
    assert np.allclose(bars(shown[0].axes[0])[:, 2], [54.6, 31.2, 561.6])


def test_each_way_to_cut_is_a_row_of_its_tokens(shown):
    nb09.draw_cuts({"whole": ["a", "\n "], "by line": ["a", "\n", " "]})
    assert [len(ax.patches) for ax in shown[0].axes] == [2, 3]
    assert shown[0].axes[1].texts[-1].get_text() == "by line: 3"


def test_each_process_has_a_row_and_each_shard_its_number(shown):
    runs = [run(7, 100, 2), run(8, 100.5, 1), run(7, 102, 3)]
    nb09.draw_processes({"one": runs[:1], "two": runs})
    ax = shown[0].axes[1]
    assert np.allclose(bars(ax), [(0, 0, 2), (1, 0.5, 1), (0, 2, 3)])
    assert [text.get_text().strip() for text in ax.texts] == ["0", "1", "2"]


def test_what_the_killed_process_left_ends_at_the_kill(shown, tmp_path):
    left = tmp_path / ".tokens-000012.bin.5f2a.tmp"
    left.touch()
    os.utime(left, (103, 103))
    nb09.draw_kill([run(7, 100, 2), run(8, 100.5, 1)], 8, 104.5, [left])
    ax = shown[0].axes[0]
    assert np.allclose(bars(ax)[-1], (1, 3, 1.5))
    assert ax.texts[-1].get_text().strip() == "shard 12, lost"
    assert ax.lines[-1].get_xdata()[0] == pytest.approx(4.5)


def test_hours_fall_with_the_cores(shown):
    nb09.draw_hours(density=3, rate=1e6)
    one, hundred = (line.get_ydata() for line in shown[0].axes[0].lines[:2])
    assert one[0] == pytest.approx(1e8 * 3 / 1e6 / 3600)
    assert np.allclose(one, 100 * hundred)


def test_each_window_is_coloured_by_how_often_it_was_seen(shown):
    nb09_feed_and_resume.draw_times_seen({"anew": [0, 1, 2, 1], "continued": [1, 1, 1, 1]}, columns=2)
    assert [ax.collections[0].get_array().tolist() for ax in shown[0].axes] == [
        [[0, 1], [2, 1]],
        [[1, 1], [1, 1]],
    ]


def test_the_second_run_begins_at_the_checkpoint(shown):
    nb09_feed_and_resume.draw_restart(saved=20, killed=23, last=60)
    assert np.allclose(bars(shown[0].axes[0]), [(1, 0, 20), (1, 20, 3), (0, 20, 40)])


def test_the_schedules_end_where_a_free_worker_takes_the_next_shard(shown):
    nb09_a_cluster.draw_schedules({"last": [1] * 8 + [8], "first": [8] + [1] * 8})
    assert [ax.lines[-1].get_xdata()[0] for ax in shown[0].axes] == [12, 8]


def test_the_speedup_is_that_of_the_function_given(shown):
    nb09_a_cluster.draw_speedup(lambda shards, workers: shards * workers, (1, 2, 3), max_workers=4)
    lines = {tuple(line.get_ydata()) for line in shown[0].axes[0].lines}
    assert {(1, 2, 3, 4), (2, 4, 6, 8), (3, 6, 9, 12)} <= lines


def test_estimates_stand_over_the_exact_similarities(shown):
    nb09_clean_a_corpus.draw_minhash({(1, 2): 0.5, (3, 4): 0.9}, {(1, 2): 0.4, (3, 4): 0.8}, 14, 8)
    points = shown[0].axes[0].collections[0].get_offsets()
    assert points.tolist() == [[0.5, 0.4], [0.9, 0.8]]


def test_scores_are_parted_by_their_median(shown):
    nb09_clean_a_corpus.draw_scores([50, 60, 70], [1.0, 5.0, 2.0], [True, False, True])
    ax = shown[0].axes[0]
    assert ax.lines[0].get_ydata()[0] == 2
    assert [len(dots.get_offsets()) for dots in ax.collections] == [1, 2]
