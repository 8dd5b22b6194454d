"""The pictures of the page 03_encode_fast hold the speeds, cuts, keys and merges that they are given."""

import json

import pytest

from helpers.bpe import BPETokenizer
from helpers.bpe.spelling import BYTE_IDS
from lessons.figures import nb03_encode_fast as figures
from lessons.plots import visible


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown, and are still open."""
    kept = []
    monkeypatch.setattr(figures, "show", lambda fig, alt: kept.append(fig))
    return kept


def test_bars_have_the_speeds_in_order_and_what_is_rust_is_grey(shown):
    figures.draw_speeds({"tiktoken": 5.0, "arrays": 10.0})
    (ax,) = shown[0].axes
    assert [bar.get_width() for bar in ax.patches] == [5.0, 10.0]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()


def test_each_row_has_the_pieces_of_one_rule(shown):
    cuts = {"1": ["a", " ", "b"], "2": ["a", " b"]}
    figures.draw_cuts(cuts)
    for ax, pieces in zip(shown[0].axes, cuts.values(), strict=True):
        assert [text.get_text() for text in ax.texts[:-1]] == [visible(piece) for piece in pieces]


def test_a_key_has_sixteen_boxes_its_bytes_and_its_length(shown):
    figures.draw_keys([b"!", b"!\0", b" tokenizers"])
    rows = [[text.get_text() for text in ax.texts[:-1]] for ax in shown[0].axes]
    assert all(len(row) == 16 for row in rows)
    assert [row[-1] for row in rows] == ["1", "2", "11"]
    assert rows[2][:11] == list("␣tokenizers") and rows[0][1:15] == ["0"] * 14


def test_a_column_of_rounds_begins_with_bytes_and_ends_with_the_tokens():
    tokenizer = BPETokenizer.train("low lower lowest " * 9, 263)
    ids = {token: i for i, token in tokenizer.vocab.items()}
    ranks = {(ids[a], ids[b]): ids[a + b] for a, b in tokenizer.merges}
    words = [" low", " lowest", "xy"]
    table = figures.rounds([word.encode().translate(BYTE_IDS) for word in words], ranks, tokenizer)
    assert list(table.columns) == words
    for word in words:
        column = [cell for cell in table[word] if cell]
        assert column[0] == "|".join(word).replace(" ", "␣")
        tokens = [tokenizer.decode([i]).replace(" ", "␣") for i in tokenizer.encode(word)]
        assert column[-1].split("|") == tokens
        assert [cell.count("|") for cell in column] == [*range(len(word) - 1, len(tokens) - 2, -1)]


def test_lines_have_the_speed_at_each_length(shown):
    sizes = [1000, 2_000_000]
    figures.draw_lengths(sizes, {name: [0.5, 1.0] for name in "abcd"})
    (ax,) = shown[0].axes
    assert ax.lines[0].get_ydata().tolist() == [0.002, 2.0]
    assert [line.get_label() for line in ax.lines] == list("abcd")


def test_the_lesser_of_two_times_is_taken_and_making_is_not_timed(monkeypatch):
    clock = iter([0, 5, 10, 12])
    monkeypatch.setattr(figures.time, "process_time", lambda: next(clock))
    made = []
    assert figures.cpu_seconds(lambda: made.append(1) or len, "abc") == 2 and len(made) == 2


def test_what_was_measured_is_shown_by_processor_beside_tiktoken(shown, tmp_path):
    rows = {"helpers.bpe, cold": [2.0, 4.0], "helpers.bpe, warm": [1.0, 1.0], "tiktoken 1": [4.0, 4.0]}
    rows |= {"gigatoken 1, cold": [0.2, 0.2], "gigatoken 1, warm": [0.1, 0.1]}
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({f"{name}, 2 cores": {"runs": [{}, {"docs, gpt2": rows}]} for name in "AB"}))
    measured = figures.measured("docs", path)
    assert list(measured) == ["A", "B"] and measured["A"]["helpers.bpe, cold"] == 1.5
    assert figures.beside_gigatoken(measured)["B"] == pytest.approx([20 / 1.5, 10])
    figures.draw_measured(measured)
    bars = shown[0].axes[0].patches
    assert [bar.get_width() for bar in bars] == sorted(measured["A"])
    with pytest.raises(ValueError, match="python -m benchmarks"):
        figures.measured("nothing", path)
