"""Merges across words: no text is lost, and the tokens are those of merging by hand, and of the page."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_code import run_page

from helpers.corpus import load_story
from lessons.superwords import Superwords

STORY = load_story()
TRAINED = Superwords.train(STORY, 600)


def by_hand(tokenizer, text):
    """The tokens of `text` by trying: of all pairs in a line that make a token, join the one made first."""
    bytes_of, made = tokenizer.vocab, {}
    for (left, right), rank in tokenizer._ranks.items():
        made[bytes_of[left], bytes_of[right]] = (rank, bytes_of[left] + bytes_of[right])
    tokens = []
    for line in text.splitlines(keepends=True):
        parts = [bytes_of[i] for i in tokenizer.inside.encode(line)]
        while found := [(made[pair][0], at) for at, pair in enumerate(pairwise(parts)) if pair in made]:
            _, at = min(found)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        tokens += parts
    return tokens


@given(st.text() | st.lists(st.sampled_from(STORY.split(" "))).map(" ".join))
def test_every_text_comes_back(text):
    ids = TRAINED.encode(text)
    assert TRAINED.decode(ids) == text and TRAINED.decode_bytes(ids) == text.encode()


@pytest.mark.parametrize(
    "text", [STORY[:4000], "of the of the\nof the", "", "\r\n\x0b\u2028 a", "<|endoftext|>"]
)
def test_the_tokens_are_those_of_joining_by_hand(text):
    assert [TRAINED.vocab[i] for i in TRAINED.encode(text)] == by_hand(TRAINED, text)


def test_the_merges_are_those_of_counting_all_pairs_anew_after_each():
    text = "a b a b a b\na b c\nc a b\n" * 3
    got = Superwords.train(text, 264, first=260)
    lines = [got.inside.encode(line) for line in text.splitlines(keepends=True)]
    for new, pair in enumerate(got._ranks, 260):
        counts = {}
        for line in lines:
            for found in pairwise(line):
                counts[found] = counts.get(found, 0) + 1
        assert pair == min(counts, key=lambda found: (-counts[found], found))
        for n, line in enumerate(lines):
            joined, at = [], 0
            while at < len(line):
                hit = tuple(line[at : at + 2]) == pair
                joined.append(new if hit else line[at])
                at += 2 if hit else 1
            lines[n] = joined
    assert len(got.vocab) == 264 and any(b" " in token.strip() for token in got.vocab.values())


def test_vocabularies_are_as_large_as_asked_and_three_quarters_are_learned_inside_words():
    assert len(TRAINED.vocab) == 600 and len(TRAINED.inside.vocab) == 450
    assert sorted(TRAINED.vocab) == list(range(600))
    assert TRAINED.special_tokens == {"<|endoftext|>": 449}
    with pytest.raises(ValueError, match="first"):
        Superwords.train(STORY, 600, first=601)


def test_where_no_pair_is_left_inside_words_the_ids_go_on_without_a_gap():
    text = "ab ab cd\n" * 5
    with pytest.warns(UserWarning, match="no pair is left"):
        got = Superwords.train(text, 300, first=290)
    assert sorted(got.vocab) == [*range(len(got.vocab))] and len(got.vocab) > len(got.inside.vocab)
    assert all(max(pair) < new for pair, new in got._ranks.items())
    assert got.encode("ab ab cd\n") == [max(got.vocab)] and got.decode(got.encode(text)) == text


def test_the_page_builds_the_same():
    page = run_page("03_across_words", sample=STORY)
    inside, across = page["train_across"](500, size=560)
    assert Superwords(inside, across).encode(STORY) == page["encode"](STORY, inside, across)
    again = Superwords.train(STORY, 561, first=501)  # with a special token more
    assert len(again.encode(STORY)) == len(page["encode"](STORY, inside, across))
