"""Encoding and decoding against tiktoken, tokenizers, and plain versions."""

import itertools
import pickle
import random
import unicodedata
import weakref
from collections import Counter

import numpy as np
import pytest
import regex
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from referees import END, NASTY, SPACES, plain_encode, tiktoken_with

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, BPETokenizer, arrays, patterns, tokenizer
from helpers.bpe.spelling import BYTES

GPT2 = regex.compile(GPT2_PATTERN)
both_patterns = pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])


@pytest.mark.slow
@both_patterns
def test_ids_are_those_of_tiktoken_and_tokenizers_on_the_texts(
    pattern, trained, peers, story, docs, monkeypatch
):
    ours, (theirs, hugging_face) = trained[pattern], peers[pattern]
    hugging_face.encode_special_tokens = True
    for text in [story, docs[:4_000_000], *NASTY]:
        ids = ours.encode(text)
        assert ids == theirs.encode(text, disallowed_special=())
        assert ours.decode(ids) == text
    monkeypatch.setattr(arrays, "ARRAYS_PAY", 2**60)  # without arrays, too
    assert ours.encode(docs[:500_000]) == theirs.encode(docs[:500_000], disallowed_special=())
    for text in [story, docs[:300_000], *NASTY]:
        assert ours.encode(text) == hugging_face.encode(text).ids


def assigned():
    return st.characters(exclude_categories=("Cs", "Cn"))


QUOTED = ["'", "''", "'s", "'S", "'t", "'ll", "'LL", "'lL", "'ve", "'re", "'d", "'m", "'ſ", "’s", "'K"]
pieces = st.one_of(
    st.text(assigned(), max_size=6),
    st.text("aZéßжあ漢 1٣½", max_size=6),
    st.text("".join(SPACES), max_size=6),
    st.text(" \n\r\t", max_size=6),
    st.text(st.characters(categories=["Mn", "Mc", "Me"]) | st.sampled_from("aeक"), max_size=6),
    st.text(st.characters(categories=["Nd", "Nl", "No"]), max_size=6),
    st.text(st.characters(min_codepoint=0x10000, exclude_categories=("Cs", "Cn")), max_size=4),
    st.sampled_from(QUOTED),
    st.builds(lambda c, n: c * n, assigned(), st.integers(1, 400)),
    st.sampled_from([" the", "array", "numpy", ".shape", "    ", "\n\n", ":\n", END]),
)
unicode_strings = st.lists(pieces, max_size=5).map("".join)


def test_ids_are_those_of_tiktoken_and_tokenizers_on_2500_random_strings(trained, peers):
    seen = Counter()
    for _, hugging_face in peers.values():
        hugging_face.encode_special_tokens = True

    @given(st.lists(unicode_strings, min_size=10, max_size=10))
    @settings(max_examples=250, deadline=None, derandomize=True, database=None)
    def check(texts):
        for (pattern, ours), text in itertools.product(trained.items(), texts):
            theirs, hugging_face = peers[pattern]
            ids = ours.encode(text)
            assert ids == theirs.encode(text, disallowed_special=()) == hugging_face.encode(text).ids
            assert ours.decode(ids) == text
            assert ours.encode_to_numpy(text).tolist() == ids
        seen["strings"] += len(texts)

    check()
    assert seen["strings"] >= 2500


def test_ids_are_those_of_tiktoken_and_tokenizers_on_every_assigned_character(trained, peers):
    characters = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    planes_15_and_16 = {c for c in characters if ord(c) >= 0xF0000}  # private use: 131,068 of one kind
    characters = [c for c in characters if c not in planes_15_and_16] + sorted(planes_15_and_16)[::997]
    random.Random(0).shuffle(characters)
    text = "".join(characters)
    for pattern, ours in trained.items():
        theirs, hugging_face = peers[pattern]
        assert ours.encode(text) == theirs.encode_ordinary(text) == hugging_face.encode(text).ids


