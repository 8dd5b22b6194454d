"""Each measure against examples worked out by hand; the wrapped tokenizers against their definitions."""

import json
import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import regex
import tokenizers
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import models

from helpers.bpe import BPETokenizer
from helpers.compare import (
    LANGUAGES,
    CharTokenizer,
    Wrapped,
    cldr_names,
    compare,
    count_words,
    load_comparison,
    load_paragraphs,
    measure,
    same_table,
    table_parameters,
    train_unigram,
    train_wordpiece,
    used_ids,
)
from helpers.corpus import DATA, load_story
from helpers.words import UNK, WordTokenizer

STORY = load_story()
BYTES = BPETokenizer([])


class Fixed:
    """A tokenizer that always gives the same ids, and the same text back."""

    def __init__(self, ids, vocab, back):
        self.vocab = vocab
        self.encode, self.decode = lambda text: ids, lambda ids: back


def test_every_measure_of_a_text_counted_by_hand():
    # 6 characters, 8 bytes (é and ü have two each), 2 words, cut into 4 tokens: two <|unk|>, two unseen
    tokenizer = Fixed([0, 3, 0, 2], {UNK: 0, "a": 1, "b": 2, "c": 3, "d": 4}, "étü ab")
    assert measure(tokenizer, "étü ab", used={0, 1, 2}) == {
        "vocabulary": 5,
        "unused": 2,
        "bytes": 8,
        "tokens": 4,
        "bytes_per_token": 2.0,
        "unknown": 0.5,
        "unseen": 0.25,
        "lossless": True,
        "attention": 0.25,  # 4 x 4 pairs of tokens, 8 x 8 pairs of bytes
        "words_per_window": 512.0,  # 2 words in 4 tokens
    }


def test_bytes_cost_one_token_a_byte_whatever_the_text():
    for text in [STORY, *load_paragraphs().values()]:
        found = measure(BYTES, text, used_ids(BYTES, [text]))
        assert found["tokens"] == found["bytes"] == len(text.encode())
        assert (found["bytes_per_token"], found["attention"], found["unknown"], found["unseen"]) == (
            1,
            1,
            0,
            0,
        )
        assert found["lossless"] is True


def test_unseen_is_about_the_training_text_and_unknown_about_the_vocabulary():
    tokenizer = BPETokenizer.train("low lower lowest", 260)
    used = used_ids(tokenizer, ["low lower lowest"])
    assert tokenizer.encode("low lz") == [257, 220, *BYTES.encode("lz")]
    found = measure(tokenizer, "low lz", used)
    assert (found["unknown"], found["unseen"]) == (0, 3 / 4)  # " ", "l" and "z" never stand alone in training
    # of 260 entries training uses "low", " low", e, r, s and t
    assert sorted(tokenizer.vocab[i] for i in used) == [b" low", b"e", b"low", b"r", b"s", b"t"]
    assert found["unused"] == 254


def test_a_tokenizer_that_loses_something_is_not_lossless_but_measured():
    words = WordTokenizer.train("one peg, two pegs")
    found = measure(words, "one\tpeg", used=range(8))
    assert found["lossless"] is False and found["unknown"] == 0
    found = measure(words, "no such text", used=range(8))
    assert found["lossless"] is False and found["unknown"] == 1 and found["bytes_per_token"] == 4


def test_a_text_without_words_has_stated_values_and_no_nan():
    texts = {"spaces": "  \n", "digits": "12 34", "marks": "?!"}
    tokenizers = {"bytes": BYTES, "characters": CharTokenizer("a")}
    table = compare(tokenizers, texts, {"bytes": set(), "characters": set()})
    assert (table["words_per_window"] == 0).all()
    assert not table.isna().any(axis=None) and np.isfinite(table.select_dtypes("number")).all(axis=None)


def test_an_empty_text_is_refused_with_both_names():
    with pytest.raises(ValueError, match="text is '': the tokenizer makes no token of it"):
        measure(BYTES, "", set())
    with pytest.raises(ValueError, match="tokenizer 'bytes' on text 'nothing': text is ''"):
        compare({"bytes": BYTES}, {"story": STORY, "nothing": ""}, {"bytes": set()})


