"""The pictures of lesson 03 and its deeper pages hold the tokens and counts of training and encoding."""

from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
import regex

from helpers.bpe import GPT2_PATTERN, BPETokenizer
from lessons.figures import nb03, nb03_across_words, nb03_train_fast
from lessons.plots import AMBER, visible

TEXT = "he walked to walk the walk; aaaa aaa walked walking"


@pytest.fixture
def shown(monkeypatch):
    """The figures that were shown, and are still open."""
    figures = []
    for module in (nb03, nb03_across_words, nb03_train_fast):
        monkeypatch.setattr(module, "show", lambda fig, alt: figures.append(fig))
    return figures


def trained(n_merges, pattern=".+"):
    return BPETokenizer.train(TEXT, 256 + n_merges, pattern=pattern, special_tokens=[])


def boxes(ax):
    return len(ax.patches)


def orange(ax):
    return sum(patch.get_facecolor()[:3] == plt.matplotlib.colors.to_rgb(AMBER) for patch in ax.patches)


@pytest.mark.parametrize("n_merges", [0, 1, 5, 10])
def test_a_frame_of_the_film_strip_has_the_tokens_that_so_many_merges_give(n_merges):
    tokenizer = trained(n_merges)
    tokens = [tokenizer.vocab[i] for i in tokenizer.encode(TEXT)]
    assert nb03.replay(TEXT, trained(10).merges)[n_merges] == tokens


def test_the_film_strip_counts_its_tokens_and_colours_what_a_merge_has_made(shown):
    merges = trained(10).merges
    nb03.draw_merges(TEXT, merges)
    frames = nb03.replay(TEXT, merges)
    assert [boxes(ax) for ax in shown[0].axes] == [len(frame) for frame in frames]
    assert [ax.texts[-1].get_text() for ax in shown[0].axes] == [str(len(frame)) for frame in frames]
    made = [frame.count(b"".join(pair)) for frame, pair in zip(frames[1:], merges, strict=True)]
    assert [orange(ax) for ax in shown[0].axes] == [0, *made]


@pytest.mark.parametrize("n_merges", [0, 5, 10])
def test_under_the_microscope_stand_the_counts_and_the_next_merge_is_the_first(n_merges):
    merges = trained(10).merges
    counts = Counter(pairwise(nb03.replay(TEXT, merges)[n_merges]))
    fig = nb03.draw_counts(TEXT, merges, n_merges)
    bars = fig.axes[1]
    assert [bar.get_width() for bar in bars.patches] == sorted(counts.values(), reverse=True)[:9]
    if n_merges < 10:
        first = " + ".join(visible(token.decode()) for token in merges[n_merges])
        assert bars.get_yticklabels()[0].get_text() == first
    plt.close(fig)


def test_parts_and_cuts_and_ways_have_a_box_for_each_piece(shown):
    nb03.draw_parts([("a", "x"), (" b", "y"), (".", "x")], ["x", "y", "z", "u", "v", "w"])
    nb03.draw_cuts({"GPT-2": GPT2_PATTERN, "letters": "."}, ["a bc", "d"])
    nb03.draw_ways({"ab": {"one": [b"ab"], "two": [b"a", b"b"]}, "c": {"one": [b"c"], "two": [b"c"]}})
    assert [[boxes(ax) for ax in fig.axes] for fig in shown] == [[3], [2, 4, 1, 1], [1, 2, 1, 1]]


def test_the_steps_of_an_encoding_say_which_id_is_new(shown):
    nb03.draw_steps([[b"a", b"b", b"c"], [b"a", b"bc"], [b"abc"]], [99, 300, 301])
    assert [ax.texts[-1].get_text() for ax in shown[0].axes] == ["bytes", "id 300", "id 301"]
    assert [orange(ax) for ax in shown[0].axes] == [0, 1, 1]


def test_the_work_of_each_way_is_the_pairs_that_it_looks_at(shown):
    merges = trained(4, GPT2_PATTERN).merges
    looks = nb03_train_fast.pairs_looked_at(TEXT, merges)
    words = [[bytes([b]) for b in word.encode()] for word in regex.findall(GPT2_PATTERN, TEXT)]
    distinct = [list(map(bytes, word)) for word in {tuple(word) for word in words}]
    first = sum(len(word) - 1 for word in distinct)
    for n, pair in enumerate(merges):
        holding = sum(len(word) - 1 for word in distinct if pair in pairwise(word))
        assert looks["every pre-token"][n] == sum(len(word) - 1 for word in words)
        assert looks["each distinct word"][n] == sum(len(word) - 1 for word in distinct)
        assert looks["words with the pair"][n] == holding + (first if n == 0 else 0)
        words = [nb03_train_fast.merged(word, pair) for word in words]
        distinct = [nb03_train_fast.merged(word, pair) for word in distinct]
    nb03_train_fast.draw_work(looks)
    assert [line.get_ydata().tolist() for line in shown[0].axes[0].lines] == list(looks.values())


def test_the_touched_words_are_orange_and_outdated_entries_of_a_heap_say_their_count(shown):
    nb03_train_fast.draw_touched(["a", "b", "c"], ["c", "d"])
    nb03_train_fast.draw_heap([(-5, "he"), (-4, "wa"), (-3, "lk")], {"he": 5, "wa": 1, "lk": 3})
    assert orange(shown[0].axes[0]) == 1
    assert [text.get_text() for text in shown[1].axes[0].texts] == ["he: 5", "wa: 4\nnow 1", "lk: 3"]


def test_lines_have_their_tokens_and_the_switch_is_in_percent(shown):
    nb03_across_words.draw_lines({"inside": [b"a", b" b"], "across": [b"a b"]})
    nb03_across_words.draw_switch(
        {"docs": {256: 80, 3072: 90}, "story": {256: 50, 3072: 49}}, {"docs": 100, "story": 50}
    )
    assert [boxes(ax) for ax in shown[0].axes] == [2, 1]
    lines = [line.get_ydata() for line in shown[1].axes[0].lines]
    assert [list(line) for line in lines] == [[80, 90], [100, 98], [100, 100]]
