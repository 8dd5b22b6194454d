"""Each measure against examples worked out by hand; the wrapped tokenizers against their definitions."""

import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import tokenizers
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers.bpe import BPETokenizer
from helpers.corpus import load_story
from helpers.words import UNK, WordTokenizer
from lessons.compare import CharTokenizer, measure, pieces_of, train_unigram, train_wordpiece
from lessons.figures import nb04, nb04_other_ways

STORY = load_story()
BYTES = BPETokenizer([])


class Fixed:
    """A tokenizer that always gives the same ids, and the same text back."""

    def __init__(self, ids, vocab, back):
        self.vocab = vocab
        self.encode, self.decode = lambda text: ids, lambda ids: back


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_every_measure_of_a_text_counted_by_hand(kind):
    # 6 characters, 8 bytes (é and ü have two each), 2 words, cut into 4 tokens: two <|unk|>
    tokenizer = Fixed(kind([0, 3, 0, 2]), {UNK: 0, "a": 1, "b": 2, "c": 3, "d": 4}, "étü ab")
    assert measure(tokenizer, "étü ab") == {
        "tokens": 4,
        "bytes_per_token": 2.0,
        "unknown": 0.5,
        "lossless": True,
        "words_per_window": 512.0,  # 2 words in 4 tokens
        "attention": 0.25,  # 4 x 4 pairs of tokens, 8 x 8 pairs of bytes
    }


@pytest.mark.parametrize("text", [STORY, "étü ab", "हिन्दी में", "... 12"])
def test_bytes_cost_one_token_a_byte_whatever_the_text(text):
    found = measure(BYTES, text)
    assert found["tokens"] == len(text.encode()) and found["lossless"] is True
    assert (found["bytes_per_token"], found["attention"], found["unknown"]) == (1, 1, 0)


def test_a_tokenizer_that_loses_something_is_not_lossless_but_measured():
    words = WordTokenizer.train("one peg, two pegs")
    found = measure(words, "one\tpeg")
    assert found["lossless"] is False and found["unknown"] == 0
    found = measure(words, "no such text")
    assert found["lossless"] is False and found["unknown"] == 1 and found["bytes_per_token"] == 4


@pytest.mark.parametrize(
    "text, words",
    [("  \n", 0), ("I've lost 2 pegs.", 3), ("stove-pipe 3.50 a1", 2), ("हिन्दी में", 2), ("... 12", 0)],
)
def test_words_in_a_window_are_counted(text, words):
    assert measure(BYTES, text)["words_per_window"] == pytest.approx(1024 * words / len(text.encode()))


@pytest.mark.parametrize("tokenizer, text", [(BYTES, ""), (WordTokenizer.train("a peg"), " \n")])
def test_a_text_that_gives_no_token_is_refused(tokenizer, text):
    with pytest.raises(ValueError, match=r"text is '.*': the tokenizer makes no token of it"):
        measure(tokenizer, text)


@pytest.mark.parametrize("text", [None, b"bytes", ["a"], 5, "a\ud800"])
def test_what_is_no_text_is_named(text):
    for use in (measure, pieces_of):
        with pytest.raises(ValueError, match=r"text (must be a str, not|has a lone surrogate)"):
            use(BYTES, text)
    for make in (CharTokenizer, lambda text: train_wordpiece(text, 100), lambda t: train_unigram(t, 100)):
        with pytest.raises(ValueError, match=r"text (must be a str, not|has a lone surrogate)"):
            make(text)


def test_a_tokenizer_that_gives_no_ids_is_named():
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({UNK: 0, "peg": 1}, UNK))
    with pytest.raises(TypeError, match=r"encode\(text\) must be integers"):
        measure(tokenizer, "peg")


def test_a_smaller_bpe_vocabulary_is_the_beginning_of_a_larger_one():
    large = BPETokenizer.train(STORY, 1000)
    for size in (300, 512, 777):
        small = BPETokenizer.train(STORY, size)
        assert large.merges[: size - 257] == small.merges
        assert BPETokenizer(large.merges[: size - 257]).encode(STORY) == small.encode(STORY)


@given(st.text(min_size=1))
def test_characters_give_back_what_they_were_made_from(text):
    tokenizer = CharTokenizer(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode(text)) == len(text)
    assert len(tokenizer.vocab) == len(set(text)) + 1