def test_a_text_that_gives_no_token_is_refused():
    with pytest.raises(ValueError, match=r"text is ' \\n': the tokenizer makes no token of it"):
        measure(WordTokenizer.train("a peg"), " \n", set())


def test_used_ids_must_be_there_for_each_tokenizer():
    with pytest.raises(ValueError, match=r"used lacks \['b'\]"):
        compare({"a": BYTES, "b": BYTES}, {"story": STORY}, {"a": set()})
    with pytest.raises(TypeError, match="texts must be an iterable of str, not 'abc': give"):
        used_ids(BYTES, "abc")


@pytest.mark.parametrize("text", ["a\ud800", "\udfff"])
def test_a_lone_surrogate_is_said_in_words(text):
    for use in (
        lambda: measure(BYTES, text, {1}),
        lambda: measure(WordTokenizer.train("a"), text, {1}),
        lambda: used_ids(BYTES, ["a", text]),
        lambda: CharTokenizer(text),
        lambda: CharTokenizer("a").encode(text),
        lambda: train_wordpiece(text, 100),
        lambda: train_unigram(text, 100),
    ):
        with pytest.raises(ValueError, match=r"text(s\[1\])? has a lone surrogate, .* at position"):
            use()


def test_a_text_among_many_is_named_by_its_number():
    with pytest.raises(TypeError, match=r"texts\[2\] must be a str, not float: nan"):
        used_ids(BYTES, ["one", "two", float("nan")])


TIKTOKEN = BYTES.to_tiktoken()
HUGGING_FACE = tokenizers.Tokenizer(models.WordLevel({UNK: 0, "peg": 1}, UNK))


@pytest.mark.parametrize("tokenizer", [TIKTOKEN, HUGGING_FACE, None, BPETokenizer])
def test_what_is_no_tokenizer_is_named_with_the_way_out(tokenizer):
    for use in (
        lambda: measure(tokenizer, "peg", {1}),
        lambda: compare({"t": tokenizer}, {"x": "peg"}, {"t": [1]}),
    ):
        with pytest.raises(
            ValueError, match=r"tokenizer must be .* vocab, not .*: give .* Wrapped\(tokenizer\)"
        ):
            use()
    with pytest.raises(TypeError, match="tokenizer must be"):
        used_ids(None, ["peg"])


def test_the_wrapper_that_the_error_names_can_be_measured():
    wrapped = Wrapped(HUGGING_FACE)
    assert measure(wrapped, "peg", used_ids(wrapped, ["peg"]))["tokens"] == 1
    assert used_ids(TIKTOKEN, ["ab"]) == set(BYTES.encode("ab")), "no vocab is needed here"


@pytest.mark.parametrize("text", [None, b"bytes", ["a"], np.array(["a"]), 5])
def test_what_has_no_words_to_count_is_named(text):
    with pytest.raises(TypeError, match="text must be a str, not"):
        count_words(text)


@pytest.mark.parametrize("tied", ["no", 0, None])
def test_tied_is_true_or_false(tied):
    with pytest.raises(TypeError, match="tied must be True or False"):
        table_parameters(5, 3, tied)


@pytest.mark.parametrize("text", [None, b"bytes", ["a", "b"], 5])
def test_what_is_no_text_is_named(text):
    for use in (measure, lambda *args: train_wordpiece(text, 100), lambda *args: train_unigram(text, 100)):
        with pytest.raises(TypeError, match="text must be a str, not"):
            use(BYTES, text, {1})


@pytest.mark.parametrize("turn", [dict, lambda vocab: {i: token for token, i in vocab.items()}])
@pytest.mark.parametrize("write", [str, str.encode])
def test_a_vocabulary_may_map_either_way_and_hold_text_or_bytes(turn, write):
    vocab = turn({write(token): i for i, token in enumerate([UNK, "a", "b", "c"])})
    found = measure(Fixed([0, 3, 0, 2], vocab, "?"), "abcd", used=[0, 2, 9])
    assert (found["vocabulary"], found["unused"], found["unknown"], found["unseen"]) == (4, 2, 0.5, 0.25)


