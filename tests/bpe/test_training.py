"""Training against Hugging Face's trainer, and against counting anew for each merge."""

import tracemalloc

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from referees import END, hugging_face_merges, plain_merges
from tokenizers import pre_tokenizers

from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, BPETokenizer
from helpers.bpe.arrays import count_pretokens
from helpers.bpe.merging import train_merges
from helpers.bpe.patterns import Cut
from helpers.bpe.spelling import BYTE_IDS, BYTES, to_printable

GPT2 = regex.compile(GPT2_PATTERN)
both_patterns = pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])


@pytest.mark.parametrize("vocab_size", [512, 2048])
@both_patterns
def test_training_on_the_story_gives_the_merges_of_hugging_face(story, vocab_size, pattern):
    ours = BPETokenizer.train(story, vocab_size, pattern=pattern)
    assert ours.merges == hugging_face_merges([story], vocab_size, pattern)
    assert len(ours.vocab) == vocab_size


@pytest.mark.slow
def test_training_on_the_library_docs_gives_the_merges_of_hugging_face(docs, trained):
    assert trained[GPT2_PATTERN].merges == hugging_face_merges([docs], 8192)
    assert len(trained[GPT2_PATTERN].merges) == 8192 - 256 - 1


def test_training_with_the_pattern_of_gpt4_gives_the_merges_of_hugging_face(docs, trained):
    assert trained[GPT4_PATTERN].merges == hugging_face_merges([docs[:1_000_000]], 8192, GPT4_PATTERN)


@pytest.mark.parametrize("vocab_size", [512, 2048])
def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(docs, trained, vocab_size):
    merges = BPETokenizer.train(docs[:1_000_000], vocab_size, pattern=GPT4_PATTERN).merges
    assert merges == trained[GPT4_PATTERN].merges[: vocab_size - 257]


def test_where_the_pairs_run_out_all_are_merged_and_a_warning_says_so():
    text = "low lower lowest newer newest wider aaaaaaa"
    with pytest.warns(UserWarning) as caught:
        ours = BPETokenizer.train(text, 5000)
    n = len(ours.merges)
    assert ours.merges == hugging_face_merges([text], 5000)
    assert caught[0].filename == __file__  # it points at the call
    assert str(caught[0].message) == f"no pair is left after {n} merges: you get {257 + n} tokens, not 5000"
    assert [ours.vocab[i] for i in ours.encode(text)] == [
        b"low",
        *(w.encode() for w in GPT2.findall(text)[1:]),
    ]
    assert ours.special_tokens == {END: 256 + n}


@pytest.mark.filterwarnings("error")
def test_where_just_enough_pairs_are_there_nothing_is_said():
    text = "low lower lowest newer newest wider aaaaaaa"
    n = len(hugging_face_merges([text], 5000))
    assert len(BPETokenizer.train(text, 257 + n).merges) == n


def test_each_document_is_cut_by_itself():
    texts = ["ab", "ab", "ab", "ab", "ba"]
    ours = BPETokenizer.train(iter(texts), 259)
    assert ours.merges == hugging_face_merges(texts, 259) == [(b"a", b"b"), (b"b", b"a")]
    assert BPETokenizer.train("".join(texts), 259).merges == [(b"a", b"b"), (b"ab", b"ab")]


def test_special_tokens_in_training_text_are_ordinary_text_as_in_hugging_face():
    text = f"one{END}two{END}three{END}" * 3
    ours = BPETokenizer.train(text, 270)
    assert ours.merges == hugging_face_merges([text], 270)
    assert any(b"end" in left + right for left, right in ours.merges)


@given(st.lists(st.text("ab'é \n1", max_size=30), min_size=1, max_size=4), st.integers(0, 40))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_training_gives_what_counting_anew_for_each_merge_gives(texts, n_merges):
    pretokens = count_pretokens(texts, (Cut(GPT2_PATTERN),))
    words = [list(word.translate(BYTE_IDS)) for word in pretokens]
    tokens = list(BYTES)
    merges = []
    for left, right in train_merges(words, list(pretokens.values()), n_merges):
        merges.append((tokens[left], tokens[right]))
        tokens.append(tokens[left] + tokens[right])
    assert merges == plain_merges(texts, n_merges, GPT2)


def test_training_memory_does_not_grow_with_the_length_of_the_text(story):
    peaks = []
    for times in (5, 50):
        text = story * times
        tracemalloc.start()
        BPETokenizer.train(text, 300)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0], peaks


