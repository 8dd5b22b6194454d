import json
import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from helpers.corpus import load_library_docs, load_story
from helpers.words import MARK, SPECIAL_TOKENS, WORD, WordTokenizer, split_words

STORY = load_story()
# U+001C to U+001F are white space to Python's str, not to the regex, nor to Unicode's White_Space property.
SEPARATORS = "\x1c\x1d\x1e\x1f"
EVERY_ORDINARY = st.text(st.characters(exclude_categories=("Cs", "Cn"), exclude_characters=SEPARATORS))
EVERYTHING = st.text(
    st.characters(exclude_categories=()) | st.sampled_from(f"{SEPARATORS} a\x00\x85\ud800\udfff")
)
BLANK_OR_NOT = st.text(st.sampled_from("ab1 '’-.,:\n\t\u00a0\u2003é\u0301👍🏽<|>"))


def hugging_face(text, max_vocab=10**9):
    """The same tokenizer, built from the parts of the `tokenizers` library."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<|unk|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(f"{WORD}|{MARK}"), "removed", invert=True)
    special = list(SPECIAL_TOKENS)
    trainer = trainers.WordLevelTrainer(vocab_size=max_vocab, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def split_by_scanning(text):
    """The rules for words once more, without a regex."""
    tokens, i = [], 0
    in_word = lambda c: unicodedata.category(c) in "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl Pc".split()
    while i < len(text):
        start = i
        while i < len(text) and (
            in_word(text[i])
            or (start < i < len(text) - 1 and text[i] in "'’-" and in_word(text[i + 1]))
            or (
                start < i < len(text) - 1
                and text[i] in ".,:"
                and text[i - 1].isdecimal()
                and text[i + 1].isdecimal()
            )
        ):
            i += 1
        i = max(i, start + 1)
        tokens.append(text[start:i])
    return [token for token in tokens if not token.isspace()]


# ---- cutting ----


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Half a trombone.", ["Half", "a", "trombone", "."]),
        ("we'd, isn’t", ["we'd", ",", "isn’t"]),
        ("'Nooooo'", ["'", "Nooooo", "'"]),
        ("stove-pipe -- no", ["stove-pipe", "-", "-", "no"]),
        ("£3.50 at 4:15, not 1,250", ["£", "3.50", "at", "4:15", ",", "not", "1,250"]),
        ("1.0e-5 v2.csv x.2", ["1.0e-5", "v2", ".", "csv", "x", ".", "2"]),
        ("Zoë, Łódź, цена", ["Zoë", ",", "Łódź", ",", "цена"]),
        ("cafe\u0301 हिन्दी", ["cafe\u0301", "हिन्दी"]),
        ("<|unk|>", ["<", "|", "unk", "|", ">"]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_words_keep_what_belongs_to_them(text, tokens):
    assert split_words(text) == tokens


@given(BLANK_OR_NOT | st.text(st.characters(codec="latin-1", exclude_characters=SEPARATORS)))
def test_a_scan_without_regex_finds_the_same_words(text):
    assert split_words(text) == split_by_scanning(text)


def test_a_scan_without_regex_finds_the_same_words_in_the_story():
    assert split_words(STORY) == split_by_scanning(STORY)


@given(EVERYTHING | BLANK_OR_NOT)
def test_pretokens_with_spaces_join_to_the_text(text):
    assert "".join(split_words(text, keep_spaces=True)) == text


@given(EVERY_ORDINARY | BLANK_OR_NOT)
def test_pretokens_without_spaces_lose_the_white_space_and_nothing_else(text):
    assert "".join(split_words(text)) == "".join(text.split())


@given(BLANK_OR_NOT)
def test_both_ways_to_cut_find_the_same_words(text):
    kept = [token.strip() for token in split_words(text, keep_spaces=True)]
    assert [token for token in kept if token] == split_words(text)


def test_a_long_word_and_a_long_run_of_spaces_take_no_time():
    for text in ("a" * 10**6, " " * 10**6, "a-" * 500_000, "1." * 500_000):
        assert "".join(split_words(text, keep_spaces=True)) == text


# ---- training ----


@pytest.mark.parametrize("max_vocab", [4, 100, 1000, 10**6])
def test_vocabulary_and_ids_are_those_of_hugging_face(max_vocab):
    for text, other in [(STORY, STORY[::-1]), (load_library_docs()[:300_000], STORY)]:
        ours, theirs = WordTokenizer.train(text, max_vocab), hugging_face(text, max_vocab)
        assert ours.vocab == theirs.get_vocab()
        assert ours.encode(other) == theirs.encode(other).ids


def test_vocab_is_numbered_from_0_with_the_special_tokens_first():
    vocab = WordTokenizer.train(STORY).vocab
    assert list(vocab.values()) == list(range(len(vocab)))
    assert list(vocab)[:3] == ["<|unk|>", "<|endoftext|>", "<|pad|>"]
    assert list(vocab)[3:5] == [".", ","]


def test_max_vocab_counts_everything():
    assert len(WordTokenizer.train(STORY, max_vocab=100).vocab) == 100
    assert len(WordTokenizer.train("a b", max_vocab=100).vocab) == 5
    assert len(WordTokenizer.train("a b", max_vocab=np.int64(4)).vocab) == 4


@given(st.lists(st.sampled_from("abcdefg"), min_size=1), st.integers(4, 12))
def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(words, max_vocab):
    whole, part = (WordTokenizer.train(" ".join(words), n) for n in (None, max_vocab))
    assert list(whole.vocab)[:max_vocab] == list(part.vocab)
    ids = whole.encode("a b c d e f g h")
    assert part.encode("a b c d e f g h") == [i if i < max_vocab else 0 for i in ids]


def test_the_order_of_the_documents_does_not_matter():
    assert WordTokenizer.train("b a c a").vocab == WordTokenizer.train("c a a b").vocab


def test_special_tokens_in_the_text_to_train_on_are_ordinary_text():
    vocab = WordTokenizer.train("<|pad|> and <|endoftext|>").vocab
    assert set(vocab) == {*SPECIAL_TOKENS, "<", "|", ">", "pad", "endoftext", "and"}


def test_lowercase_reads_every_text_as_lower_case():
    tokenizer = WordTokenizer.train("The the THE Peg", lowercase=True)
    assert list(tokenizer.vocab)[3:] == ["the", "peg"]
    assert tokenizer.decode(tokenizer.encode("PEG tHe")) == "peg the"


@pytest.mark.parametrize(
    ("text", "keep_spaces"), [("", False), ("", True), (" ", False), ("\n\t\u3000", False)]
)
def test_a_text_without_words_is_an_error(text, keep_spaces):
    with pytest.raises(ValueError, match=r"text holds no word.*give a text with words"):
        WordTokenizer.train(text, keep_spaces=keep_spaces)


@pytest.mark.parametrize("text", [*SEPARATORS, "\x00", "\ud800", "\u200b"])
def test_a_character_that_unicode_does_not_call_white_space_is_a_mark(text):
    assert split_words(f"a{text} b") == ["a", text, "b"]
    assert list(WordTokenizer.train(text).vocab)[3:] == [text]


@pytest.mark.parametrize("max_vocab", [3, 0, -1])
def test_max_vocab_without_room_for_a_word_is_an_error(max_vocab):
    with pytest.raises(
        ValueError, match=f"max_vocab, which counts the 3 .* must be .* 4 or more, not {max_vocab}"
    ):
        WordTokenizer.train(STORY, max_vocab)


@pytest.mark.parametrize("max_vocab", [True, 100.0, "100"])
def test_max_vocab_that_is_no_int_is_an_error(max_vocab):
    with pytest.raises(TypeError, match=r"max_vocab, which counts .* must be an integer of 4 or more, not"):
        WordTokenizer.train(STORY, max_vocab)


@pytest.mark.parametrize("text", [None, b"bytes", ["a", "list"], 5])
@pytest.mark.parametrize("lowercase", [False, True])
def test_what_is_not_text_is_an_error(text, lowercase):
    tokenizer = WordTokenizer.train("a b", lowercase=lowercase)
    for use in (
        lambda: WordTokenizer.train(text, lowercase=lowercase),
        lambda: tokenizer.encode(text),
        lambda: split_words(text),
    ):
        with pytest.raises(TypeError, match="text must be a str, not"):
            use()


# ---- encoding ----


def test_an_unknown_word_becomes_unk():
    tokenizer = WordTokenizer.train("We called the green.")
    assert tokenizer.encode("We called the plimbet.") == [*tokenizer.encode("We called the"), 0, 3]
    assert tokenizer.encode("") == []


def test_the_name_of_a_special_token_in_a_text_is_ordinary_text():
    tokenizer = WordTokenizer.train("one two < | > unk endoftext pad")
    text = "one <|endoftext|> two<|pad|>"
    assert not {0, 1, 2} & set(tokenizer.encode(text))
    assert (
        tokenizer.decode([*tokenizer.encode("one"), 1, *tokenizer.encode("two")]) == "one <|endoftext|> two"
    )


# ---- a vocabulary of one's own ----


def test_a_vocabulary_may_stand_in_any_order_such_as_json_with_sorted_keys():
    trained = WordTokenizer.train(STORY)
    sorted_keys = WordTokenizer(json.loads(json.dumps(trained.vocab, sort_keys=True)))
    ids = trained.encode(STORY)
    assert sorted_keys.encode(STORY) == ids and sorted_keys.decode(ids) == trained.decode(ids)


@pytest.mark.parametrize(
    "vocab",
    [
        dict(enumerate(SPECIAL_TOKENS)),  # the wrong way round
        {token: i for i, token in enumerate(SPECIAL_TOKENS, 1)},
        {token: 2 * i for i, token in enumerate(SPECIAL_TOKENS)},
        {**{token: i for i, token in enumerate(SPECIAL_TOKENS)}, "a": 2},
        {"<|unk|>": 0, "<|endoftext|>": 1, "a": 2},
        {token: float(i) for i, token in enumerate(SPECIAL_TOKENS)},
        {token: str(i) for i, token in enumerate(SPECIAL_TOKENS)},
        {token: i for i, token in enumerate([*SPECIAL_TOKENS, 5])},
        {token: i for i, token in enumerate([*SPECIAL_TOKENS, None])},
        {token: i for i, token in enumerate([*SPECIAL_TOKENS, b"a"])},
        {**{token: i for i, token in enumerate(SPECIAL_TOKENS)}, "a": [3]},
        {},
    ],
)
def test_a_vocabulary_that_cannot_work_is_refused(vocab):
    with pytest.raises(ValueError, match=r"vocab must map each token to its id, .*<\|pad\|>"):
        WordTokenizer(vocab)


@pytest.mark.parametrize("number", [np.int16, np.uint64, torch.tensor, lambda i: np.arange(4)[i]])
def test_ids_of_any_kind_of_integer_become_plain_and_the_order_stays(number):
    vocab = {token: number(i) for token, i in zip(["a", *SPECIAL_TOKENS], [3, 0, 1, 2], strict=True)}
    tokenizer = WordTokenizer(vocab)
    assert json.dumps(tokenizer.encode("a b")) == "[3, 0]" and json.dumps(tokenizer.vocab).startswith(
        '{"a": 3'
    )
    assert tokenizer.special_tokens == {"<|unk|>": 0, "<|endoftext|>": 1, "<|pad|>": 2}


def test_a_vocabulary_that_grows_later_does_not_change_the_tokenizer():
    vocab = {token: i for i, token in enumerate([*SPECIAL_TOKENS, "a"])}
    tokenizer = WordTokenizer(vocab)
    vocab["b"] = 4
    assert tokenizer.decode(tokenizer.encode("a b")) == "a <|unk|>"


@pytest.mark.parametrize("word", ["no", 0, None])
def test_a_word_is_not_taken_for_true(word):
    for use in (
        lambda: WordTokenizer.train("a", lowercase=word),
        lambda: WordTokenizer.train("a", keep_spaces=word),
        lambda: WordTokenizer(WordTokenizer.train("a").vocab, word),
        lambda: split_words("a", word),
    ):
        with pytest.raises(TypeError, match=r"(lowercase|keep_spaces) must be True or False, not"):
            use()


@pytest.mark.parametrize("vocab", [None, list(SPECIAL_TOKENS), "abc"])
def test_what_is_no_vocabulary_is_named(vocab):
    with pytest.raises(TypeError, match="vocab must be a dict, not"):
        WordTokenizer(vocab)


# ---- decoding ----


@given((EVERYTHING | BLANK_OR_NOT).filter(len))
def test_with_spaces_every_text_of_known_words_comes_back(text):
    tokenizer = WordTokenizer.train(text, keep_spaces=True)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("load", [load_story, pytest.param(load_library_docs, marks=pytest.mark.slow)])
def test_with_spaces_story_and_library_docs_come_back(load):
    text = load()
    tokenizer = WordTokenizer.train(text, keep_spaces=True)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(BLANK_OR_NOT.filter(str.strip) | EVERY_ORDINARY.filter(str.strip))
def test_without_spaces_a_text_keeps_its_words(text):
    tokenizer = WordTokenizer.train(text)
    ids = tokenizer.encode(text)
    assert tokenizer.encode(tokenizer.decode(ids)) == ids


def test_without_spaces_the_story_keeps_its_words():
    tokenizer = WordTokenizer.train(STORY)
    text = tokenizer.decode(tokenizer.encode(STORY))
    assert text.split() != STORY.split() and split_words(text) == split_words(STORY)


@pytest.mark.parametrize(
    "text", ["Scarf, green; peg (wooden): £3.50?!", "“It’s ours…” we said. [No ‘plimbet’]", "38% of it"]
)
def test_decoding_puts_no_space_where_english_has_none(text):
    tokenizer = WordTokenizer.train(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("ids", [[3, 4], (4, 4, 3), [], range(1, 5)])
@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, lambda ids: iter(list(ids))])
def test_ids_may_be_any_sequence_of_integers(ids, kind):
    tokenizer = WordTokenizer.train("a a b")
    ids_of_kind = kind([int(i) for i in ids]) if len(ids) else []
    assert tokenizer.decode(ids_of_kind) == " ".join(list(tokenizer.vocab)[i] for i in ids)


def test_numpy_integers_in_a_list_are_ids():
    assert WordTokenizer.train("a").decode([np.int64(3), np.uint16(0)]) == "a <|unk|>"


@pytest.mark.parametrize("token_id", [4, -1, 10**12])
def test_an_id_that_is_not_in_the_vocabulary_is_an_error(token_id):
    with pytest.raises(ValueError, match=rf"ids\[1\] is {token_id}, but must lie from 0 to 3"):
        WordTokenizer.train("a").decode([3, token_id])


@pytest.mark.parametrize("ids", [[3.0], [True], ["a"], "a", [[3]], [None], 3, None, torch.tensor(3)])
def test_what_is_no_integer_is_an_error(ids):
    with pytest.raises(TypeError, match="ids must be integers in one dimension"):
        WordTokenizer.train("a").decode(ids)