@pytest.mark.parametrize("kind", [list, tuple, set, iter, np.array, torch.tensor, dict.fromkeys, frozenset])
def test_ids_may_come_in_anything_one_can_walk_through(kind):
    tokenizer = Fixed(np.array([0, 3, 0, 2], np.uint16), {UNK: 0, "a": 1, "b": 2, "c": 3}, "?")
    assert measure(tokenizer, "abcd", used=kind([0, 2]))["unseen"] == 0.25
    tokenizer.encode = lambda text: torch.tensor([0, 3, 0, 2])
    assert measure(tokenizer, "abcd", used=kind([0, 2]))["unseen"] == 0.25
    table = compare({"t": tokenizer}, {"one": "abcd", "two": "abcde"}, {"t": kind([0, 2])})
    assert table["unseen"].tolist() == [0.25, 0.25]


@pytest.mark.parametrize("used", [None, 5, "abc", ["a"], [0.5]])
def test_used_ids_that_are_none_are_named(used):
    with pytest.raises(TypeError, match="used must be"):
        measure(BYTES, "a", used)


def test_tables_need_names():
    with pytest.raises(TypeError, match="texts must be a dict, not 'a peg'"):
        compare({"bytes": BYTES}, "a peg", {"bytes": set()})
    with pytest.raises(TypeError, match=r"tokenizers must be a dict, not \["):
        compare([BYTES], {"story": STORY}, {"bytes": set()})


def test_the_table_is_tidy():
    tokenizers = {"bytes": BYTES, "characters": CharTokenizer(STORY)}
    used = {name: used_ids(tokenizer, [STORY]) for name, tokenizer in tokenizers.items()}
    table = compare(tokenizers, {"story": STORY, "short": "a peg"}, used)
    assert [*zip(table["tokenizer"], table["text"], strict=True)] == [
        ("bytes", "story"),
        ("bytes", "short"),
        ("characters", "story"),
        ("characters", "short"),
    ]
    assert table.iloc[1].drop(["tokenizer", "text"]).to_dict() == measure(BYTES, "a peg", used["bytes"])


def test_distinct_pretokens_use_the_same_ids_as_the_whole_text():
    tokenizer = BPETokenizer.train(STORY, 600)
    assert used_ids(tokenizer, set(regex.findall(tokenizer.pattern, STORY))) == used_ids(tokenizer, [STORY])


@pytest.mark.parametrize(
    "text, words",
    [("", 0), ("I've lost 2 pegs.", 3), ("stove-pipe 3.50 a1", 2), ("हिन्दी में", 2), ("... 12", 0)],
)
def test_words_are_counted(text, words):
    assert count_words(text) == words


def test_parameters_of_published_models():
    assert table_parameters(50257, 768, tied=True) == 50257 * 768  # GPT-2 small
    assert table_parameters(32000, 4096) == 262_144_000  # Llama 2 7B: two tables of 131,072,000
    assert table_parameters(np.uint16(32000), np.int16(4096)) == 262_144_000


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


@pytest.mark.parametrize("ids", [[1.0], ["a"], "a", None, [[1]], 1])
def test_what_are_no_character_ids_is_named(ids):
    with pytest.raises(TypeError, match="ids must be integers in one dimension"):
        CharTokenizer("ab").decode(ids)


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
        assert tokenizer.pieces(word) == longest_match(word, tokenizer.vocab)


