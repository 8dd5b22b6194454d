"""`helpers.bpe` against tiktoken, Hugging Face's tokenizers, and plain versions written out here."""

import itertools
import json
import os
import pickle
import random
import tracemalloc
import unicodedata
import weakref
from collections import Counter

import numpy as np
import pytest
import tiktoken
import tiktoken_ext.openai_public as published
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from helpers import bpe, bpe_merges
from helpers.bpe import GPT2_PATTERN, GPT4_PATTERN, BPETokenizer
from helpers.bpe_files import bytes_to_unicode, from_printable, to_printable
from helpers.corpus import cache_folder, load_library_docs, load_story

END = "<|endoftext|>"
GPT2 = bpe.compile_pattern(GPT2_PATTERN)
NASTY = [
    "",
    " ",
    "   ",
    "\n",
    "a\n\n\nb",
    "a\n  ",
    "a \n \n  b\t\tc\r\n\r\n",
    "x = 1\n    y = 22\n\tz = 333333333\n",
    "don't we'll I'VE he'D 's''s 'ſ ' s'",
    "\x00\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000\ufeff",
    "é e\u0301 e\u0301\u0301\u0301 ñ ß İ ı",
    "日本語 한국어 русский हिन्दी العربية עברית",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 \U0001f1e9\U0001f1ea",
    "١٢٣٤ ⅷ ½ ² ⑳ 1234567890",
    "a" * 300 + " " * 300 + "1" * 300 + "!" * 300,
    f"text {END} more",
    "\U000e0001\U000f0000\U0010ffff",
]


# ---- what the tests hold our tokenizer against ----


