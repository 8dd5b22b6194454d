"""One text shard becomes one token shard, whatever the tokenizer gives; what goes wrong is named."""

import os

import numpy as np
import pytest
import torch
from shard_kit import END, WideTokenizer, stamps, token_files

from helpers import shards
from helpers.bpe import BPETokenizer
from helpers.files import file_sha256
from helpers.shards import (
    TokenShards,
    read_documents,
    record,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)


def test_a_source_that_changes_while_it_is_read_is_noticed(tmp_path):
    source = split_corpus(["one", "two"], tmp_path)[0]

    class Meddler(WideTokenizer):
        def encode(self, text):
            if text == "one":
                with open(source, "ab") as file:
                    file.write(b'{"text": "three"}\n')
            return super().encode(text)

    with pytest.raises(ValueError, match=r"shard-000000.jsonl was changed while it was read"):
        tokenize_shard(source, tmp_path / "a.bin", Meddler(0, 500))
    assert not list(tmp_path.glob("*.bin*"))


def test_a_source_is_never_overwritten_by_its_own_tokens(tmp_path, tokenizer):
    source = split_corpus(["a text"], tmp_path)[0]
    with pytest.raises(ValueError, match="is the source itself"):
        tokenize_shard(source, tmp_path / "." / source.name, tokenizer)
    assert list(shards.read_documents(source)) == ["a text"]


@pytest.mark.parametrize("bad", [None, 3, "tokenizer"])
def test_what_is_no_tokenizer_is_named(tmp_path, bad):
    source = split_corpus(["a text"], tmp_path)[0]
    with pytest.raises(TypeError, match=f"tokenizer must have encode and vocab.* not {bad!r}"):
        tokenize_shard(source, tmp_path / "tokens", bad)


@pytest.mark.parametrize(
    ("vocab", "special", "words"),
    [
        (["a", END], {}, "tokenizer must have encode and vocab .a dict"),
        ({"a": 0}, {}, "tokenizer has no '<.endoftext.>' in its special_tokens or vocab"),
        ({"a": 0}, {END: "1"}, "the id of '<.endoftext.>' must be an integer"),
        (
            {"a": 2**32, END: 1},
            {},
            "the largest id of tokenizer.vocab must be an integer from 0 to 4294967295",
        ),
    ],
)
def test_a_vocabulary_that_no_shard_can_hold_is_named(tmp_path, vocab, special, words):
    tokenizer = WideTokenizer(0, 500)
    tokenizer.vocab, tokenizer.special_tokens = vocab, special
    source = split_corpus(["a text"], tmp_path / "text")[0]
    for call in (
        lambda: tokenize_shard(source, tmp_path / "tokens" / "a.bin", tokenizer),
        lambda: tokenize_corpus([source], tokenizer, tmp_path / "tokens"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            call()
    assert not (tmp_path / "tokens").exists()


@pytest.mark.parametrize(
    ("vocab", "special", "end", "dtype"),
    [
        ({i: bytes([i % 256]) for i in range(600)}, {END: 600}, 600, np.uint16),
        ({chr(i): np.int64(i) for i in range(200)} | {END: np.int64(65_535)}, [END], 65_535, np.uint16),
        ({chr(i): i for i in range(200)} | {END: 200, "last": 2**32 - 1}, {}, 200, np.uint32),
        ({chr(i): i for i in range(200)}, {END: 200, "<|pad|>": 65_536}, 200, np.uint32),
    ],
)
def test_a_vocabulary_may_map_either_way_and_hold_its_end(tmp_path, vocab, special, end, dtype):
    tokenizer = WideTokenizer(0, 500)
    tokenizer.vocab, tokenizer.special_tokens = vocab, special
    tokenize_shard(split_corpus(["ab"], tmp_path)[0], tmp_path / "a.bin", tokenizer)
    assert TokenShards(tmp_path)[:].tolist() == [97, 98, end] and TokenShards(tmp_path).dtype == dtype


@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor, lambda ids: np.array(ids, np.uint64)])
def test_ids_may_come_as_any_sequence_of_integers(tmp_path, kind):
    class Kind(WideTokenizer):
        def encode(self, text):
            return kind(super().encode(text))

    tokenize_shard(split_corpus(["ab", "c"], tmp_path)[0], tmp_path / "a.bin", Kind(0, 500))
    assert TokenShards(tmp_path)[:].tolist() == [97, 98, 500, 99, 500]


