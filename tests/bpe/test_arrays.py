"""The array path against the regex engine that it does without, and against tiktoken."""

import itertools
import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from referees import AWKWARD, END, NASTY, awkward_texts

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN, BPETokenizer, arrays, merging, starts
from helpers.bpe.arrays import BulkEncoder, PretokenTable, count_pretokens
from helpers.bpe.merging import Merges
from helpers.bpe.patterns import LLAMA3_PATTERN, QWEN_PATTERN, Cut
from helpers.bpe.spelling import BYTES
from helpers.bpe.starts import cutter
from helpers.corpus import cache_folder

PATTERN = regex.compile(GPT2_PATTERN)


def small_chunks(size):
    return mock.patch.object(starts, "CHUNK", size)


@contextmanager
def all_in_arrays():
    with mock.patch.object(arrays, "ARRAYS_PAY", 0), mock.patch.object(merging, "FEW", 0):
        yield


def plain_ids(tokenizer, text, **options):
    with mock.patch.object(arrays, "ARRAYS_PAY", 2**60):
        return tokenizer.encode(text, **options)


@pytest.fixture(scope="module")
def learned(trained):
    """2048 tokens: the first that were learned of the library docs."""
    return BPETokenizer(trained[GPT2_PATTERN].merges[: 2048 - 257])


def merges_of(tokenizer):
    letters = [{token: i for i, token in tokenizer.vocab.items()}[bytes([byte])] for byte in range(256)]
    return Merges(tokenizer._vocabulary.ranks, tokenizer._vocabulary.made, letters)


def assert_ids_are_those_of_the_plain_way(tokenizer, text, **options):
    with all_in_arrays():
        ids = tokenizer.encode_to_numpy(text, **options).tolist()
        assert ids == tokenizer.encode(text, **options)
    assert ids == plain_ids(tokenizer, text, **options)


# ---- chunks ----


@given(awkward_texts, st.integers(1, 40))
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_ids_are_those_of_encode_for_random_strings_and_chunks(learned, text, size):
    with small_chunks(size):
        assert_ids_are_those_of_the_plain_way(learned, text)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 16, 100, 1001])
def test_ids_do_not_depend_on_where_chunks_end(learned, story, size):
    text = story[:6000] + "".join(AWKWARD) + " we'll they're 's it's" + "   \n  x"
    with small_chunks(size):
        assert_ids_are_those_of_the_plain_way(learned, text)


# ---- the table ----


def numbers_of(table, pretokens):
    bounds = np.cumsum([0, *map(len, pretokens)])
    return table.numbers(b"".join(pretokens), bounds).tolist()


def test_pretokens_get_numbers_in_the_order_they_are_first_seen():
    table = PretokenTable()
    assert numbers_of(table, [b"the", b" cat", b"the", b"x" * 99]) == [0, 1, 0, 2]
    assert numbers_of(table, [b"x" * 99, b" dog", b" cat"]) == [2, 3, 1]
    assert list(table.known) == [b"the", b" cat", b"x" * 99, b" dog"]


def test_pretokens_that_differ_in_one_byte_or_in_length_are_told_apart():
    alike = [b"!" + bytes(n) for n in range(40)] + [bytes(n) for n in range(1, 40)]
    alike += [b"a" * n for n in range(1, 40)] + [b"a" * n + b"b" for n in range(40)]
    alike += [b"a" * at + b"c" + b"a" * (19 - at) for at in range(20)]
    alike += [b"-" * 7, b"-" * 8]  # the mixture of their bytes is the same in all 64 bits
    for bits in (2, 18):
        with mock.patch.object(arrays, "MOST_BITS", bits):
            table = PretokenTable()
            for _ in range(3):
                numbers = numbers_of(table, alike * 2)
                assert [list(table.known)[number] for number in numbers] == alike * 2


def test_of_pretokens_that_want_the_same_place_the_first_gets_it():
    pretokens = [b"w%d" % n for n in range(200)]
    places = arrays.mix(*arrays.keys(b"".join(pretokens), np.cumsum([0, *map(len, pretokens)]))) >> np.uint64(
        58
    )
    with mock.patch.object(arrays, "MOST_BITS", 6):
        table = PretokenTable()
        numbers_of(table, pretokens)
    expected = {}
    for number, place in enumerate(places.tolist()):
        expected.setdefault(place, number)
    assert len(expected) < 64 < len(pretokens)
    known = list(table.known)
    assert {place: known[table._number[place]] for place in expected} == {
        place: pretokens[number] for place, number in expected.items()
    }