def test_the_vocabulary_is_bytes_in_the_order_of_gpt2_then_merges_then_special_tokens(story):
    ours = BPETokenizer.train(story, 300, special_tokens=["<|b|>", "<|a|>"])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    assert [to_printable(ours.vocab[i]) for i in range(256)] == alphabet
    assert [ours.vocab[256 + n] for n in range(42)] == [left + right for left, right in ours.merges]
    assert ours.special_tokens == {"<|b|>": 298, "<|a|>": 299}
    assert (ours.vocab[298], ours.vocab[299], len(ours.vocab)) == (b"<|b|>", b"<|a|>", 300)


# ---- bad input ----

BAD_TRAINING = {
    "empty text": (("", 300), {}, ValueError, "texts is empty"),
    "no documents": (([], 300), {}, ValueError, "texts is empty"),
    "empty documents": ((["", ""], 300), {}, ValueError, "texts is empty"),
    "bytes": ((b"abc", 300), {}, TypeError, "texts must be an iterable of str, not b'abc'"),
    "document of bytes": (([b"abc"], 300), {}, TypeError, r"texts\[0\] must be a str, not bytes"),
    "vocab_size small": (("abc", 256), {}, ValueError, r"vocab_size .*an integer of 257 or more, not 256"),
    "vocab_size NaN": (("abc", float("nan")), {}, TypeError, "vocab_size .*of 257 or more, not nan"),
    "vocab_size inf": (("abc", float("inf")), {}, ValueError, "vocab_size .*of 257 or more, not inf"),
    "vocab_size float": (("abc", 300.0), {}, TypeError, "vocab_size .*of 257 or more, not 300.0"),
    "vocab_size str": (("abc", "300"), {}, TypeError, "vocab_size .*of 257 or more, not '300'"),
    "vocab_size True": (("abc", True), {}, TypeError, "vocab_size .*of 257 or more, not True"),
    "no texts": ((None, 300), {}, TypeError, "texts must be an iterable of str, not None"),
    "no names": (("abc", 300), {"special_tokens": None}, TypeError, "list or tuple of str, not None"),
    "a set": (("abc", 300), {"special_tokens": {"<a>", "<b>"}}, TypeError, "list or tuple"),
    "vocab_size 0": (("abc", 0), {"special_tokens": ()}, ValueError, "an integer of 256 or more, not 0"),
    "surrogate": (("ab\ud800c", 300), {}, ValueError, r"lone surrogate, '\\ud800' at position 2"),
    "far surrogate": ((["é" * 2**20 + "\udfff"], 300), {}, ValueError, "at position 1048576"),
    "pattern": (("abc", 300), {"pattern": "(a"}, ValueError, "pattern does not compile: missing"),
    "pattern a list": (("abc", 300), {"pattern": ["a"]}, TypeError, "pattern must be a str, not list"),
    "pattern drops": (("ab, cd", 300), {"pattern": r"\w+"}, ValueError, "leaves out ', ' at position 2"),
    "drops the end": (("ab cd.", 300), {"pattern": r"\w+|\s"}, ValueError, "leaves out '.' at position 5"),
    "drops all": (("...", 300), {"pattern": r"\w+"}, ValueError, "leaves out '...' at position 0"),
    "repeated": (("abc", 300), {"special_tokens": ["<a>", "<a>"]}, ValueError, "none may stand twice"),
    "empty name": (("abc", 300), {"special_tokens": [""]}, ValueError, "each needs a name"),
    "a str": (("abc", 300), {"special_tokens": END}, TypeError, "list or tuple"),
    "a byte": (("abc", 300), {"special_tokens": ["a"]}, ValueError, "ordinary token"),
    "learned": (("the the the", 259), {"special_tokens": ["he"]}, ValueError, "ordinary token"),
    "spelling": (("a the the", 300), {"special_tokens": ["Ġthe"]}, ValueError, "ordinary token"),
    "name surrogate": (("abc", 300), {"special_tokens": ["<\ud800>"]}, ValueError, "lone surrogate"),
}


@pytest.mark.parametrize("case", BAD_TRAINING)
@pytest.mark.filterwarnings("ignore:no pair is left")
def test_bad_training_input_gets_a_clear_error(case):
    arguments, options, error, message = BAD_TRAINING[case]
    with pytest.raises(error, match=message):
        BPETokenizer.train(*arguments, **options)


@pytest.mark.parametrize("merges", [[(b"zq", b"a")], [(b"a", b"b"), (b"a", b"b")], [(b"", b"a")]])
def test_merges_of_unknown_tokens_or_into_known_ones_get_a_clear_error(merges):
    with pytest.raises(ValueError, match="must join known tokens into a new one"):
        BPETokenizer(merges)


def test_integers_of_any_kind_are_a_vocab_size():
    assert BPETokenizer.train("aaaa", np.int16(258)).merges == [(b"a", b"a")]
