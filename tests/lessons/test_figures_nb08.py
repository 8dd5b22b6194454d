"""The pictures of lesson 08 hold the places, masks and labels that padding and packing give."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.batches import pack, pad_collate
from lessons.figures import nb08, nb08_fine_tuning_data
from lessons.plots import COLOURS

DOCUMENTS = [[1] * n for n in np.random.default_rng(0).integers(1, 40, 24)]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are shown."""
    figures = []
    for module in (nb08, nb08_fine_tuning_data):
        monkeypatch.setattr(module, "show", lambda fig, alt: figures.append(fig))
    return figures


@pytest.mark.parametrize("max_length", [8, 16, 64])
def test_padded_layouts_hold_what_fits_of_each_document_and_packed_ones_all(max_length):
    for name, grid in nb08.layouts(DOCUMENTS, max_length, end=0).items():
        tokens = [len(document) + 1 for document in DOCUMENTS]
        if "packed" not in name:
            tokens = [min(n, max_length) for n in tokens]
        assert [(grid == i).sum() for i in range(len(DOCUMENTS))] == tokens
        assert grid.shape[1] == max_length


def test_the_five_layouts_say_their_rows_and_their_share_of_padding():
    fig = nb08.layouts_of(DOCUMENTS, end=0)(16)
    packed = pack(DOCUMENTS, 16, 0, "best_fit")
    title = fig.axes[4].get_title("left")
    assert f"{len(packed)} rows" in title and f"{packed.waste:.0%} padding" in title
    plt.close(fig)


def test_a_batch_is_grey_where_padding_is_and_its_tokens_are_written(drawn):
    nb08.draw_batch(pad_collate([[5, 6, 7], [8]], pad_id=0), str, "a batch")
    (ax,) = drawn[0].axes
    grey = [bar.get_facecolor() == plt.matplotlib.colors.to_rgba(COLOURS["padding"]) for bar in ax.patches]
    assert grey == [False, False, False, False, True, True]
    assert [text.get_text() for text in ax.texts] == ["5", "6", "7", "8", "0", "0"]


def test_a_packed_row_and_its_masks_are_drawn_as_pack_gives_them(drawn):
    row = pack([[5, 6], [7]], 6, eos_id=0)[0]
    nb08.draw_row(row, str)
    texts = [text.get_text() for text in drawn[0].axes[0].texts]
    names = ["input_ids", "document_ids", "positions", "labels"]
    assert texts == [str(value) for name in names for value in row[name].tolist()]
    nb08.draw_masks(row["document_ids"])
    causal, block = drawn[1].axes
    assert (len(causal.patches), len(block.patches)) == (21, 6 + 3 + 1)


def test_an_answer_is_drawn_up_to_its_end(drawn):
    nb08_fine_tuning_data.draw_answers({"stops": [1, 2, 0, 3], "goes on": [1, 2, 3, 4]}, str, end=0)
    assert [len(ax.texts) for ax in drawn[0].axes] == [3, 4]