def test_a_growing_table_keeps_every_number_and_loses_no_place():
    table, pretokens = PretokenTable(), [b"w%d" % n for n in range(3000)]
    found = []  # how many have a place in the arrays, and the size of these
    for n in (1, 5, 40, 600, 3000):
        numbers = numbers_of(table, pretokens[:n])
        assert [[*table.known][number] for number in numbers] == pretokens[:n]
        found.append((np.count_nonzero(table._high), len(table._high)))
        assert found[-1][1] > 4 * n
    assert found == sorted(found) and found[-1][0] > 2000


@pytest.mark.parametrize("bits", [1, 6])
def test_pretokens_that_want_the_same_place_keep_their_ids(learned, story, bits):
    with mock.patch.object(arrays, "MOST_BITS", bits), small_chunks(500):
        fresh = pickle.loads(pickle.dumps(learned))
        for _ in range(2):
            assert fresh.encode_to_numpy(story).tolist() == plain_ids(learned, story)


def test_an_encoder_forgets_when_full_and_gives_the_same_ids(learned, story):
    expected = plain_ids(learned, story)
    with mock.patch.object(arrays, "KNOWN_IDS", 50), small_chunks(300):
        fresh = pickle.loads(pickle.dumps(learned))
        for _ in range(2):
            assert fresh.encode_to_numpy(story).tolist() == expected
            assert len(fresh._bulk._known[1]) <= 50
        fresh.encode_to_numpy("xy" * 10**5)
        assert not fresh._bulk._known[0].known


def test_an_interrupted_encoder_gives_the_right_ids_afterwards(learned, story):
    calls, encoder, interrupted = (
        itertools.count(),
        BulkEncoder(merges_of(learned), cutter(GPT2_PATTERN), np.uint16),
        0,
    )
    merge = encoder._merge

    def merge_or_stop(words):
        if next(calls) % 2 == 0:
            raise KeyboardInterrupt
        return merge(words)

    encoder._merge = merge_or_stop
    with small_chunks(100), mock.patch.object(arrays, "GROUP", 16):
        while True:
            try:
                ids = np.concatenate(list(encoder(story)))
                break
            except KeyboardInterrupt:
                interrupted += 1
    assert interrupted > 5
    assert ids.tolist() == np.concatenate(list(encoder(story))).tolist() == plain_ids(learned, story)


def test_threads_share_an_encoder(learned, docs):
    texts = [docs[start : start + 20_000] for start in range(0, 400_000, 20_000)]
    with mock.patch.object(arrays, "KNOWN_IDS", 3000), small_chunks(2000), ThreadPoolExecutor(8) as pool:
        fresh = pickle.loads(pickle.dumps(learned))
        for ids, text in zip(pool.map(fresh.encode_to_numpy, texts), texts, strict=True):
            assert ids.tolist() == plain_ids(learned, text)


@pytest.mark.parametrize("group", [1, 2, 7])
def test_ids_do_not_depend_on_how_many_chunks_are_merged_together(learned, story, group):
    with mock.patch.object(arrays, "GROUP", group), small_chunks(500):
        fresh = pickle.loads(pickle.dumps(learned))
        assert fresh.encode_to_numpy(story).tolist() == plain_ids(learned, story)


# ---- whole texts ----


@pytest.mark.slow
def test_ids_of_long_texts_are_those_of_tiktoken(trained, docs, story):
    ours = trained[GPT2_PATTERN]
    theirs = ours.to_tiktoken()
    shakespeare = cache_folder() / "tiny-shakespeare.txt"
    known = [shakespeare.read_text(encoding="utf-8")] if shakespeare.exists() else []
    for text in [docs, story, *known, docs[:1_000_000].replace("e", "é"), story.replace(" ", "\u3000")]:
        assert np.array_equal(ours.encode_to_numpy(text), theirs.encode_to_numpy(text, disallowed_special=()))


@pytest.mark.parametrize("pattern", [GPT2_PATTERN + "|x", r"\w+|\s+|[^\w\s]+"])
def test_other_patterns_go_the_plain_way(story, pattern):
    ours = BPETokenizer.train(story, 500, pattern=pattern)
    with mock.patch.object(arrays, "cut_chunks", side_effect=AssertionError):
        assert ours.encode_to_numpy(story).tolist() == ours.encode(story)


@pytest.mark.parametrize("pattern", [GPT4_PATTERN, O200K_PATTERN])
def test_published_patterns_go_through_arrays_and_give_the_same_merges_and_ids(docs, pattern):
    ours = BPETokenizer.train(docs[:300_000], 1000, pattern=pattern)
    with mock.patch.object(arrays, "ARRAYS_PAY", 2**60):
        assert BPETokenizer.train(docs[:300_000], 1000, pattern=pattern).merges == ours.merges
    ids = ours.encode_to_numpy(docs[:1_000_000])
    assert ids.tolist() == plain_ids(ours, docs[:1_000_000]) == ours.encode(docs[:1_000_000])
    with mock.patch.object(arrays, "cut_chunks", side_effect=LookupError), pytest.raises(LookupError):
        ours.encode(docs[:2000])
    with mock.patch.object(arrays, "cut_chunks", side_effect=LookupError):
        ours.encode(docs[:1999])