def official_pattern(name):
    """The pattern in tiktoken's own source, without the vocabulary, which it would download."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "load_tiktoken_bpe", lambda *args, **kwargs: {})
        patch.setattr(published, "data_gym_to_mergeable_bpe_ranks", lambda *args, **kwargs: {})
        return getattr(published, name)()["pat_str"]


def tiktoken_with(tokenizer, pattern):
    ranks = {token: i for i, token in tokenizer.vocab.items() if i < 256 + len(tokenizer.merges)}
    return tiktoken.Encoding(
        "test", pat_str=pattern, mergeable_ranks=ranks, special_tokens=tokenizer.special_tokens
    )


def hugging_face_merges(texts, vocab_size, pattern=None, special_tokens=(END,)):
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(from_printable(left), from_printable(right)) for left, right in merges]


def plain_merges(texts, n_merges, pattern):
    """Count all pairs anew for each merge. Slow, and easy to believe."""
    order = {bytes([byte]): i for i, byte in enumerate(bytes_to_unicode())}
    words = [[bytes([b]) for b in word.encode()] for text in texts for word in pattern.findall(text)]
    merges = []
    while len(merges) < n_merges:
        counts = Counter(pair for word in words for pair in itertools.pairwise(word))
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        order[best[0] + best[1]] = len(order)
        merges.append(best)
        words = [plain_merge(word, best) for word in words]
    return merges


def plain_merge(word, pair):
    merged = []
    for token in word:
        if merged and (merged[-1], token) == pair and merged[-1] is not None:
            merged[-1] = token = merged[-1] + token
            merged.append(None)  # so that what was just made is not merged again
        else:
            merged.append(token)
    return [token for token in merged if token is not None]


def plain_encode(text, tokenizer):
    """Go through the merges in order, and apply each wherever it fits: for each pre-token of `text`."""
    ids = {token: i for i, token in tokenizer.vocab.items()}
    tokens = []
    for word in bpe.compile_pattern(tokenizer.pattern).findall(text):
        word = [bytes([b]) for b in word.encode()]
        for pair in tokenizer.merges:
            word = plain_merge(word, pair)
        tokens += word
    return [ids[token] for token in tokens]


def file_of(tokenizer, folder):
    path = folder / "tokenizer.json"
    tokenizer.save(path)
    return path


@pytest.fixture(scope="module")
def docs():
    return load_library_docs()


@pytest.fixture(scope="module")
def story():
    return load_story()


@pytest.fixture(scope="module")
def trained(docs):
    """Pattern -> our tokenizer: of the library docs with GPT-2's pattern, of 4 MB of them with GPT-4's."""
    return {
        GPT2_PATTERN: BPETokenizer.train(docs, 8192),
        GPT4_PATTERN: BPETokenizer.train(docs[:4_000_000], 8192, pattern=GPT4_PATTERN),
    }


@pytest.fixture(scope="module")
def peers(trained, tmp_path_factory):
    """Pattern -> tiktoken, with the pattern in its source, and tokenizers, from our file."""
    official = {GPT2_PATTERN: official_pattern("gpt2"), GPT4_PATTERN: official_pattern("cl100k_base")}
    folder = tmp_path_factory.mktemp("peers")
    return {
        pattern: (
            tiktoken_with(tokenizer, official[pattern]),
            Tokenizer.from_file(str(file_of(tokenizer, folder))),
        )
        for pattern, tokenizer in trained.items()
    }


@pytest.fixture(scope="module")
def small(story):
    return BPETokenizer.train(story, 600)


both_patterns = pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])


# ---- training ----


@pytest.mark.parametrize("vocab_size", [512, 2048])
@both_patterns
def test_training_on_the_story_gives_the_merges_of_hugging_face(story, vocab_size, pattern):
    ours = BPETokenizer.train(story, vocab_size, pattern=pattern)
    assert ours.merges == hugging_face_merges([story], vocab_size, pattern)
    assert len(ours.vocab) == vocab_size


def test_training_on_the_library_docs_gives_the_merges_of_hugging_face(docs, trained):
    assert trained[GPT2_PATTERN].merges == hugging_face_merges([docs], 8192)
    assert len(trained[GPT2_PATTERN].merges) == 8192 - 256 - 1


def test_training_on_4_MB_gives_the_merges_of_hugging_face(docs, trained):
    text = docs[:4_000_000]
    ours = BPETokenizer.train(text, 8192)
    assert ours.merges == hugging_face_merges([text], 8192)
    assert trained[GPT4_PATTERN].merges == hugging_face_merges([text], 8192, GPT4_PATTERN)


@pytest.mark.parametrize("vocab_size", [512, 2048])
def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(docs, trained, vocab_size):
    merges = BPETokenizer.train(docs[:4_000_000], vocab_size, pattern=GPT4_PATTERN).merges
    assert merges == trained[GPT4_PATTERN].merges[: vocab_size - 257]
    assert hugging_face_merges([docs[:4_000_000]], vocab_size, GPT4_PATTERN) == merges


def test_where_the_pairs_run_out_all_are_merged_and_a_warning_says_so():
    text = "low lower lowest newer newest wider aaaaaaa"
    with pytest.warns(UserWarning) as caught:
        ours = BPETokenizer.train(text, 5000)
    n = len(ours.merges)
    assert ours.merges == hugging_face_merges([text], 5000)
    assert str(caught[0].message) == f"no pair is left after {n} merges: you get {257 + n} tokens, not 5000"
    assert [ours.vocab[i] for i in ours.encode(text)] == [
        b"low",
        *(w.encode() for w in GPT2.findall(text)[1:]),
    ]
    assert ours.special_tokens == {END: 256 + n}


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
    pretokens = bpe.count_pretokens(texts, GPT2)
    words = [list(word.translate(bpe.BYTE_IDS)) for word in pretokens]
    tokens = list(bpe.BYTES)
    merges = []
    for left, right in bpe_merges.train_merges(words, list(pretokens.values()), n_merges):
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


# ---- encoding ----


@both_patterns
def test_ids_are_those_of_tiktoken_and_tokenizers_on_the_texts(pattern, trained, peers, story, docs):
    ours, (theirs, hugging_face) = trained[pattern], peers[pattern]
    hugging_face.encode_special_tokens = True
    for text in [story, docs, *NASTY]:
        ids = ours.encode(text)
        assert ids == theirs.encode(text, disallowed_special=())
        assert ours.decode(ids) == text
    for text in [story, docs[:2_000_000], *NASTY]:
        assert ours.encode(text) == hugging_face.encode(text).ids


def assigned():
    return st.characters(exclude_categories=("Cs", "Cn"))


SPACES = "".join(c for c in map(chr, range(0x110000)) if c.isspace())
QUOTED = ["'", "''", "'s", "'S", "'t", "'ll", "'LL", "'lL", "'ve", "'re", "'d", "'m", "'ſ", "’s", "'K"]
pieces = st.one_of(
    st.text(assigned(), max_size=6),
    st.text("aZéßжあ漢 1٣½", max_size=6),
    st.text(SPACES, max_size=6),
    st.text(" \n\r\t", max_size=6),
    st.text(st.characters(categories=["Mn", "Mc", "Me"]) | st.sampled_from("aeक"), max_size=6),
    st.text(st.characters(categories=["Nd", "Nl", "No"]), max_size=6),
    st.text(st.characters(min_codepoint=0x10000, exclude_categories=("Cs", "Cn")), max_size=4),
    st.sampled_from(QUOTED),
    st.builds(lambda c, n: c * n, assigned(), st.integers(1, 400)),
    st.sampled_from([" the", "array", "numpy", ".shape", "    ", "\n\n", ":\n", END]),
)
unicode_strings = st.lists(pieces, max_size=5).map("".join)


@both_patterns
def test_ids_are_those_of_tiktoken_and_tokenizers_on_2500_random_strings(pattern, trained, peers):
    ours, (theirs, hugging_face) = trained[pattern], peers[pattern]
    hugging_face.encode_special_tokens = True
    seen = Counter()

    @given(st.lists(unicode_strings, min_size=10, max_size=10))
    @settings(max_examples=250, deadline=None, derandomize=True, database=None)
    def check(texts):
        for text in texts:
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


@given(st.text("ab", max_size=80))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_long_and_short_pretokens_are_merged_alike(text):
    ids = list(text.encode().translate(bpe.BYTE_IDS))
    assert bpe_merges._merge_long(ids, ABC._merges) == bpe_merges.merge_by_rank(ids, ABC._merges)


def test_very_long_pretokens_have_the_ids_of_tokenizers(docs, trained, peers):
    for text in ("a" * 100_000, "".join(filter(str.isalpha, docs[:500_000]))):
        assert len(GPT2.findall(text)) == 1
        assert trained[GPT2_PATTERN].encode(text) == peers[GPT2_PATTERN][1].encode(text).ids


def test_gpt2_files_give_the_ids_of_tiktoken(story, docs):
    files = [cache_folder() / name for name in ("gpt2-encoder.json", "gpt2-vocab.bpe")]
    if not all(file.exists() for file in files):
        pytest.skip("GPT-2's vocabulary is not in the cache: fetch() of helpers.corpus gets it")
    ours = BPETokenizer.from_gpt2(*files)
    ranks = data_gym_to_mergeable_bpe_ranks(str(files[1]), str(files[0]))
    theirs = tiktoken.Encoding(
        "gpt2", pat_str=official_pattern("gpt2"), mergeable_ranks=ranks, special_tokens={END: 50256}
    )
    for text in [story, docs[:2_000_000], *NASTY]:
        assert ours.encode(text) == theirs.encode(text, disallowed_special=())
    assert ours.encode("hello world") == [31373, 995]  # printed in tiktoken's documentation
    assert ours.encode(f"a{END}", allowed_special="all") == [64, 50256]
    assert {token: i for i, token in ours.vocab.items() if i < 50256} == ranks
    assert sum(not _is_utf8(token) for token in ours.vocab.values()) == 344


def _is_utf8(token):
    try:
        return bool(token.decode())
    except UnicodeDecodeError:
        return False


def test_to_tiktoken_gives_the_same_ids(trained, story):
    for ours in trained.values():
        theirs = ours.to_tiktoken()
        assert theirs.n_vocab == 8192
        for text in [story, *NASTY]:
            assert theirs.encode(text, allowed_special="all") == ours.encode(text, allowed_special="all")


def test_numpy_ids_are_uint16_while_they_fit_and_uint32_beyond():
    pairs = list(itertools.product(bpe.BYTES, repeat=2))
    for n_merges, dtype in ((65536 - 257, np.uint16), (65536 - 256, np.uint32)):
        ours = BPETokenizer(pairs[:n_merges])
        assert len(ours.vocab) == 257 + n_merges
        assert ours.encode_to_numpy("é!").dtype == dtype
        assert ours.encode_to_numpy(f"é!{END}", allowed_special="all")[-1] == 256 + n_merges


def test_the_cache_is_bounded_and_changes_no_ids(small, story, monkeypatch):
    expected = small.encode(story)
    monkeypatch.setattr(bpe, "CACHE_ENTRIES", 10)
    fresh = pickle.loads(pickle.dumps(small))
    assert len(fresh._cache) == 0
    assert fresh.encode(story) == expected
    assert 0 < len(fresh._cache) <= 10
    fresh.encode("x" * 1000)
    assert "x" * 1000 not in fresh._cache


# ---- special tokens ----

OVERLAPPING = ["<|a|>", "|><|b", "<|b|>", "aa", "a<|"]  # none is the beginning of another
PARTS = [*OVERLAPPING, "a", "<", "|", ">", "b", " the", "<|a"]


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join), st.sets(st.sampled_from(OVERLAPPING)))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_special_tokens_allowed_disallowed_or_in_part_are_those_of_tiktoken(text, allowed):
    ours = BPETokenizer([(b"<", b"|"), (b"|", b">"), (b"<|", b"b")], OVERLAPPING)
    theirs = tiktoken_with(ours, GPT2_PATTERN)
    for names in (allowed, "all", set()):
        ids = ours.encode(text, allowed_special=names)
        assert ids == theirs.encode(text, allowed_special=names, disallowed_special=())
        assert ours.decode(ids) == text
        assert ours.encode_to_numpy(text, allowed_special=names).tolist() == ids


PREFIXES = ["<|a|>", "<|a|><|b|>", "<|b|>", "yy", "yyy"]


def test_of_special_tokens_that_start_together_the_longest_counts_as_in_tokenizers(tmp_path):
    ours = BPETokenizer([(b"<", b"|"), (b"x", b"x"), (b"|", b">")], PREFIXES)
    data = json.loads(file_of(ours, tmp_path).read_text(encoding="utf-8"))
    texts = ["".join(parts) for parts in itertools.product(["<|a|>", "<|b|>", "y", "yy", " <|"], repeat=4)]
    for allowed in itertools.chain.from_iterable(itertools.combinations(PREFIXES, n) for n in range(6)):
        kept = [token for token in data["added_tokens"] if token["content"] in allowed]
        theirs = Tokenizer.from_str(json.dumps(data | {"added_tokens": kept}))
        for text in texts:
            assert ours.encode(text, allowed_special=set(allowed)) == theirs.encode(text).ids


def test_text_from_a_stranger_cannot_make_a_special_token(small):
    ids = small.encode(f"a {END} b")
    assert small.special_tokens[END] not in ids
    assert small.decode(ids) == f"a {END} b"
    assert small.special_tokens[END] in small.encode(f"a {END} b", allowed_special={END})


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


# ---- files ----


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN, r"(\w+)|\s+|[^\w\s]"])
def test_save_and_load_give_the_same_tokenizer(pattern, story, tmp_path):
    ours = BPETokenizer.train(story, 400, pattern=pattern, special_tokens=["<|pad|>", END, "<é \n>"])
    path = file_of(ours, tmp_path)
    loaded, theirs = BPETokenizer.load(path), Tokenizer.from_file(str(path))
    for name in ("vocab", "merges", "special_tokens", "pattern"):
        assert getattr(loaded, name) == getattr(ours, name)
    for text in [story, "<|pad|>a<é \n>", *NASTY[1:]]:
        ids = ours.encode(text, allowed_special="all")
        assert loaded.encode(text, allowed_special="all") == theirs.encode(text).ids == ids
        assert theirs.decode(ids, skip_special_tokens=False) == text
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("merges_as", [list, " ".join], ids=["pairs", "strings"])
def test_a_file_in_the_style_of_gpt2_loads(story, small, tmp_path, merges_as):
    theirs = Tokenizer.from_file(str(file_of(small, tmp_path)))
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = decoders.ByteLevel()
    data = json.loads(theirs.to_str())
    data["model"]["merges"] = [merges_as(pair) for pair in data["model"]["merges"]]
    path = tmp_path / "gpt2.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    loaded = BPETokenizer.load(path)
    assert loaded.pattern == GPT2_PATTERN
    assert loaded.encode(story) == theirs.encode(story).ids


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(small, tmp_path, monkeypatch):
    path = file_of(small, tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", _full_disk)
    with pytest.raises(OSError, match="disk is full"):
        BPETokenizer([]).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def _full_disk(*args):
    raise OSError("the disk is full")


def change(*keys, to):
    """A function that sets data[key][key]... to a value."""

    def edit(data):
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = to

    return edit


PREFIX_SPACE = {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}
SPLIT_MERGED = {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Removed", "invert": False}
TEMPLATE = {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}
FOREIGN = {
    "WordPiece": (change("model", "type", to="WordPiece"), "not BPE"),
    "no model": (lambda data: data.pop("model"), "'model' is missing"),
    "no merges": (lambda data: data["model"].pop("merges"), "'merges' is missing"),
    "no pre_tokenizer": (lambda data: data.pop("pre_tokenizer"), "'pre_tokenizer' is missing"),
    "pre_tokenizer null": (change("pre_tokenizer", to=None), "pre_tokenizer"),
    "Whitespace": (change("pre_tokenizer", to={"type": "Whitespace"}), "Whitespace"),
    "prefix space": (change("pre_tokenizer", to=PREFIX_SPACE), "prefix space"),
    "drops": (change("pre_tokenizer", "pretokenizers", 0, to=SPLIT_MERGED), "Removed"),
    "normalizer": (change("normalizer", to={"type": "NFC"}), "normalizer"),
    "template": (change("post_processor", to=TEMPLATE), "TemplateProcessing"),
    "dropout": (change("model", "dropout", to=0.1), "dropout"),
    "suffix": (change("model", "end_of_word_suffix", to="</w>"), "end_of_word_suffix"),
    "unknown token": (change("model", "merges", 3, to=["zq", "zq"]), "must join known tokens"),
    "no pair": (change("model", "merges", 3, to="abc"), "no pair of tokens"),
    "no byte": (change("model", "merges", 3, to=["日", "a"]), "stands for no byte"),
    "merges a number": (change("model", "merges", to=5), "tokenizer.json"),
    "model a list": (change("model", to=[]), "tokenizer.json"),
    "vocab a list": (change("model", "vocab", to=[]), "tokenizer.json"),
    "a missing token": (lambda data: data["model"]["vocab"].pop("Ġt"), "ids are not"),
    "other ids": (change("model", "vocab", "a", to=5), "ids are not"),
    "special token moved": (change("added_tokens", 0, "id", to=9999), "ids are not"),
    "strips": (change("added_tokens", 0, "lstrip", to=True), "lstrip"),
    "ordinary token added": (change("added_tokens", 0, to={"id": 64, "content": "a"}), "ordinary token"),
    "bad pattern": (change("pre_tokenizer", "pretokenizers", 0, "pattern", "Regex", to="("), "compile"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_or_damaged_file_gets_a_clear_error(case, small, tmp_path):
    edit, message = FOREIGN[case]
    path = file_of(small, tmp_path)
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        BPETokenizer.load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b"3", b"[" * 100_000])
def test_a_file_that_holds_no_json_object_gets_a_clear_error(content, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"tokenizer\.json (is damaged|holds no JSON object)"):
        BPETokenizer.load(path)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_gets_a_clear_error(keep, small, tmp_path):
    path = file_of(small, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(ValueError, match="is damaged"):
        BPETokenizer.load(path)


def test_gpt2_files_that_do_not_fit_together_get_a_clear_error(small, tmp_path):
    encoder, merges = tmp_path / "encoder.json", tmp_path / "vocab.bpe"
    lines = [f"{to_printable(left)} {to_printable(right)}" for left, right in small.merges]
    vocab = {to_printable(token): i for i, token in small.vocab.items() if i < 599} | {END: 599}
    encoder.write_text(json.dumps(vocab), encoding="utf-8")
    merges.write_text("\n".join(["#version: 0.2", *lines, ""]), encoding="utf-8")
    assert BPETokenizer.from_gpt2(encoder, merges).vocab == small.vocab
    merges.write_text("\n".join(["#version: 0.2", *lines[:-1], ""]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"encoder\.json cannot be used: its ids"):
        BPETokenizer.from_gpt2(encoder, merges)
    merges.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"vocab\.bpe is no vocab\.bpe of GPT-2"):
        BPETokenizer.from_gpt2(encoder, merges)


# ---- bad input ----

BAD_TRAINING = {
    "empty text": (("", 300), {}, ValueError, "texts is empty"),
    "no documents": (([], 300), {}, ValueError, "texts is empty"),
    "empty documents": ((["", ""], 300), {}, ValueError, "texts is empty"),
    "bytes": ((b"abc", 300), {}, TypeError, "text must be a str, not int"),
    "document of bytes": (([b"abc"], 300), {}, TypeError, "text must be a str, not bytes"),
    "vocab_size small": (
        ("abc", 256),
        {},
        ValueError,
        "vocab_size is 256, but must be at least 257: 256 bytes",
    ),
    "vocab_size NaN": (("abc", float("nan")), {}, TypeError, "vocab_size must be an int, not nan"),
    "vocab_size inf": (("abc", float("inf")), {}, TypeError, "vocab_size must be an int, not inf"),
    "vocab_size str": (("abc", "300"), {}, TypeError, "vocab_size must be an int, not '300'"),
    "no texts": ((None, 300), {}, TypeError, "texts must be an iterable of str, not NoneType"),
    "no names": (("abc", 300), {"special_tokens": None}, TypeError, "list or tuple of str, not None"),
    "a set": (("abc", 300), {"special_tokens": {"<a>", "<b>"}}, TypeError, "list or tuple"),
    "vocab_size 0": (("abc", 0), {"special_tokens": ()}, ValueError, "at least 256"),
    "surrogate": (("ab\ud800c", 300), {}, ValueError, r"lone surrogate, '\\ud800' at position 2"),
    "far surrogate": ((["é" * 2**20 + "\udfff"], 300), {}, ValueError, "at position 1048576"),
    "pattern": (("abc", 300), {"pattern": "(a"}, ValueError, "pattern does not compile: missing"),
    "pattern drops": (("ab, cd", 300), {"pattern": r"\w+"}, ValueError, "leaves out ', cd' at position 2"),
    "drops the end": (("ab cd.", 300), {"pattern": r"\w+|\s"}, ValueError, "leaves out '.' at position 5"),
    "drops all": (("...", 300), {"pattern": r"\w+"}, ValueError, "at position 0"),
    "repeated": (("abc", 300), {"special_tokens": ["<a>", "<a>"]}, ValueError, "have it twice"),
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
    with pytest.raises(TypeError, match=r"such as \[text\]"):
        small.encode_iterable("abc")
    with pytest.raises(TypeError, match="texts must be an iterable of str, not NoneType"):
        small.encode_iterable(None)


@pytest.mark.parametrize("pattern", [r"\w+", r"(\w)+", r"\w+(?=\s)", r"x*"])
def test_encoding_never_drops_characters(pattern):
    ours = BPETokenizer([], pattern=pattern)
    with pytest.raises(ValueError, match="pattern leaves out"):
        ours.encode("ab, cd")


@pytest.mark.parametrize("ids", [[600], [-1], [3, 10**9], np.array([600])])
def test_an_unknown_id_gets_a_clear_error(ids, small):
    with pytest.raises(ValueError, match=r"is not in the vocabulary, 0 to 599"):
        small.decode(ids)


@pytest.mark.parametrize(
    "ids",
    [
        [1.0],
        [True],
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
    with pytest.raises(TypeError, match="ids must be integers"):
        small.decode(ids)


@pytest.mark.parametrize("merges", [[(b"zq", b"a")], [(b"a", b"b"), (b"a", b"b")], [(b"", b"a")]])
def test_merges_of_unknown_tokens_or_into_known_ones_get_a_clear_error(merges):
    with pytest.raises(ValueError, match="must join known tokens into a new one"):
        BPETokenizer(merges)