def test_unigram_pieces_join_to_the_text_and_repeat():
    first, second = train_unigram(STORY, 600), train_unigram(STORY, 600)
    assert sorted(first.vocab) == sorted(second.vocab) and len(first.vocab) == 600
    assert first.decode(first.encode(STORY)) == STORY
    assert "".join(first.pieces("the lost plimbet")) == "the▁lost▁plimbet"


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram])
def test_a_vocabulary_too_small_for_the_characters_is_an_error_not_a_larger_one(train):
    for size in (1, 20, 100, 135, 248):
        try:
            assert len(train(STORY, size).vocab) <= size
        except ValueError as error:
            assert f"vocab_size is {size}: " in str(error)
    assert len(train(STORY, np.int64(249)).vocab) == 249


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram])
@pytest.mark.parametrize("size", [0, -5, 2.5, "100", None, True, 2**20 + 1, 2**40])  # no memory has that
def test_a_vocabulary_size_that_is_none_is_named(train, size):
    with pytest.raises(ValueError, match="vocab_size must be an integer from 1 to 1048576, not"):
        train(STORY, size)


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram])
@pytest.mark.parametrize("text", ["", " \n"])
def test_a_text_without_words_teaches_nothing(train, text):
    with pytest.raises(ValueError, match="text holds no word to learn"):
        train(text, 100)


@pytest.mark.parametrize("train", [train_wordpiece, train_unigram])
def test_a_special_token_spelt_out_in_a_text_is_ordinary_text(train):
    tokenizer = train(STORY + " <|> ##a", 600)
    assert tokenizer.vocab[UNK] not in tokenizer.encode(UNK)
    assert tokenizer.vocab[UNK] in tokenizer.encode("a 한 b")
    assert len(tokenizer.encode("##a")) == len(tokenizer.encode("##e")) > 1


def test_training_gives_the_same_wordpieces_in_another_process():
    code = (
        "import hashlib; from helpers.compare import train_wordpiece; from helpers.corpus import load_story;"
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


SCRIPTS = dict(
    zip(
        LANGUAGES,
        "LATIN LATIN CYRILLIC GREEK HEBREW ARABIC DEVANAGARI CJK HIRAGANA HANGUL".split(),
        strict=True,
    )
)


def test_each_paragraph_and_each_list_of_names_is_in_its_script():
    paragraphs = load_paragraphs()
    assert list(paragraphs) == list(LANGUAGES) == list(SCRIPTS)
    for language, script in SCRIPTS.items():
        assert unicodedata.is_normalized("NFC", paragraphs[language])
        letters = [c for c in paragraphs[language] if c.isalpha()]
        share = sum(unicodedata.name(c).startswith(script) for c in letters) / len(letters)
        assert share > (0.5 if language == "Japanese" else 0.99), (language, share)
        wanted = "KATAKANA" if language == "Japanese" else script
        names = cldr_names(language)
        assert len(names) > 10_000
        assert sum(unicodedata.name(c, "").startswith(wanted) for c in names) > 0.4 * len(names), language


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"language must be one of 'English', 'German'.* not 'Welsh'"):
        cldr_names("Welsh")


def test_names_of_a_country_are_there():
    assert "Germany" in cldr_names("English").split("\n")
    assert "Deutschland" in cldr_names("German").split("\n")
    assert "德国" in cldr_names("Chinese").split("\n")


def test_two_tables_are_the_same_where_every_cell_is():
    table = load_comparison()
    assert same_table(table, table.copy())
    for column, change in {"tokens": 1, "bytes_per_token": 2e-5, "text": "x"}.items():
        other = table.copy()
        other.loc[1, column] += change
        assert not same_table(other, table)
    assert same_table(table.assign(bytes_per_token=table["bytes_per_token"] + 5e-6), table)
    assert not same_table(table[:-1], table) and not same_table(table[table.columns[::-1]], table)


def test_the_stored_table_is_complete_and_agrees_with_itself():
    table = load_comparison()
    assert not table.isna().any(axis=None)
    assert table.groupby("tokenizer").size().nunique() == 1
    np.testing.assert_allclose(table["bytes"] / table["tokens"], table["bytes_per_token"], atol=1e-6)
    np.testing.assert_allclose(table["attention"], table["bytes_per_token"] ** -2.0, atol=1e-5)
    story = table[(table["tokenizer"] == "bytes") & (table["text"] == "story")].iloc[0]
    assert story["tokens"] == len(STORY.encode())
    assert b"\r" not in (DATA / "tokenizer_comparison.csv").read_bytes()
    assert json.dumps(table.to_dict("records"), allow_nan=False)