ABC = BPETokenizer.train("abcabc aabbcc aaa aaaaa 'cab éaé bcbcbc\n\nabab cabba" * 2, 285)


@given(st.text("abc 'é\n", max_size=60))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_encoding_by_rank_gives_what_one_merge_after_another_gives(text):
    assert ABC.encode(text) == plain_encode(text, ABC)


def test_very_long_pretokens_have_the_ids_of_tokenizers(docs, trained, peers):
    for text in ("a" * 30_000, "".join(filter(str.isalpha, docs[:100_000]))):
        assert len(GPT2.findall(text)) == 1
        assert trained[GPT2_PATTERN].encode(text) == peers[GPT2_PATTERN][1].encode(text).ids


def test_to_tiktoken_gives_the_same_ids(trained, story):
    for ours in trained.values():
        theirs = ours.to_tiktoken()
        assert theirs.n_vocab == 8192
        for text in [story, *NASTY]:
            assert theirs.encode(text, allowed_special="all") == ours.encode(text, allowed_special="all")


def test_numpy_ids_are_uint16_while_they_fit_and_uint32_beyond():
    pairs = list(itertools.product(BYTES, repeat=2))
    for n_merges, dtype in ((65536 - 257, np.uint16), (65536 - 256, np.uint32)):
        ours = BPETokenizer(pairs[:n_merges])
        assert len(ours.vocab) == 257 + n_merges
        assert ours.encode_to_numpy("é!").dtype == dtype
        assert ours.encode_to_numpy(f"é!{END}", allowed_special="all")[-1] == 256 + n_merges


def test_the_cache_is_bounded_and_changes_no_ids(small, story, monkeypatch):
    expected = small.encode(story[:1900])
    monkeypatch.setattr(tokenizer, "CACHE_ENTRIES", 10)
    fresh = pickle.loads(pickle.dumps(small))
    for _ in range(2):
        assert fresh.encode(story[:1900]) == expected
    assert fresh._known.cache_info().currsize == 10
    asked = fresh._known.cache_info().misses
    assert fresh.encode("x" * 65) == small.encode("x" * 65)
    assert fresh._known.cache_info().misses == asked  # too long to be kept
    fresh.encode("x" * 64)
    assert fresh._known.cache_info().misses == asked + 1


# ---- many documents ----


def test_encode_iterable_gives_the_ids_of_each_document_in_turn(small, story):
    documents = [*story.split("\n\n"), *NASTY, "a ", " b"]
    ids = list(small.encode_iterable(iter(documents)))
    assert ids == [i for document in documents for i in small.encode(document)]
    assert ids != small.encode("".join(documents))  # pre-tokens may reach over a join


def test_encode_iterable_gives_what_encode_gives_on_documents_joined_by_a_special_token(small, story):
    documents = [document.replace(END, "") + END for document in [*story.split("\n\n"), *NASTY]]
    joined = small.encode("".join(documents), allowed_special={END})
    assert list(small.encode_iterable(documents, allowed_special={END})) == joined


def test_encode_iterable_is_lazy_and_holds_one_document_at_a_time(small, story):
    class Document(str):
        pass

    alive = []

    def documents():
        for n in range(5):
            assert not any(reference() for reference in alive)
            document = Document(story[n * 100 :])
            alive.append(weakref.ref(document))
            yield document
            del document

    ids = small.encode_iterable(documents())
    assert alive == []
    next(ids)
    assert len(alive) == 1
    assert len(list(ids)) > 1000
    assert len(alive) == 5


# ---- decoding ----


def test_decode_takes_lists_arrays_tensors_and_iterators(small):
    ids = small.encode("naïve café")
    for form in (
        ids,
        tuple(ids),
        iter(ids),
        np.array(ids, np.uint16),
        torch.tensor(ids),
        list(np.array(ids)),
    ):
        assert small.decode(form) == "naïve café"
    assert small.decode(list(torch.tensor(ids))) == "naïve café"
    assert small.decode([]) == small.decode(np.array([], np.uint16)) == ""