@pytest.mark.parametrize(
    "ids", [[[1, 2]], 3, None, "12", [-1], [501], [True], [1, None], np.zeros((1, 2), int), [2**64]]
)
def test_ids_that_are_none_are_named_with_their_document(tmp_path, ids):
    class Wrong(WideTokenizer):
        def encode(self, text):
            return ids if text == "b" else [1]

    source = split_corpus(["a", "b"], tmp_path)[0]
    with pytest.raises(ValueError, match=r"shard-000000.jsonl, document 1: \w+: what encode gave"):
        tokenize_shard(source, tmp_path / "a.bin", Wrong(0, 500))
    assert not list(tmp_path.glob("*.bin"))


def test_an_error_of_the_tokenizer_names_the_document(tmp_path):
    source = split_corpus(["a", "b"], tmp_path)[0]
    tokenizer = WideTokenizer(0, 500)
    tokenizer.encode = lambda text: {"a": [1]}[text]
    with pytest.raises(ValueError, match=r"shard-000000.jsonl, document 1: KeyError: 'b'"):
        tokenize_shard(source, tmp_path / "a.bin", tokenizer)


def test_ids_that_are_no_integers_are_not_rounded(tmp_path):
    class Halves:
        vocab, special_tokens = {"a": 1, "<|endoftext|>": 2}, {"<|endoftext|>": 2}

        def encode(self, text):
            return [1.5]

    source = split_corpus(["a text"], tmp_path)[0]
    with pytest.raises(ValueError, match=r"document 0: .*what encode gave must be integers.*float64"):
        tokenize_shard(source, tmp_path / "tokens", Halves())


def test_token_files_hold_each_document_and_then_the_end(documents, serial, tokenizer):
    end = tokenizer.special_tokens[END]
    expected = [i for document in documents for i in [*tokenizer.encode(document), end]]
    tokens = TokenShards(serial)
    assert tokens[:].tolist() == expected and tokens.dtype == np.uint16
    assert expected.count(end) == len(documents)  # what a stranger wrote stays ordinary text
    joined = b"".join(token_files(serial).values())
    assert np.frombuffer(joined, "<u2").tolist() == expected


def test_the_manifest_says_what_the_shard_is_and_where_it_comes_from(paths, serial, tokenizer):
    manifest = record.read(record.manifest_path(serial / "tokens-000000.bin"))
    texts = list(read_documents(paths[0]))
    assert manifest["documents"] == len(texts)
    assert manifest["text_bytes"] == sum(len(text.encode()) for text in texts)
    assert manifest["tokens"] * 2 == (serial / "tokens-000000.bin").stat().st_size
    assert manifest["source"] == paths[0].name
    assert manifest["source_sha256"] == file_sha256(paths[0])
    assert manifest["dtype"] == "uint16" and manifest["run"]["pid"] == os.getpid()


def test_a_file_of_plain_text_is_one_document(tmp_path, tokenizer):
    (tmp_path / "story.txt").write_text("one\ntwo", encoding="utf-8")
    manifest = tokenize_shard(tmp_path / "story.txt", tmp_path / "story.bin", tokenizer)
    assert manifest["documents"] == 1
    ids = TokenShards(tmp_path)[:].tolist()
    assert ids == [*tokenizer.encode("one\ntwo"), tokenizer.special_tokens[END]]


def test_a_finished_shard_is_not_made_again(paths, serial, tokenizer, tmp_path):
    first = tokenize_shard(paths[0], tmp_path / "a.bin", tokenizer)
    before = stamps(tmp_path)
    assert tokenize_shard(str(paths[0]), str(tmp_path / "a.bin"), tokenizer) == first
    assert stamps(tmp_path) == before


@pytest.mark.parametrize(
    ("largest", "dtype"), [(65_535, np.uint16), (65_536, np.uint32), (90_000, np.uint32)]
)
def test_ids_above_65535_take_four_bytes(tmp_path, largest, dtype):
    paths = split_corpus(["abc", ""], tmp_path)
    tokenize_corpus(paths, WideTokenizer(65_000, largest), tmp_path)
    tokens = TokenShards(tmp_path)
    assert tokens.dtype == dtype
    assert tokens[:].tolist() == [65_097, 65_098, 65_099, largest, largest]


def test_an_id_outside_the_vocabulary_is_refused(tmp_path):
    paths = split_corpus(["abc"], tmp_path)
    with pytest.raises(
        ValueError, match=r"shard-000000.jsonl, document 0: .*65627, but must lie from 0 to 65535"
    ):
        tokenize_shard(paths[0], tmp_path / "a.bin", WideTokenizer(65_530, 65_535))
    assert not (tmp_path / "a.bin").exists()


def test_a_tokenizer_without_an_end_is_refused(tmp_path):
    paths = split_corpus(["abc"], tmp_path)
    with pytest.raises(ValueError, match=r"no '<.endoftext.>'"):
        tokenize_shard(paths[0], tmp_path / "a.bin", BPETokenizer.train("abc", 256, special_tokens=()))
