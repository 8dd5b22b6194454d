"""The box of words shows what `nearest` finds, says what it does not know, and is a picture elsewhere."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from helpers.embeddings import nearest
from lessons.neighbours import SHOWN, answer, word_playground

WORDS = ["the", "float32", "float64", "flat", "float", "red", "green", "$x$", "<b>", "row", "column", "rare"]
VOCAB = {word: i for i, word in enumerate(WORDS)}
VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 5))
PLACES = dict(zip(WORDS[:-1], np.random.default_rng(1).normal(size=(11, 2)), strict=True))


def live(word="red", **changed):
    given = {"vectors": VECTORS, "vocab": VOCAB, "places": PLACES, "alt": "words about red"} | changed
    return word_playground(word, **given)


@pytest.mark.parametrize("word", WORDS)
def test_the_words_are_those_of_nearest_with_their_cosines(word):
    sentence, found = answer(word, VECTORS, VOCAB)
    assert list(found.items()) == nearest(VECTORS, VOCAB, word, k=SHOWN)
    assert sentence.startswith(f"Nearest to {word}: ") and all(
        f"{other} {cosine:.2f}" in sentence for other, cosine in found.items()
    )


def test_typing_a_word_changes_the_words_and_the_picture():
    shown = live()
    before = shown.image.value
    assert shown.said.value.startswith("Nearest to red: ") and before == shown.first
    shown.box.value = " GREEN "
    assert shown.said.value.startswith("Nearest to green: ") and shown.image.value != before
    assert shown.first == before


def test_an_unknown_word_is_answered_in_a_sentence_with_near_spellings_and_keeps_the_picture():
    shown = live()
    shown.box.value = "flaot32"
    said = shown.said.value
    assert said == "flaot32 is not among the 12 words. Near spellings: float32, flat, float."
    assert shown.image.value == shown.first
    shown.box.value = "qqqq"
    assert shown.said.value == "qqqq is not among the 12 words. No word is spelled nearly so."
    shown.box.value = ""
    assert shown.said.value == "Type a word, such as the."
    shown.box.value = "red"
    assert shown.said.value.startswith("Nearest to red: ")


def test_a_word_without_a_place_is_said_and_its_neighbours_are_drawn():
    shown = live()
    shown.box.value = "rare"
    assert shown.said.value.endswith("Not in the picture, as too rare: rare.")
    assert shown.image.value != shown.first


@pytest.mark.parametrize("word", ["$x$", "<b>"])
def test_marks_in_a_word_are_text(word):
    shown = live(word)
    assert "<b>" not in shown.said.value and not plt.get_fignums()


def test_elsewhere_it_is_a_picture_of_the_first_word_with_alt_text():
    shown = live()
    shown.box.value = "row"
    data, metadata = shown._repr_mimebundle_()
    assert data["text/plain"] == "nearest words: red"
    assert metadata == {"image/png": {"alt": "words about red"}}
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert pixels.std() > 3 and (pixels[0, 0] == 255).all()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.comm.comm_id
    assert not plt.get_fignums()


def test_a_first_word_that_is_unknown_or_has_no_place_is_refused():
    with pytest.raises(ValueError, match=r"token 'rad' is not among 12 .* near spellings"):
        live("rad")
    with pytest.raises(ValueError, match=r"word 'rare' has no place: start with one of 11 in places \(the, "):
        live("rare")
