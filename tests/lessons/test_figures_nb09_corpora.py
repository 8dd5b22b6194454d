"""The figures of deeper/09_corpora show the data that they are given."""

import io

import pyarrow
import pytest
from pyarrow import parquet

from lessons.figures import nb09_corpora as figures


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(figures, "show", lambda fig, alt: found.append((fig.axes[0], alt)))
    return found


def test_each_column_of_each_row_group_lies_where_the_last_one_ends(shown):
    file = io.BytesIO()
    table = pyarrow.table({"text": [f"text {i}" * 50 for i in range(90)], "url": [str(i) for i in range(90)]})
    parquet.write_table(table, file, row_group_size=30)
    meta = parquet.read_metadata(file)
    figures.draw_file(meta)
    bars = shown[0][0].patches
    sizes = [meta.row_group(g).column(c).total_compressed_size for g in range(3) for c in range(2)]
    assert [bar.get_width() * 1e6 for bar in bars] == pytest.approx(sizes)
    assert [bar.get_x() * 1e6 for bar in bars] == pytest.approx([sum(sizes[:i]) for i in range(6)])
    assert "3 row groups" in shown[0][1] and "text, url" in shown[0][1]


def test_memory_is_drawn_for_each_way(shown):
    figures.draw_memory({"row group, 50 MB": 200.0, "read_documents, 50 MB": 70.0})
    ax, alt = shown[0]
    assert sorted(bar.get_width() for bar in ax.patches) == [70, 200]
    assert "row group, 50 MB: 200 MB" in alt


def test_precision_and_recall_stand_over_their_cuts(shown):
    figures.draw_precision([0.5, 0.9], [0.1, 0.3], [0.9, 0.4], [0, 1])
    lines = [line.get_ydata() for line in shown[0][0].lines]
    assert list(map(list, lines)) == [[0.5, 0.9], [0.1, 0.3], [0.9, 0.4]]


def test_the_parts_of_a_mixture_follow_one_another(shown):
    figures.draw_mixtures({"weights": {"a": 0.25, "b": 0.75}, "drawn": {"a": 0.5, "b": 0.5}})
    parts = {(round(bar.get_x(), 2), round(bar.get_width(), 2)) for bar in shown[0][0].patches}
    assert parts == {(0, 0.25), (0.25, 0.75), (0, 0.5), (0.5, 0.5)}


def test_overlaps_are_sorted_and_counted(shown):
    figures.draw_overlap([0.0, 0.6, 0.2, 1.0], 13)
    ax, alt = shown[0]
    assert [bar.get_height() for bar in ax.patches] == [1.0, 0.6, 0.2, 0.0]
    assert alt == "3 of 4 test documents share 13 words, 2 more than half of theirs"