def test_special_tokens_in_long_texts_count_only_where_allowed(learned, story):
    text = END + story + END + END + "short" + END + story * 2
    for allowed in ("all", {END}, set()):
        ids = learned.encode_to_numpy(text, allowed_special=allowed)
        assert ids.tolist() == plain_ids(learned, text, allowed_special=allowed)
        assert ids.dtype == np.uint16
        assert np.count_nonzero(ids == learned.special_tokens[END]) == (4 if allowed else 0)


def test_ids_beyond_65535_are_kept():
    pairs = list(itertools.product(BYTES, repeat=2))
    ours = BPETokenizer([*pairs, (b"ab", b"ab")])
    ids = ours.encode_to_numpy("abab " * 1000)
    assert ids.dtype == np.uint32 and ids.max() == 256 + 65536
    assert ids.tolist() == plain_ids(ours, "abab " * 1000)


def test_a_lone_surrogate_in_a_long_text_gets_a_clear_error(learned, story):
    with pytest.raises(ValueError, match=f"lone surrogate, '\\\\ud800' at position {len(story)}"):
        learned.encode_to_numpy(story + "\ud800" + story)


def test_the_array_is_the_callers_own(learned, story):
    ids = learned.encode_to_numpy(story)
    ids[:] = 0
    assert learned.encode_to_numpy(story).tolist() == plain_ids(learned, story)


# ---- many documents ----


@pytest.fixture(scope="module")
def several(story, docs):
    """Tokenizers of each pattern, one with a normalizer and added tokens, one that arrays do not know."""
    patterns = [GPT2_PATTERN, GPT4_PATTERN, LLAMA3_PATTERN, QWEN_PATTERN, O200K_PATTERN, r"\s+|\S+"]
    return [BPETokenizer.train(story, 500, pattern=pattern) for pattern in patterns]


@given(st.lists(awkward_texts, max_size=6), st.integers(1, 30))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_documents_at_once_have_the_ids_of_one_by_one(several, documents, size):
    for ours in several:  # six, as texts take longer to draw than to encode
        end = ours.special_tokens[END]
        expected = [i for text in documents for i in [*plain_ids(ours, text), end]]
        with small_chunks(size):
            ids = ours.encode_documents(iter(documents), end)
        assert ids.tolist() == expected and ids.dtype == np.uint16


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cl100k_base", "qwen3", "gpt-oss", "deepseek-v4"])
def test_documents_at_once_have_the_ids_of_one_by_one_in_published_vocabularies(name, published, docs):
    file = {"cl100k_base": "cl100k_base.tiktoken"}.get(name, f"{name}-tokenizer.json")
    ours = published(name, file)
    documents = [*docs[:60_000].split("\n\n"), "", "e\u0301<think>\u0301 ", "\n", " ", *NASTY]
    for some in (documents, [d for d in documents if "\0" not in d], []):
        ids = ours.encode_documents(some, 100)
        assert ids.tolist() == [i for text in some for i in [*ours.encode(text), 100]]


def test_documents_that_are_none_get_a_clear_error(learned):
    for documents, end, message in (
        ("abc", 1, r"documents must be an iterable of str, not 'abc': give \['abc'\]"),
        ([b"abc"], 1, "documents must be a str, not bytes"),
        (["a\ud800"], 1, "documents has a lone surrogate"),
        (["a"], 2048, "end is 2048, which is not in the vocabulary"),
        (["a"], -1, "end must be an integer of 0 or more, not -1"),
    ):
        with pytest.raises(ValueError, match=message):
            learned.encode_documents(documents, end)


# ---- counting ----


@given(st.lists(awkward_texts, max_size=4), st.integers(1, 40), st.sampled_from([0, 5, 20]))
@settings(max_examples=250, deadline=None, derandomize=True, database=None)
def test_counts_are_those_of_the_regex_text_by_text(texts, size, pays):
    expected = Counter(word.encode() for text in texts for word in PATTERN.findall(text))
    with small_chunks(size), mock.patch.object(arrays, "ARRAYS_PAY", pays):
        assert count_pretokens(texts, (Cut(GPT2_PATTERN),)) == expected


def test_texts_counted_in_arrays_and_plainly_add_up(docs):
    texts = [docs[:50_000], *docs[50_000:60_000].split("\n"), docs[60_000:90_000]]
    expected = Counter(word.encode() for text in texts for word in PATTERN.findall(text))
    assert count_pretokens(iter(texts), (Cut(GPT2_PATTERN),)) == expected