@pytest.mark.parametrize("bad", [-1, 3])
def test_a_character_id_outside_the_vocabulary_is_named(bad):
    with pytest.raises(ValueError, match=rf"ids\[1\] is {bad}, but must lie from 0 to 2"):
        CharTokenizer("ab").decode([1, bad])


def longest_match(word, vocab):
    """WordPiece's encoder as Devlin et al. (2018) describe it, by brute force."""
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                pieces.append(piece)
                break
        else:
            return [UNK]
        start = end
    return pieces


def test_wordpiece_cuts_by_longest_match():
    tokenizer = train_wordpiece(STORY, 800)
    words = [word for word in STORY.split() if word.isalpha()]
    assert len(tokenizer.vocab) == 800
    for word in {*words, "unbelievable", "plimbetology", "한국"}:
        assert pieces_of(tokenizer, word) == longest_match(word, tokenizer.vocab)


def test_unigram_pieces_join_to_the_text_and_repeat():
    first, second = train_unigram(STORY, 600), train_unigram(STORY, 600)
    assert sorted(first.vocab) == sorted(second.vocab) and len(first.vocab) == 600
    assert first.decode(first.encode(STORY)) == STORY
    assert "".join(pieces_of(first, "the lost plimbet")) == "the lost plimbet"


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram])
def test_a_special_token_spelt_out_in_a_text_is_ordinary_text(train):
    tokenizer = train(STORY + " <|> ##a", 600)
    assert tokenizer.vocab[UNK] not in tokenizer.encode(UNK)
    assert tokenizer.vocab[UNK] in tokenizer.encode("a 한 b")
    assert len(tokenizer.encode("##a")) == len(tokenizer.encode("##e")) > 1


def test_training_gives_the_same_wordpieces_in_another_process():
    code = (
        "import hashlib; from lessons.compare import train_wordpiece; from helpers.corpus import load_story;"
        "v = train_wordpiece(load_story(), 900).vocab;"
        "print(hashlib.sha256(repr(sorted(v.items())).encode()).hexdigest())"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"RAYON_NUM_THREADS": threads},
        ).stdout
        for threads in "122"
    }
    assert len(prints) == 1


# ---- what lesson 04 draws ----


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(nb04, "show", lambda fig, alt: figures.append((fig, alt)))
    return figures


def test_a_picture_of_prices_has_a_dot_for_each_language_and_tokenizer(drawn):
    nb04.draw_prices(pd.DataFrame({"old": [1, 7.3], "new": [1, 2.0]}, index=["English", "Hindi"]))
    ((fig, alt),) = drawn
    (ax,) = fig.axes
    dots = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    assert dots == {"old": [1, 7.3], "new": [1, 2.0]}
    assert alt == "Hindi costs most under old: 7.3 times English."


def test_a_picture_of_cuts_has_a_row_for_each_tokenizer_and_greys_the_unknown(drawn):
    nb04.draw_cuts({"BPE": ["a", " p", "eg"], "words": ["a", "<|unk|>"]})
    ((fig, alt),) = drawn
    assert [ax.get_title("left") for ax in fig.axes] == ["BPE: 3 tokens", "words: 2 tokens"]
    fills = [patch.get_facecolor()[:3] for patch in fig.axes[1].patches]
    assert fills[1] == pytest.approx((184 / 255,) * 3) and fills[0] != fills[1]
    assert "BPE 3, words 2" in alt


def test_bars_of_reading_add_up_and_the_best_is_one():
    fig = nb04.draw_reading(64, [300, 512], np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    heights = [bar.get_height() for bar in fig.axes[0].patches]
    assert heights == [1.5, 0.5, 0.5, 0.5] and "512 entries" in fig.axes[0].get_title("left")
    plt.close(fig)


def test_a_bar_stands_for_each_character_and_is_orange_above_the_limit(drawn, monkeypatch):
    monkeypatch.setattr(nb04_other_ways, "show", lambda fig, alt: drawn.append((fig, alt)))
    nb04_other_ways.draw_unsure("a b", [0.5, 4.0, 1.0], 3)
    ((fig, _),) = drawn
    bars = fig.axes[0].patches
    assert [bar.get_height() for bar in bars] == [0.5, 4.0, 1.0]
    assert bars[0].get_facecolor() == bars[2].get_facecolor() != bars[1].get_facecolor()
    assert [label.get_text() for label in fig.axes[0].get_xticklabels()] == ["a", "␣", "b"]