def test_part_of_a_character_decodes_to_the_replacement_character_or_as_errors_says(small):
    lone = [i for i, token in small.vocab.items() if token == b"\xc3"]
    assert small.decode(lone) == "\ufffd"
    assert small.decode(lone, errors="ignore") == ""
    with pytest.raises(UnicodeDecodeError):
        small.decode(lone, errors="strict")


@given(st.lists(st.integers(0, 284), max_size=30))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_ids_decode_as_in_tiktoken(ids):
    assert ABC.decode(ids) == ABC_TIKTOKEN.decode(ids)


ABC_TIKTOKEN = tiktoken_with(ABC, GPT2_PATTERN)


# ---- bad input ----


@pytest.mark.parametrize("encode", ["encode", "encode_to_numpy"])
def test_bad_text_gets_a_clear_error(encode, small):
    with pytest.raises(ValueError, match="lone surrogate, '\\\\udc80' at position 3"):
        getattr(small, encode)("abc\udc80")
    with pytest.raises(TypeError, match="text must be a str, not bytes"):
        getattr(small, encode)(b"abc")
    for allowed in ({"<|unknown|>"}, END, ["a"], None, 3, iter([END])):
        with pytest.raises(ValueError, match="allowed_special is"):
            getattr(small, encode)("abc", allowed_special=allowed)


def test_one_text_where_many_are_meant_gets_a_clear_error(small):
    with pytest.raises(TypeError, match=r"give \['abc'\]"):
        small.encode_iterable("abc")
    with pytest.raises(TypeError, match="texts must be an iterable of str, not None"):
        small.encode_iterable(None)


@pytest.mark.parametrize("pattern", [r"\w+", r"(\w)+", r"\w+(?=\s)", r"x*"])
def test_encoding_never_drops_characters(pattern):
    ours = BPETokenizer([], pattern=pattern)
    with pytest.raises(ValueError, match="pattern leaves out"):
        ours.encode("ab, cd")


@pytest.mark.parametrize("ids", [[600], [-1], [3, 10**9], np.array([600])])
def test_an_unknown_id_gets_a_clear_error(ids, small):
    with pytest.raises(ValueError, match=r"not in the vocabulary of 600 ids from 0 to 599"):
        small.decode(ids)


@pytest.mark.parametrize(
    "ids",
    [
        [1.0],
        [True],
        [True, False],
        ["a"],
        "ab",
        [None],
        np.array([1.0]),
        torch.tensor([1.5]),
        [np.True_],
        [[1, 2]],
        np.eye(2),
        None,
        3,
        torch.tensor(3),
    ],
)
def test_ids_that_are_no_integers_get_a_clear_error(ids, small):
    with pytest.raises(TypeError, match="ids must be "):
        small.decode(ids)


def test_what_a_pattern_leaves_out_is_shown_however_long(small):
    ours = BPETokenizer([], pattern=r"\w+|\s")
    with pytest.raises(ValueError, match=r"leaves out '\.{20}' at position 3 of 'abc\.\.\."):
        ours.encode("abc" + "." * 50 + " ab")


@pytest.mark.parametrize(("seconds", "characters_a_second"), [(0.05, 20_000), (0, 4_000)])
def test_a_pattern_that_would_take_for_ever_is_stopped(seconds, characters_a_second, monkeypatch):
    monkeypatch.setattr(patterns, "PATIENCE", seconds)
    monkeypatch.setattr(patterns, "SPEED", characters_a_second)
    ours = BPETokenizer([], pattern=r"(?:a|aa)+b|[\s\S]")
    with pytest.raises(
        TimeoutError, match=r"pattern .* took over .* for 200 characters, 'aaaa.*too many ways to try"
    ):
        ours.encode("a" * 200)
    assert ours.encode("aab") == small_ids(ours, "aab")


def small_ids(ours, text):
    return [i for letter in text for i in ours.encode(letter)]
