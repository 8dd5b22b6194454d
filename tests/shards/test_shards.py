"""Shards on disk, tokenizing with lost workers, reading back, and going on after a crash."""

import asyncio
import errno
import gzip
import itertools
import json
import logging
import multiprocessing
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np
import pandas
import pytest
import torch
import zstandard
from dask.distributed import Client, Future, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from helpers import corpus, shards
from helpers.bpe import BPETokenizer
from helpers.files import file_sha256, whole_file
from helpers.shards import (
    ResumableSampler,
    TokenShards,
    read_documents,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)
from helpers.shards.write import manifest_path, read_manifest
from helpers.windows import WindowDataset

gz = partial(gzip.compress, mtime=0)  # the same bytes, and so the same names of tests, in each process

resource = pytest.importorskip("resource", reason="limits, kills and forks as Windows does not know them")

END = "<|endoftext|>"
FORK = multiprocessing.get_context("forkserver")  # children without the threads of this process
FORK.set_forkserver_preload(
    ["dask.distributed", "hypothesis", "pytest", "helpers.bpe", "helpers.windows", "helpers.shards"]
)


@pytest.fixture(scope="module")
def tokenizer():
    return BPETokenizer.train(corpus.load_story(), 600)


@pytest.fixture(scope="module")
def documents():
    """About 600 kB of documents, some of them hard."""
    some = corpus.library_documents()[:800]
    return [*some, "", f"a stranger wrote {END} here", "two\nlines\r\n\n\nand \u2028 more", "नमस्ते 🙂 \x00"]


@pytest.fixture(scope="module")
def paths(documents, tmp_path_factory):
    return split_corpus(documents, tmp_path_factory.mktemp("text"), shard_bytes=40_000)


@pytest.fixture(scope="module")
def serial(paths, tokenizer, tmp_path_factory):
    """The folder that one process makes."""
    return tokenize_corpus(paths, tokenizer, tmp_path_factory.mktemp("serial"))


@contextmanager
def workers(number):
    """A client of as many workers, each a process with one thread."""
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=number, threads_per_worker=1, **quiet) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def client():
    with workers(2) as client:
        yield client


def token_files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("tokens-*.bin"))}


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def token_stamps(folder):
    return {name: time for name, time in stamps(folder).items() if name.startswith("tokens-")}


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


# ---- text shards ----


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), st.integers(1, 200))
def test_documents_come_back_as_they_were_whatever_is_in_them(tmp_path_factory, texts, shard_bytes):
    paths = split_corpus(iter(texts), tmp_path_factory.mktemp("split"), shard_bytes)
    assert [text for path in paths for text in read_documents(path)] == texts
    assert all(path.stat().st_size <= shard_bytes or len(lines_of(path)) == 1 for path in paths)


def test_a_shard_is_filled_before_the_next_one_begins(tmp_path):
    paths = split_corpus(["x" * 100] * 10, tmp_path, shard_bytes=400)  # a line is 113 bytes long
    assert [len(list(read_documents(path))) for path in paths] == [3, 3, 3, 1]
    assert [path.name for path in paths[:2]] == ["shard-000000.jsonl", "shard-000001.jsonl"]


def test_splitting_again_changes_nothing_and_another_corpus_is_refused(tmp_path):
    texts = ["one", "two", "three"]
    paths = split_corpus(texts, tmp_path, 20)
    before = stamps(tmp_path)
    assert split_corpus(texts, tmp_path, 20) == paths
    for others in (["other"], texts[:2]):
        with pytest.raises(FileExistsError, match=r"shard-00000[02]"):
            split_corpus(others, tmp_path, 20)
    assert stamps(tmp_path) == before


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        (["fine", "bad \ud800"], ValueError, r"documents\[1\] .*surrogate.*position 4"),
        (["fine", None], TypeError, r"documents\[1\] must be a str, not NoneType"),
        ("one text", TypeError, r"give \['one text'\]"),
        (None, TypeError, "documents must be an iterable of str, not None"),
    ],
)
def test_a_document_that_cannot_be_stored_is_named(tmp_path, documents, error, message):
    with pytest.raises(error, match=message):
        split_corpus(documents, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [0, None, "9", 2.5, float("nan"), True])
def test_shard_bytes_below_one_is_refused(tmp_path, size):
    with pytest.raises(ValueError, match=rf"shard_bytes must be an integer of 1 or more, not {size!r}"):
        split_corpus(["a"], tmp_path, size)


@pytest.mark.parametrize("gap", [1, 5, 1_000_000])
def test_shards_of_another_corpus_are_refused_before_anything_is_written(tmp_path, gap):
    (tmp_path / f"shard-{gap:06d}.jsonl").write_text('{"text": "other"}\n', encoding="utf-8")
    before = stamps(tmp_path)
    with pytest.raises(
        FileExistsError, match=rf"1 shard\(s\) of another corpus, such as shard-0*{gap}.jsonl"
    ):
        split_corpus(["one", "two", "three"], tmp_path, 20)
    assert stamps(tmp_path) == before


def test_an_interrupted_split_goes_on_and_other_files_do_not_matter(tmp_path):
    texts = ["one", "two", "three"]
    paths = split_corpus(texts, tmp_path, 20)
    paths[2].unlink()
    for name in ("._shard-000000.jsonl", "shard-000001 (1).jsonl", "shard-000002.jsonl.bak", ".shard-x.tmp"):
        (tmp_path / name).write_bytes(b"x")
    os.utime(tmp_path / ".shard-x.tmp", (0, 0))
    assert split_corpus(texts, tmp_path, np.int16(20)) == paths
    assert [text for path in paths for text in read_documents(path)] == texts
    assert not (tmp_path / ".shard-x.tmp").exists()


def test_a_second_split_leaves_alone_what_the_first_is_writing(tmp_path, monkeypatch):
    def second_first(number, fsync=os.fsync):
        monkeypatch.setattr(os, "fsync", fsync)
        split_corpus(["one", "two"], tmp_path, 20)
        fsync(number)

    monkeypatch.setattr(os, "fsync", second_first)
    paths = split_corpus(["one", "two"], tmp_path, 20)
    assert [text for path in paths for text in read_documents(path)] == ["one", "two"]
    assert sorted(tmp_path.iterdir()) == paths


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch, tokenizer):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    split_corpus(["one"], "~/text")
    assert list(read_documents("~/text/shard-000000.jsonl")) == ["one"]
    folder = tokenize_corpus(["~/text/shard-000000.jsonl"], tokenizer, "~/tokens")
    tokenize_shard("~/text/shard-000000.jsonl", "~/one/a.bin", tokenizer)
    assert folder == tmp_path / "tokens" and len(TokenShards("~/tokens")) == len(TokenShards("~/one"))
    assert sorted(os.listdir(tmp_path)) == ["one", "text", "tokens"]


def test_folders_are_made_with_those_above_them(tmp_path, tokenizer):
    paths = split_corpus(["one"], tmp_path / "a" / "b" / "text")
    tokenize_shard(paths[0], tmp_path / "c" / "d" / "x.bin", tokenizer)
    folder = tokenize_corpus(paths, tokenizer, tmp_path / "e" / "f" / "tokens")
    assert len(TokenShards(folder)) == len(TokenShards(tmp_path / "c" / "d")) > 1


# ---- files as people save them ----

TWO = ["naïve 🙂", "second\u2028line\x00\r\n"]
LINES = "".join(json.dumps({"id": 1, "text": text}) + "\n" for text in TWO)
SAVED = {
    "plain": LINES.encode(),
    "byte order mark": b"\xef\xbb\xbf" + LINES.encode(),
    "CRLF": LINES.replace("\n", "\r\n").encode(),
    "UTF-16": LINES.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + LINES.encode("utf-16-be"),
    "UTF-32": LINES.encode("utf-32"),
    "letters as they are": "".join(json.dumps({"text": t}, ensure_ascii=False) + "\n" for t in TWO).encode(),
    "no end of the last line": LINES.rstrip().encode(),
    "blank lines": b"\n" + LINES.replace("\n", "\n \n\n").encode(),
    "two files joined": b"\xef\xbb\xbf" + LINES.replace("\n", "\n\ufeff", 1).encode(),
    "gzip": gz(LINES.encode()),
    "gzip in two members": gz(LINES[:9].encode()) + gz(LINES[9:].encode()),
    "zstandard": zstandard.compress(LINES.encode()),
    "zstandard of UTF-16": zstandard.compress(LINES.encode("utf-16")),
}


@pytest.mark.parametrize("saved", SAVED)
def test_json_lines_are_read_however_they_were_saved(tmp_path, saved):
    for suffix in (
        ".jsonl",
        ".JSONL",
        ".ndjson",
        ".jsonlines",
        ".json",
        ".jsonl.gz",
        ".Json.ZST",
        ".v2.jsonl",
        ".jsons",
        ".ldjson",
        ".jsonl.gzip",
        ".JSONL.zstd",
        ".jsonl.bak",
        ".json.bak",
        ".jsonl.1",
        ".jsonl~",
        ".jsonl_old",
        ".jsonl.txt",
        ".csv.jsonl",
    ):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(SAVED[saved])
        assert list(read_documents(path)) == TWO


def test_a_json_file_may_be_one_list(tmp_path):
    path = tmp_path / "a.json"
    for indent in (None, 2):
        path.write_text("\n" + json.dumps([{"text": text} for text in TWO], indent=indent), encoding="utf-8")
        assert list(read_documents(path)) == TWO
    path.write_text('[{"text": "a"}, {"text": 3}]', encoding="utf-8")
    with pytest.raises(ValueError, match=r'a.json, item 2: .*"text" must be a str, not int: 3'):
        list(read_documents(path))
    for text in ("[]", "", "\n"):
        path.write_text(text, encoding="utf-8")
        assert list(read_documents(path)) == []


@pytest.mark.parametrize("name", ["a.txt", "a.jl", "README", "a.log.gz"])
def test_json_lines_under_another_name_are_not_taken_for_one_document(tmp_path, name):
    for saved in ("plain", "byte order mark", "blank lines", "UTF-16", "gzip"):
        (tmp_path / name).write_bytes(SAVED[saved])
        with pytest.raises(ValueError, match=rf"{name} begins with a JSON object .*: name it .jsonl"):
            list(read_documents(tmp_path / name))


NO_LINES = ['{"texts": "x"}', '{\n"text": "x"}', '{"text": 3}', '["text"]', "{", "3", "[" * 100_000]


@pytest.mark.parametrize(
    "name",
    "a.txt README a.md a.py a.rst v1.0 a.TXT.gz .hidden a.jl json a.pdf.txt a.geojson a.jsonld".split(),
)
def test_any_other_text_is_one_document(tmp_path, name):
    for text in (f"\n{start}\r\nnaïve\x00" for start in NO_LINES):
        for data in (
            text.encode(),
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            gz(text.encode()),
        ):
            (tmp_path / name).write_bytes(data)
            assert list(read_documents(tmp_path / name)) == [text]


@pytest.mark.parametrize(
    "name",
    [
        "a.parquet",
        "a.csv",
        "a.TSV",
        "a.csv.gz",
        "a.csv.gzip",
        "a.csv.bak",
        "a.jsonl.csv",
        "a.arrow",
        "a.xlsx",
    ],
)
def test_a_table_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text("text\none\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name} is a table: read it with pandas"):
        list(read_documents(tmp_path / name))


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.ZIP", "a.tar", "a.tar.gz", "a.tgz", "a.bin", "a.7z"])
def test_what_is_no_text_is_refused_by_name(tmp_path, tokenizer, name):
    (tmp_path / name).write_text("looks like text", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"{name} is no text file: save its text as UTF-8"):
        tokenize_shard(tmp_path / name, tmp_path / "tokens" / "a.bin", tokenizer)
    assert list((tmp_path / "tokens").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "a.jsonl",
            b'{"text": "a"}\n{"text": "\xff"}\n',
            "a.jsonl, line 2: UnicodeDecodeError.* 0xff in position 10",
        ),
        (
            "a.jsonl",
            b'{"text": "a"}\n\n{"text": "a\\ud83d"}',
            r"line 3: .*lone surrogate, '.ud83d' at position 1",
        ),
        ("a.jsonl", b'{"text": "a"}\n[{"text": "b"}]', r'line 2: .*no object with a "text", but \[\{'),
        ("a.jsonl", b'{"content": "a"}', r'line 1: .*no object with a "text", but .*content'),
        ("a.jsonl", b'{"text": null}', 'line 1: .*"text" must be a str, not NoneType'),
        ("a.jsonl", b'{"text": "a"} {"text": "b"}', "line 1: .*Extra data"),
        ("a.jsonl", b'{"text": "a"}\n' + b"\x00" * 40, "line 2: JSONDecodeError"),
        ("a.jsonl", b"[" * 200_000, "line 1: RecursionError"),
        ("a.json", b'{\n "text": "a"\n}', "line 1: JSONDecodeError.*Each line must be"),
        ("a.json", b'[{"text": "a"},\n', "line 1: JSONDecodeError"),
        ("a.txt", b"fine \xe9t\xe9", r"a.txt is not UTF-8 at byte offset 5"),
        ("a.jsonl.gz", gz(LINES.encode())[:-9], "a.jsonl.gz is damaged, or cut off"),
        ("a.jsonl.zst", zstandard.compress(LINES.encode())[:-3], "a.jsonl.zst is damaged, or cut off"),
        ("a.jsonl", LINES.encode("utf-16-le"), "UTF-16 without a byte order mark"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path, tokenizer, name, data, words):
    (tmp_path / name).write_bytes(data)
    for read in (
        lambda: list(read_documents(tmp_path / name)),
        lambda: tokenize_shard(tmp_path / name, tmp_path / "tokens" / "a.bin", tokenizer),
    ):
        with pytest.raises(ValueError, match=words):
            read()


def test_a_disk_that_fails_in_the_middle_is_blamed_on_the_source(tmp_path, tokenizer, monkeypatch):
    source = split_corpus(["one", "two"], tmp_path)[0]

    @contextmanager
    def failing(path):
        def lines():
            yield b'{"text": "one"}\n'
            raise OSError(errno.EIO, "Input/output error")

        yield lines()

    monkeypatch.setattr("helpers.shards.write.open_utf8", failing)
    with pytest.raises(OSError, match=r"could not be read \(Input/output error\).*shard-000000.jsonl"):
        tokenize_shard(source, tmp_path / "a.bin", tokenizer)


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


@pytest.mark.parametrize("wrong", [{"dtype": "foo"}, {"tokens": "many"}, {"tokens": None}])
def test_a_manifest_with_nonsense_in_it_is_named(tmp_path, tokenizer, wrong):
    source, target = split_corpus(["a text"], tmp_path)[0], tmp_path / "tokens.bin"
    manifest = tokenize_shard(source, target, tokenizer)
    manifest_path(target).write_text(json.dumps(manifest | wrong))
    for call in (lambda: TokenShards(tmp_path), lambda: tokenize_shard(source, target, tokenizer)):
        with pytest.raises(ValueError, match=r"tokens.bin.manifest.json is not a manifest"):
            call()


def test_an_index_array_of_any_integer_dtype_is_taken(tmp_path, tokenizer):
    tokens = TokenShards(
        tokenize_corpus(split_corpus(["a text " * 300], tmp_path / "text"), tokenizer, tmp_path)
    )
    whole = tokens[:]
    assert len(whole) > 256
    for dtype in (np.uint8, np.int8, np.uint16, np.uint64):
        np.testing.assert_array_equal(tokens[np.arange(100, dtype=dtype)], whole[:100])
    assert tokens[[]].tolist() == []


# ---- token shards ----


def test_token_files_hold_each_document_and_then_the_end(documents, serial, tokenizer):
    end = tokenizer.special_tokens[END]
    expected = [i for document in documents for i in [*tokenizer.encode(document), end]]
    tokens = TokenShards(serial)
    assert tokens[:].tolist() == expected and tokens.dtype == np.uint16
    assert expected.count(end) == len(documents)  # what a stranger wrote stays ordinary text
    joined = b"".join(token_files(serial).values())
    assert np.frombuffer(joined, "<u2").tolist() == expected


def test_the_manifest_says_what_the_shard_is_and_where_it_comes_from(paths, serial, tokenizer):
    manifest = read_manifest(serial / "tokens-000000.bin")
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


class WideTokenizer:
    """One id a character, shifted up."""

    def __init__(self, shift, largest):
        self.shift, self.special_tokens = shift, {END: largest}
        self.vocab = {str(i): i for i in range(0, largest, 1000)}

    def encode(self, text):
        return [self.shift + ord(character) for character in text]


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
        ValueError, match=r"shard-000000.jsonl, document 0: .*65629, but must lie from 0 to 65535"
    ):
        tokenize_shard(paths[0], tmp_path / "a.bin", WideTokenizer(65_530, 65_535))
    assert not (tmp_path / "a.bin").exists()


def test_a_tokenizer_without_an_end_is_refused(tmp_path):
    paths = split_corpus(["abc"], tmp_path)
    with pytest.raises(ValueError, match=r"no '<.endoftext.>'"):
        tokenize_shard(paths[0], tmp_path / "a.bin", BPETokenizer.train("abc", 256, special_tokens=()))


# ---- what goes wrong on disk ----


@pytest.fixture
def copy(paths, tokenizer, tmp_path):
    return tokenize_corpus(paths[:3], tokenizer, tmp_path / "tokens")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-2])


@pytest.mark.parametrize(("harm", "word"), [(flip, "SHA-256"), (cut, "bytes where"), (os.remove, "missing")])
def test_a_damaged_shard_is_found_named_and_made_again(copy, paths, tokenizer, harm, word):
    good, before = token_files(copy), stamps(copy)
    harm(copy / "tokens-000001.bin")
    with pytest.raises(ValueError, match=rf"tokens-000001.bin .*{word}"):
        TokenShards(copy).verify()
    tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == good
    TokenShards(copy).verify()
    assert [
        name for name, time in stamps(copy).items() if before[name] != time and "000001" not in name
    ] == []


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"tokens": 3}'])
def test_a_manifest_that_is_none_is_named_and_its_shard_kept(copy, paths, tokenizer, text):
    manifest_path(copy / "tokens-000001.bin").write_text(text, encoding="utf-8")
    good = token_files(copy)
    with pytest.raises(ValueError, match=r"tokens-000001.bin.manifest.json"):
        TokenShards(copy)
    with pytest.raises(ExceptionGroup, match=r"tokens-000001.bin.manifest.json"):
        tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == good


def test_the_manifest_of_another_shard_does_not_fit(copy, paths, tokenizer):
    manifest_path(copy / "tokens-000001.bin").write_bytes(
        manifest_path(copy / "tokens-000000.bin").read_bytes()
    )
    before = token_files(copy)
    with pytest.raises(ValueError, match=r"tokens-000001.bin"):
        TokenShards(copy)
    with pytest.raises(ExceptionGroup, match=r"tokens-000001.bin was made with another source"):
        tokenize_corpus(paths[:3], tokenizer, copy)
    assert token_files(copy) == before


def test_a_shard_of_another_tokenizer_or_another_source_is_left_alone(copy, paths, tokenizer):
    before = stamps(copy)
    other = BPETokenizer.train(corpus.load_story(), 300)
    with pytest.raises(ValueError, match=r"tokens-000000.bin was made with another tokenizer"):
        tokenize_shard(paths[0], copy / "tokens-000000.bin", other)
    with pytest.raises(ValueError, match=r"tokens-000000.bin was made with another source"):
        tokenize_shard(paths[1], copy / "tokens-000000.bin", tokenizer)
    with pytest.raises(ExceptionGroup, match=r"3 of 3 shards failed"):
        tokenize_corpus(paths[:3], other, copy)
    with pytest.raises(FileExistsError, match=r"1 shard\(s\) of another corpus, such as tokens-000002.bin"):
        tokenize_corpus(paths[:2], tokenizer, copy)
    assert stamps(copy) == before


def test_shards_of_two_tokenizers_are_not_read_as_one(paths, tokenizer, tmp_path):
    tokenize_shard(paths[0], tmp_path / "a.bin", tokenizer)
    tokenize_shard(paths[0], tmp_path / "b.bin", BPETokenizer.train(corpus.load_story(), 300))
    with pytest.raises(ValueError, match=r"b.bin was made by another tokenizer than a.bin"):
        TokenShards(tmp_path)


def test_a_gap_in_the_middle_is_not_read_over(copy, paths, tokenizer):
    whole = TokenShards(copy)[:]
    for path in copy.glob("tokens-000001.bin*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"tokens-000001.bin or its manifest is missing"):
        TokenShards(copy)
    tokenize_corpus(paths[:3], tokenizer, copy)
    assert (TokenShards(copy)[:] == whole).all()


# ---- the record of the whole ----


def remove(number):
    def harm(folder):
        for path in list(folder.glob(f"tokens-00000{number}.bin*")):
            path.unlink()

    return harm


def move(old, new, take=os.replace):
    """Rename (or copy) a shard together with its manifest, which keeps the old name."""

    def harm(folder):
        for end in ("", ".manifest.json"):
            take(folder / f"{old}.bin{end}", folder / f"{new}.bin{end}")

    return harm


def swap(folder):
    for old, new in (("tokens-000000", "x"), ("tokens-000001", "tokens-000000"), ("x", "tokens-000001")):
        move(old, new)(folder)


def change_record(change):
    def harm(folder):
        record = json.loads((folder / "corpus.json").read_bytes())
        change(record)
        (folder / "corpus.json").write_text(json.dumps(record), encoding="utf-8")

    return harm


HARM = {
    "first missing": (remove(0), "tokens-000000.bin or its manifest is missing"),
    "middle missing": (remove(1), "tokens-000001.bin or its manifest is missing"),
    "last missing": (remove(2), "tokens-000002.bin or its manifest is missing"),
    "ids missing": (lambda f: (f / "tokens-000002.bin").unlink(), "tokens-000002.bin is missing"),
    "manifest missing": (
        lambda f: manifest_path(f / "tokens-000002.bin").unlink(),
        "tokens-000002.bin or its",
    ),
    "doubled": (
        move("tokens-000001", "tokens-000003", shutil.copy),
        "tokens-000003.bin is no shard of the corpus",
    ),
    "doubled under another name": (move("tokens-000001", "b", shutil.copy), None),
    "renamed": (move("tokens-000002", "tokens-000003"), "tokens-000003.bin is no shard of the corpus"),
    "renamed otherwise": (move("tokens-000002", "b"), "b.bin is no shard of the corpus"),
    "swapped": (swap, "tokens-000000.bin (was renamed|has)"),
    "cut": (lambda f: cut(f / "tokens-000002.bin"), "tokens-000002.bin has .* bytes where its manifest says"),
    "a folder in its place": (
        lambda f: ((f / "tokens-000002.bin").unlink(), (f / "tokens-000002.bin").mkdir()),
        "tokens-000002.bin is missing",
    ),
    "no record": (lambda f: (f / "corpus.json").unlink(), "has tokens-000000.bin but no corpus.json"),
    "a record cut off": (lambda f: cut(f / "corpus.json"), "corpus.json is not the record of a corpus"),
    "a record of no shards": (change_record(lambda r: r.update(shards=[])), "holds no token shard"),
    "a record without shards": (change_record(lambda r: r.pop("shards")), "corpus.json is not the record"),
    "a record of another kind": (
        lambda f: (f / "corpus.json").write_text("[1]"),
        "corpus.json is not the record",
    ),
    "a record's order": (change_record(lambda r: r["shards"].reverse()), "corpus.json is not the record"),
    "a path in a record": (
        change_record(lambda r: r["shards"][0].update(file="../tokens-000000.bin")),
        "corpus.json is not the record",
    ),
    "a shard doubled in a record": (
        change_record(lambda r: r["shards"].append(r["shards"][0])),
        "corpus.json is not the record",
    ),
    "a shard dropped from a record": (
        change_record(lambda r: r["shards"].pop()),
        "tokens-000002.bin is no shard",
    ),
    "another sum in a record": (
        change_record(lambda r: r["shards"][1].update(sha256="0" * 64)),
        "tokens-000001.bin is another shard than corpus.json lists",
    ),
    "a state in a record": (change_record(lambda r: r.update(state="done")), "corpus.json is not the record"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_corpus_that_is_not_whole_is_refused_by_name(copy, harm):
    whole = TokenShards(copy)
    do_harm, words = HARM[harm]
    do_harm(copy)
    if words is None:  # a copy beside the corpus
        assert np.array_equal(TokenShards(copy)[:], whole[:])
        return
    for look in (lambda: TokenShards(copy), whole.verify):
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            look()


def test_a_shard_of_another_run_is_refused(copy, paths, tmp_path):
    other = tokenize_corpus(paths[:3], BPETokenizer.train(corpus.load_story(), 300), tmp_path / "other")
    whole = TokenShards(copy)
    shutil.copy(other / "tokens-000001.bin", copy)
    with pytest.raises(ValueError, match=r"tokens-000001.bin has .* bytes where its manifest says"):
        TokenShards(copy)
    shutil.copy(manifest_path(other / "tokens-000001.bin"), copy)
    for look in (lambda: TokenShards(copy), whole.verify):
        with pytest.raises(ValueError, match=r"tokens-000001.bin is another shard than corpus.json lists"):
            look()
    shutil.copy(other / "corpus.json", copy)
    with pytest.raises(ValueError, match=r"tokens-000000.bin is another shard than corpus.json lists"):
        TokenShards(copy)


def test_ids_of_another_file_of_the_same_size_are_found_by_verify(copy):
    whole = TokenShards(copy)
    data = (copy / "tokens-000001.bin").read_bytes()
    (copy / "tokens-000001.bin").write_bytes(data[::-1])
    with pytest.raises(ValueError, match=r"tokens-000001.bin is damaged: its SHA-256"):
        TokenShards(copy).verify()
    (copy / "tokens-000001.bin").write_bytes(data)
    whole.verify()


@pytest.mark.parametrize("size", [0, 8, 9, 10_000])
def test_a_shard_of_another_size_than_when_it_was_opened_is_named(copy, size):
    whole = TokenShards(copy)
    os.truncate(copy / "tokens-000001.bin", size)
    at = int(whole.starts[1])
    for index in (at, slice(at - 2, at + 9), np.array([at])):
        with pytest.raises(ValueError, match=rf"tokens-000001.bin has {size:,} bytes where .*open it again"):
            whole[index]
    assert len(whole[:at]) == at


def test_what_no_program_of_ours_wrote_is_passed_over(copy, paths, tokenizer):
    whole = TokenShards(copy)
    for name in (
        *(".DS_Store", "._tokens-000000.bin", "._tokens-000000.bin.manifest.json", "Thumbs.db", ".nfs00012"),
        *(
            "tokens-000001 (1).bin",
            "tokens-000001.bin.bak",
            "tokens-000001.bin.manifest (1).json",
            "notes.txt",
        ),
        *(
            "tokens-000001 copy.bin",
            "tokens-000001.bin~",
            ".tokens-000004.bin",
            "desktop.ini",
            "Tokens-1.bin",
        ),
    ):
        (copy / name).write_bytes(b"\x00\x01" * 40)
    move("tokens-000001", "tokens-000001 (1)", shutil.copy)(copy)
    for name in ("tokens-000007.bin", "x.manifest.json", "more"):
        (copy / name).mkdir()
    for folder in (copy, tokenize_corpus(paths[:3], tokenizer, copy)):
        again = TokenShards(folder)
        again.verify()
        assert again.files == whole.files and np.array_equal(again[:], whole[:])


def test_shards_made_one_by_one_are_read_in_the_order_of_their_names(paths, tokenizer, tmp_path):
    for name, path in (("b", paths[1]), ("a", paths[0])):
        tokenize_shard(path, tmp_path / f"{name}.bin", tokenizer)
    move("a", "a (1)", shutil.copy)(tmp_path)  # a copy: passed over
    (tmp_path / ".DS_Store").write_bytes(b"x")
    tokens = TokenShards(tmp_path)
    tokens.verify()
    assert [path.name for path in tokens.files] == ["a.bin", "b.bin"]
    move("b", "c")(tmp_path)
    with pytest.raises(ValueError, match=r"c.bin was renamed: its manifest calls it 'b.bin'"):
        TokenShards(tmp_path)
    with pytest.raises(FileExistsError, match=r"2 shard\(s\) of another corpus, such as a.bin"):
        tokenize_corpus(paths[:2], tokenizer, tmp_path)


def test_numbered_shards_without_a_record_are_not_taken_for_a_corpus(paths, tokenizer, tmp_path):
    for number in range(2):
        tokenize_shard(paths[number], tmp_path / f"tokens-00000{number}.bin", tokenizer)
    with pytest.raises(
        ValueError, match=r"has tokens-000000.bin but no corpus.json.* run tokenize_corpus again"
    ):
        TokenShards(tmp_path)
    before = token_stamps(tmp_path)
    tokenize_corpus(paths[:2], tokenizer, tmp_path)
    assert token_stamps(tmp_path) == before and len(TokenShards(tmp_path).files) == 2


def test_the_record_lists_the_shards_in_order(paths, serial, tokenizer):
    record = json.loads((serial / "corpus.json").read_bytes())
    tokens = TokenShards(serial)
    assert record["state"] == "finished" and record["tokens"] == len(tokens) and record["dtype"] == "uint16"
    assert [shard["source_sha256"] for shard in record["shards"]] == [file_sha256(path) for path in paths]
    assert [shard["sha256"] for shard in record["shards"]] == [file_sha256(path) for path in tokens.files]
    assert all("run" not in shard for shard in record["shards"])


def test_a_file_of_that_name_that_is_no_record_is_kept(paths, tokenizer, tmp_path):
    (tmp_path / "corpus.json").write_text('{"text": "mine"}', encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"corpus.json is not the record of a corpus .*choose another folder"
    ):
        tokenize_corpus(paths[:1], tokenizer, tmp_path)
    assert os.listdir(tmp_path) == ["corpus.json"]


def test_nothing_is_written_among_shards_of_another_corpus(copy, paths, tokenizer):
    remove(0)(copy)
    before = stamps(copy)
    with pytest.raises(ExceptionGroup, match=r"2 of 3 shards failed, nothing was written: .* another source"):
        tokenize_corpus(paths[3:6], tokenizer, copy)
    assert stamps(copy) == before


def test_a_corpus_can_grow_and_a_mended_source_takes_its_place(copy, paths, serial, tokenizer):
    tokenize_corpus(paths, tokenizer, copy)
    assert token_files(copy) == token_files(serial)
    TokenShards(copy).verify()


def test_a_path_given_twice_is_refused_however_it_is_written(paths, tokenizer, tmp_path):
    (tmp_path / "link.jsonl").symlink_to(paths[0])
    for again in (paths[0], str(paths[0]), paths[0].parent / "." / paths[0].name, tmp_path / "link.jsonl"):
        with pytest.raises(ValueError, match=rf"paths has {paths[0]} twice.*give each file once"):
            tokenize_corpus([*paths, again], tokenizer, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_what_has_no_order_is_refused_and_what_has_one_is_taken(paths, tokenizer, tmp_path):
    for kind in (set, frozenset):
        with pytest.raises(
            TypeError, match=r"documents is a set, .*no fixed order: give sorted\(documents\)"
        ):
            split_corpus(kind(["b", "a"]), tmp_path / "text")
        with pytest.raises(TypeError, match=r"paths is a set, .*no fixed order: give sorted\(paths\)"):
            tokenize_corpus(kind(paths), tokenizer, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    for number, documents in enumerate(
        [("b", "a"), iter("ba"), {"b": 0, "a": 1}.keys(), np.array(["b", "a"])]
    ):
        paths = split_corpus(documents, tmp_path / str(number))
        assert list(read_documents(*paths)) == ["b", "a"]


def test_a_table_or_a_dict_is_not_taken_for_the_names_in_it(tmp_path, tokenizer):
    table = pandas.DataFrame({"text": ["one", "two"]})
    for wrong in ({"train": "one"}, table):
        with pytest.raises(TypeError, match=r"documents must be an iterable of str"):
            split_corpus(wrong, tmp_path / "text")
        with pytest.raises(TypeError, match=r"paths must be an iterable of paths"):
            tokenize_corpus(wrong, tokenizer, tmp_path / "tokens")
    assert list(tmp_path.iterdir()) == []
    assert list(read_documents(*split_corpus(table["text"], tmp_path))) == ["one", "two"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_file_names_that_are_not_utf8_are_taken(tmp_path, tokenizer):
    source, target = (tmp_path / os.fsdecode(name) for name in (b"caf\xe9.txt", b"t\xff.bin"))
    source.write_text("one", encoding="utf-8")
    for _ in range(2):
        shards = TokenShards(tokenize_corpus([source], tokenizer, tmp_path / "tokens"))
        shards.verify()
    (tmp_path / "own").mkdir()
    tokenize_shard(source, tmp_path / "own" / target.name, tokenizer)
    assert TokenShards(tmp_path / "own")[:].tolist() == shards[:].tolist()


def test_each_failure_is_counted(paths, tokenizer, tmp_path):
    missing = [tmp_path / "nowhere.jsonl", tmp_path / "none.jsonl"]
    words = r"2 of 3 shards failed, the others are done: nowhere.jsonl: .*; none"
    with pytest.raises(ExceptionGroup, match=words) as e:
        tokenize_corpus(missing + paths[:1], tokenizer, tmp_path / "b")
    assert len(e.value.exceptions) == 2


@pytest.mark.parametrize("dtype", ["O", "float32", "int16", "uint64", "S2", "uint8", ">u2", "u2", None, 2])
def test_a_manifest_cannot_make_the_program_read_something_else(copy, dtype):
    path = manifest_path(copy / "tokens-000001.bin")
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"dtype": dtype}), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"tokens-000001.bin.manifest.json is not a manifest .*dtype must be one of"
    ):
        TokenShards(copy)


@pytest.mark.parametrize("tokens", [-1, True, 1.0, "3", None, 2**70])
def test_a_number_of_tokens_that_is_none_is_refused(copy, tokens):
    change_record(lambda record: record["shards"][1].update(tokens=tokens))(copy)
    with pytest.raises(
        ValueError, match=r"corpus.json is not the record of a corpus .*tokens must be an integer"
    ):
        TokenShards(copy)


def test_one_corpus_has_one_dtype(tmp_path):
    for name, largest in (("a", 65_535), ("b", 65_536)):
        source = split_corpus(["a"], tmp_path / name)[0]
        tokenizer = WideTokenizer(0, largest)
        tokenizer.fingerprint = lambda: "the same"
        tokenize_shard(source, tmp_path / f"{name}.bin", tokenizer)
    with pytest.raises(ValueError, match=r"b.bin was made by another tokenizer than a.bin"):
        TokenShards(tmp_path)


def tokenize_with_limit(limit, results, *args):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        tokenize_corpus(*args)
    except ExceptionGroup as group:
        results.put([str(error) for error in group.exceptions])


def test_a_full_disk_is_named_and_what_is_done_is_kept(copy, paths, tokenizer):
    before, good = token_stamps(copy), token_files(copy)
    small = sorted(len(data) for data in good.values())[0]
    results = FORK.Queue()
    child = FORK.Process(target=tokenize_with_limit, args=(small // 2, results, paths[:5], tokenizer, copy))
    child.start()
    errors = results.get(timeout=60)
    child.join()
    assert len(errors) == 2
    assert all(f"tokens-00000{i}.bin could not be written" in errors[i - 3] for i in (3, 4))
    assert token_stamps(copy) == before
    with pytest.raises(ValueError, match=r"unfinished, 3 of 5 shards are done: run tokenize_corpus again"):
        TokenShards(copy)
    tokenize_corpus(paths[:5], tokenizer, copy)
    assert len(token_files(copy)) == 5


def test_a_folder_that_cannot_be_written_is_named(paths, tokenizer, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "under"):
        for attempt in (
            lambda folder=folder: split_corpus(["a"], folder),
            lambda folder=folder: tokenize_corpus(paths, tokenizer, folder),
            lambda folder=folder: tokenize_shard(paths[0], folder / "a.bin", tokenizer),
        ):
            with pytest.raises(OSError, match=rf"folder {folder} cannot be made"):
                attempt()
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


def test_paths_that_make_no_sense_are_refused(paths, tokenizer, tmp_path):
    with pytest.raises(TypeError, match=r"paths must be an iterable of paths, not .*: give \["):
        tokenize_corpus(paths[0], tokenizer, tmp_path)
    with pytest.raises(ValueError, match=r"paths is empty"):
        tokenize_corpus([], tokenizer, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nowhere"):
        tokenize_shard(tmp_path / "nowhere.jsonl", tmp_path / "a.bin", tokenizer)
    with pytest.raises(FileNotFoundError, match=r"holds no token shard"):
        TokenShards(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nowhere is not there"):
        TokenShards(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match=rf"{paths[0]} is a file"):
        TokenShards(paths[0])


def tokenize_until(moment, *args):
    """`tokenize_corpus`, killed before or after one of its calls that force a file to disk, or rename it."""
    count = itertools.count()

    def dying(function):
        def call(*args):
            if next(count) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            function(*args)
            if next(count) == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        return call

    os.fsync, os.replace = dying(os.fsync), dying(os.replace)
    tokenize_corpus(*args)


def kill_at(moment, *args):
    child = FORK.Process(target=tokenize_until, args=(moment, *args))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("moment", range(4 + 2 * 8 + 4))  # the record, two shards with manifests, the record
def test_killed_at_each_step_it_says_how_far_it_came_and_goes_on(paths, serial, tokenizer, tmp_path, moment):
    kill_at(moment, paths[:2], tokenizer, tmp_path)
    done = len(list(tmp_path.glob("tokens-*.json")))
    assert token_files(tmp_path).items() <= token_files(serial).items()
    if moment < 3:  # before the record is renamed
        with pytest.raises(FileNotFoundError, match="holds no token shard"):
            TokenShards(tmp_path)
    elif moment < 23:
        with pytest.raises(ValueError, match=f"unfinished, {done} of 2 shards are done: run tokenize_corpus"):
            TokenShards(tmp_path)
    tokenize_corpus(paths[:2], tokenizer, tmp_path)
    assert np.array_equal(TokenShards(tmp_path)[:], TokenShards(serial)[: len(TokenShards(tmp_path))])
    assert len(list(tmp_path.iterdir())) == 5  # no temporary file is left


def test_killed_again_and_again_it_ends_with_the_same_bytes(paths, serial, tokenizer, tmp_path):
    for moment in (3, 9, 14, 21, 30):
        kill_at(moment, paths, tokenizer, tmp_path)
    tokenize_corpus(paths, tokenizer, tmp_path)
    assert token_files(tmp_path) == token_files(serial)


# ---- many processes ----


@pytest.mark.parametrize("number", [1, 2, 4])
def test_any_number_of_workers_gives_the_bytes_of_one_process(paths, serial, tokenizer, tmp_path, number):
    with workers(number) as client:
        assert tokenize_corpus(paths, tokenizer, tmp_path, client) == tmp_path
    assert token_files(tmp_path) == token_files(serial)
    runs = {json.loads(path.read_bytes())["run"]["pid"] for path in tmp_path.glob("tokens-*.json")}
    assert os.getpid() not in runs and len(runs) <= number
    before = stamps(tmp_path)
    tokenize_corpus(paths, tokenizer, tmp_path)  # what workers did need not be done again here
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("seed", range(4))
def test_a_worker_killed_at_a_random_moment_loses_nothing(paths, serial, tokenizer, tmp_path, seed):
    rng = random.Random(seed)
    wait_for = rng.randrange(len(paths) - 4)
    with workers(2) as client:
        victim = rng.choice(sorted(client.run(os.getpid).values()))
        run = threading.Thread(target=tokenize_corpus, args=(paths, tokenizer, tmp_path, client))
        run.start()
        while len(list(tmp_path.glob("tokens-*.json"))) < wait_for:
            time.sleep(0.002)
        os.kill(victim, signal.SIGKILL)
        done = len(list(tmp_path.glob("tokens-*.json")))
        run.join()
    assert done < len(paths)
    assert token_files(tmp_path) == token_files(serial)
    TokenShards(tmp_path).verify()  # and its record says so
    assert len(list(tmp_path.glob("tokens-*.json"))) == len(paths)


@pytest.mark.parametrize(
    "poison", [b"\xff\xfe\n", b"no JSON\n", b'["a list"]\n', b'{"text": 3}\n', b'{"text": "\\ud800"}\n']
)
@pytest.mark.parametrize("parallel", [False, True])
def test_a_poisoned_shard_is_named_and_the_rest_is_kept(
    client, paths, serial, tokenizer, tmp_path, poison, parallel
):
    poisoned = tmp_path / "poisoned.jsonl"
    poisoned.write_bytes(lines_of(paths[1])[0] + poison)
    sources, folder = [paths[0], poisoned, paths[2]], tmp_path / "tokens"
    with pytest.raises(
        ExceptionGroup, match=r"1 of 3 shards failed.*poisoned.jsonl, (line 2|document 1)"
    ) as e:
        tokenize_corpus(sources, tokenizer, folder, client if parallel else None)
    assert [type(error).__mro__[-4] for error in e.value.exceptions] == [ValueError]
    good = token_files(serial)
    assert token_files(folder) == {name: good[name] for name in ("tokens-000000.bin", "tokens-000002.bin")}
    sources[1] = paths[1]  # mended
    tokenize_corpus(sources, tokenizer, folder)
    assert token_files(folder).items() <= good.items()


NOTEBOOK = """
class Mine:
    vocab = {chr(i): i for i in range(128)} | {"<|endoftext|>": 128}
    def __init__(self):
        self.ids = lambda text: [min(ord(character), 127) for character in text]
    def encode(self, text):
        return self.ids(text)
"""


def test_what_only_a_notebook_knows_can_be_sent_to_workers(client, tmp_path):
    exec(NOTEBOOK, kernel := {"__name__": "__main__"})
    paths = split_corpus(["one", "two", "three"], tmp_path / "text", 20)
    there = tokenize_corpus(paths, kernel["Mine"](), tmp_path / "there", client)
    here = tokenize_corpus(paths, kernel["Mine"](), tmp_path / "here")
    assert token_files(there) == token_files(here) and len(TokenShards(there)) == len("onetwothree") + 3
    assert os.getpid() not in {manifest["run"]["pid"] for manifest in TokenShards(there).manifests}


def test_the_fingerprint_is_made_once_for_a_corpus(paths, tokenizer, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(BPETokenizer, "fingerprint", lambda self: calls.append(1) or "mine", raising=False)
    tokenize_corpus(paths[:3], tokenizer, tmp_path)
    assert len(calls) == 1


def test_a_tokenizer_that_cannot_be_sent_is_named(client, paths, tmp_path):
    tokenizer = WideTokenizer(0, 500)
    tokenizer.lock, tokenizer.fingerprint = threading.Lock(), lambda: "mine"
    with pytest.raises(TypeError, match=r"tokenizer cannot be sent to the workers .*lock"):
        tokenize_corpus(paths[:1], tokenizer, tmp_path, client)


def quiet_client(**more):
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    return Client(processes=False, threads_per_worker=1, **quiet, **more)


def test_a_client_that_cannot_work_is_refused_in_words(paths, tokenizer, tmp_path):
    folder = tmp_path / "tokens"
    with quiet_client(n_workers=0) as client, pytest.raises(ValueError, match="client has no worker: start"):
        tokenize_corpus(paths, tokenizer, folder, client)
    with pytest.raises(ValueError, match="client is closed, not running: make a new one"):
        tokenize_corpus(paths, tokenizer, folder, client)
    for bad in ("tcp://127.0.0.1:8786", 4, client.cluster or object()):
        with pytest.raises(TypeError, match=r"client must be a dask.distributed.Client, not"):
            tokenize_corpus(paths, tokenizer, folder, bad)

    async def go():
        async with quiet_client(n_workers=1, asynchronous=True) as client:
            with pytest.raises(
                ValueError, match=r"client is asynchronous.*await asyncio.to_thread\(tokenize_corpus"
            ):
                tokenize_corpus(paths, tokenizer, folder, client)
            assert not folder.exists()
            await asyncio.to_thread(tokenize_corpus, paths[:2], tokenizer, folder, client)

    asyncio.run(go())
    assert len(TokenShards(folder).files) == 2


class Waiter(WideTokenizer):
    """Says that it has begun by a file, and waits until there is another."""

    def __init__(self, folder):
        super().__init__(0, 500)
        self.folder = folder

    def encode(self, text):
        (self.folder / "begun").touch()
        while not (self.folder / "go on").exists():
            time.sleep(0.01)
        return super().encode(text)

    def fingerprint(self):
        return "the same, waiting or not"


def test_tasks_that_are_cancelled_are_named_and_the_corpus_is_unfinished(paths, tmp_path):
    sources, caught = split_corpus(["one", "two", "three"], tmp_path, 20), []

    def run():
        with pytest.raises(ExceptionGroup, match="its task was cancelled") as error:
            tokenize_corpus(sources, Waiter(tmp_path), tmp_path / "tokens", client)
        caught.append(error.value)

    with quiet_client(n_workers=1) as client:
        thread = threading.Thread(target=run)
        thread.start()
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        client.cancel([Future(key, client) for key in client.futures])
        thread.join()
        (tmp_path / "go on").touch()
    assert len(caught) == 1
    with pytest.raises(ValueError, match=r"unfinished, . of 3 shards are done"):
        TokenShards(tmp_path / "tokens")


def test_a_worker_that_only_writes_imports_neither_torch_nor_what_downloads():
    heavy = {"torch", "requests", "pandas", "distributed"}
    code = f"import sys, helpers.shards.write; print(*{heavy} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "\n"


# ---- one array over many files ----


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """(TokenShards, the same ids as one array): short files, one of them without tokens."""
    folder = tmp_path_factory.mktemp("many")
    texts = [["abcdef"], ["g"], [], ["hijklmnop", ""], ["qrs"]]
    for number, some in enumerate(texts):
        source = folder / f"{number}.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in some), encoding="utf-8")
        tokenize_shard(source, folder / f"{number}.bin", WideTokenizer(0, 500))
    ids = [ord(c) for c in "abcdef.g.hijklmnop..qrs."]
    return TokenShards(folder), np.array([500 if i == ord(".") else i for i in ids], dtype=np.uint16)


bounds = st.none() | st.integers(-30, 30)


@settings(max_examples=300, deadline=None)
@given(start=bounds, stop=bounds, step=bounds.filter(lambda step: step != 0))
def test_a_slice_is_what_numpy_gives(many, start, stop, step):
    tokens, array = many
    got = tokens[start:stop:step]
    assert got.dtype == array.dtype and got.tolist() == array[start:stop:step].tolist()


def test_an_index_is_what_numpy_gives(many):
    tokens, array = many
    assert len(tokens) == len(array) and tokens.shape == array.shape and list(tokens) == array.tolist()
    assert np.array_equal(np.asarray(tokens), array) and np.asarray(tokens, np.int64).dtype == np.int64
    assert all(tokens[i] == array[i] for i in range(-len(array), len(array)))
    assert tokens[torch.tensor(3)] == array[3] and tokens[np.int64(-1)].dtype == np.uint16
    for index in (np.arange(24).reshape(2, 12), [3, -1, 8, 8], torch.tensor([[0, 7], [9, 23]])):
        assert np.array_equal(tokens[index], array[np.asarray(index)])


@pytest.mark.parametrize(
    "index",
    [
        *(24, -25, [0, 24], np.array([-25]), np.array([0.5]), np.array([True]), True, 1.0, None, "1"),
        *(np.uint64(2**64 - 1), np.array([2**64 - 1], np.uint64), 2**70),
    ],
)
def test_an_index_outside_or_of_another_kind_is_refused(many, index):
    with pytest.raises(IndexError, match=r"index"):
        many[0][index]


def test_a_slice_inside_one_file_is_a_view_and_cannot_be_written(serial):
    tokens = TokenShards(serial)
    assert not tokens._maps  # nothing is opened before it is asked for
    assert np.shares_memory(tokens[10:20], tokens[15:30])
    assert list(tokens._maps) == [0]
    with pytest.raises(ValueError, match=r"read-only"):
        tokens[10:20][0] = 1


def test_pickling_sends_no_tokens(serial):
    tokens = TokenShards(serial)
    whole = tokens[:]
    sent = pickle.dumps(tokens)
    assert len(sent) < whole.nbytes / 10
    assert np.array_equal(pickle.loads(sent)[:], whole)


def test_of_more_files_than_may_be_open_the_one_unused_for_longest_is_closed(many, monkeypatch):
    monkeypatch.setattr(shards, "MAX_OPEN", 2)
    tokens = TokenShards(many[0].folder)
    assert np.array_equal(tokens[:], many[1]) and len(tokens._maps) == 2
    for index in (0, 7, 0, 20):  # of the files 0, 1, 0, 4
        assert tokens[index] == many[1][index]
    assert list(tokens._maps) == [0, 4]


def test_threads_may_read_while_files_are_closed(many, monkeypatch):
    monkeypatch.setattr(shards, "MAX_OPEN", 1)
    tokens, start = TokenShards(many[0].folder), threading.Barrier(4)

    def read(seed):
        start.wait()
        places = np.random.default_rng(seed).integers(0, len(tokens), 3000)
        return all(tokens[place] == many[1][place] for place in places)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(read, range(4)))
    finally:
        sys.setswitchinterval(switch)


def test_a_slice_with_steps_copies_what_it_gives_and_no_more(many):
    tokens, array = many
    for step in (1, 3, 23, -2):
        assert tokens[::step].nbytes == array[::step].nbytes
        assert tokens[::step].base is None or tokens[::step].base.nbytes <= array[::step].nbytes


@pytest.mark.parametrize("number", [0, 2])
def test_windows_over_shards_equal_windows_over_an_array(serial, number):
    tokens = TokenShards(serial)
    loaders = [DataLoader(WindowDataset(ids, 512), 32, num_workers=number) for ids in (tokens, tokens[:])]
    for ours, theirs in zip(*loaders, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
        assert ours[0].dtype == torch.int64


# ---- the order of training ----


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 40), st.integers(1, 3), st.integers(0, 40), st.integers(0, 3))
def test_each_index_goes_to_one_rank_once_with_and_without_a_restart(length, ranks, stop, seed):
    whole = [list(ResumableSampler(length, seed, rank, ranks)) for rank in range(ranks)]
    assert sorted(i for part in whole for i in part) == list(range(length))
    stop = min(stop, length // ranks)  # a step that every rank has done
    for rank in range(ranks):
        sampler = ResumableSampler(length, seed, rank, ranks)
        order = iter(sampler)
        seen = [next(order) for _ in range(stop)]
        again = ResumableSampler(range(length), seed + 1, rank, ranks)
        again.load_state_dict(json.loads(json.dumps(sampler.state_dict())))
        if stop < len(whole[rank]):
            assert seen + list(again) == whole[rank]
        assert len(sampler) == len(whole[rank])


@pytest.mark.parametrize(("before", "after"), [(1, 2), (3, 1), (2, 3), (3, 2)])
def test_another_number_of_ranks_can_go_on(before, after):
    samplers = [ResumableSampler(50, 7, rank, before) for rank in range(before)]
    seen = [i for sampler in samplers for i, _ in zip(sampler, range(11), strict=False)]
    states = [sampler.state_dict(consumed=11) for sampler in samplers]
    assert all(state == states[0] for state in states)
    for rank in range(after):
        sampler = ResumableSampler(50, 7, rank, after)
        sampler.load_state_dict(states[0])
        seen += list(sampler)
    assert sorted(seen) == list(range(50))


def test_epochs_follow_each_other_in_different_orders_also_after_a_restart():
    sampler = ResumableSampler(30, seed=5)
    first, second = list(sampler), list(sampler)
    assert first != second and sorted(first) == sorted(second) == list(range(30))
    fresh = ResumableSampler(30, seed=5)
    assert list(fresh) == first
    again = ResumableSampler(30)
    again.load_state_dict(fresh.state_dict())  # taken at the very end of an epoch
    assert list(again) == second
    assert list(ResumableSampler(30, seed=6)) != first


@pytest.mark.parametrize("number", [0, 2])
def test_what_workers_draw_ahead_is_not_lost(number):
    """Two workers with two batches each drawn ahead: only what the loop has had counts as consumed."""
    whole = list(ResumableSampler(100, seed=1))
    sampler = ResumableSampler(100, seed=1)
    loader = DataLoader(torch.arange(100), batch_size=4, sampler=sampler, num_workers=number)
    seen = []
    for batch in loader:
        seen += batch.tolist()
        if len(seen) == 40:
            break
    state = sampler.state_dict(consumed=len(seen))
    assert (sampler.state_dict() == state) == (number == 0)
    again = ResumableSampler(100)
    again.load_state_dict(state)
    rest = DataLoader(torch.arange(100), batch_size=4, sampler=again, num_workers=number)
    assert seen + [i for batch in rest for i in batch.tolist()] == whole
    with pytest.raises(ValueError, match=r"consumed must be an integer from 0 to \d+, not 101"):
        sampler.state_dict(consumed=101)


def train(checkpoint, steps):
    """Training with the model left out: what was seen is saved together with the sampler's state."""
    sampler, seen = ResumableSampler(steps, seed=3), []
    if checkpoint.exists():
        saved = json.loads(checkpoint.read_bytes())
        seen = saved["seen"]
        sampler.load_state_dict(saved["sampler"])
    for index in sampler:
        seen.append(index)
        with whole_file(checkpoint) as file:
            file.write(json.dumps({"seen": seen, "sampler": sampler.state_dict()}).encode())


def test_training_killed_at_random_steps_sees_each_window_once_in_the_same_order(tmp_path):
    checkpoint, rng, kills = tmp_path / "checkpoint", random.Random(1), 0
    for wait_for in [*sorted(rng.sample(range(1, 36), 3)), None]:
        child = FORK.Process(target=train, args=(checkpoint, 40))
        child.start()
        if wait_for:
            while not checkpoint.exists() or len(json.loads(checkpoint.read_bytes())["seen"]) < wait_for:
                time.sleep(0.001)
            child.kill()
        child.join()
        kills += child.exitcode == -signal.SIGKILL
    assert kills == 3
    assert json.loads(checkpoint.read_bytes())["seen"] == list(ResumableSampler(40, seed=3))


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_restart_near_the_end_of_an_epoch_gives_what_is_left_and_no_more(steps, after):
    """With fewer windows left than ranks some ranks sit out: they do not run ahead into the next epoch."""
    before = [ResumableSampler(11, seed=2, rank=rank, world_size=2) for rank in range(2)]
    seen = [index for sampler in before for index in itertools.islice(sampler, steps)]
    ranks = [ResumableSampler(11, rank=rank, world_size=after) for rank in range(after)]
    for sampler in ranks:
        sampler.load_state_dict(before[0].state_dict())
    assert sorted(seen + [index for sampler in ranks for index in sampler]) == list(range(11))
    assert sorted(index for sampler in ranks for index in sampler) == list(range(11))
    assert len({sampler.epoch for sampler in ranks}) == 1


GOOD = {"seed": 0, "epoch": 2, "position": 3, "length": 10}


@pytest.mark.parametrize(
    "bad", [None, {}, [], 3, *({k: v for k, v in GOOD.items() if k != name} for name in GOOD)]
)
def test_a_state_that_no_sampler_gave_is_refused(bad):
    with pytest.raises(ValueError, match=r"state must be what state_dict\(\) gave"):
        ResumableSampler(10).load_state_dict(bad)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [-1, True, 1.0, "1", None, [1]])
def test_a_state_with_a_value_that_is_none_is_refused_and_changes_nothing(name, value):
    sampler = ResumableSampler(10, seed=4)
    with pytest.raises(ValueError, match=rf"state\['{name}'\] must be an integer"):
        sampler.load_state_dict(GOOD | {name: value})
    assert sampler.state_dict() == ResumableSampler(10, seed=4).state_dict()


def test_a_position_lies_within_the_length():
    sampler = ResumableSampler(10)
    with pytest.raises(ValueError, match=r"state\['position'\] must be an integer from 0 to 10, not 11"):
        sampler.load_state_dict(GOOD | {"position": 11})
    sampler.load_state_dict(GOOD | {"position": 10})
    assert sorted(sampler) == list(range(10)) and sampler.epoch == 3


@pytest.mark.parametrize("number", [int, np.int64, np.uint8, torch.tensor])
def test_a_state_is_of_plain_ints_whatever_the_sampler_was_given(number, tmp_path):
    sampler = ResumableSampler(np.int64(10), number(3), number(1), number(2))
    sampler.set_epoch(number(4))
    assert isinstance(next(iter(sampler)), int)
    state = sampler.state_dict(consumed=number(1))
    assert state == {"seed": 3, "epoch": 4, "position": 2, "length": 10}
    assert {type(value) for value in state.values()} == {int}
    torch.save(state, tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True) == json.loads(json.dumps(state)) == state
    again = ResumableSampler(10)
    again.load_state_dict({name: number(value) for name, value in state.items()})
    assert {type(value) for value in again.state_dict().values()} == {int}


# ---- one iteration at a time ----


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=12))
def test_no_index_comes_twice_in_an_epoch_whichever_iterators_live(steps):
    sampler = ResumableSampler(30, seed=1)
    alive, seen = [iter(sampler) for _ in range(4)], Counter()
    for which, number in steps:
        with suppress(RuntimeError):
            for _, index in zip(range(number), alive[which], strict=False):
                seen[sampler.epoch, index] += 1
        alive[which] = iter(sampler)
    assert set(seen.values()) <= {1}
    assert sampler.state_dict()["position"] == seen.total()


@pytest.mark.parametrize(
    "end",
    [iter, lambda s: s.set_epoch(0), lambda s: s.load_state_dict(ResumableSampler(10).state_dict())],
)
def test_an_iteration_that_was_left_behind_says_so(end):
    sampler = ResumableSampler(10)
    old = iter(sampler)
    next(old)
    end(sampler)
    state = sampler.state_dict()
    with pytest.raises(RuntimeError, match="this iteration of the sampler has ended"):
        next(old)
    assert sampler.state_dict() == state


def test_looking_at_one_batch_costs_the_epoch_that_batch_until_the_epoch_is_set():
    sampler = ResumableSampler(100, seed=1)
    loader = DataLoader(torch.arange(100), batch_size=8, sampler=sampler)
    look = next(iter(loader)).tolist()
    rest = [i for batch in loader for i in batch.tolist()]
    assert len(rest) == 92 and not set(look) & set(rest)
    sampler.set_epoch(0)
    assert [i for batch in loader for i in batch.tolist()] == look + rest


def test_set_epoch_begins_that_epoch():
    orders = [list(sampler) for sampler in [ResumableSampler(20, seed=3)] for _ in range(4)]
    sampler = ResumableSampler(20, seed=3)
    for epoch in (2, 0, 3, 3, 1):
        sampler.set_epoch(epoch)
        assert list(sampler) == orders[epoch]
    assert list(sampler) == orders[2]  # the one after
    next(iter(sampler))
    sampler.set_epoch(2)
    assert list(sampler) == orders[2]


@pytest.mark.parametrize("stop", range(23))
def test_a_loop_that_sets_each_epoch_goes_on_after_a_restart(stop):
    """The usual loop, stopped after any number of steps: what is left of the epoch comes, then the next."""

    def loop(sampler, first):
        for epoch in range(first, 2):
            sampler.set_epoch(epoch)
            for index in sampler:
                yield epoch, index

    unbroken = list(loop(ResumableSampler(11, seed=5), 0))
    sampler = ResumableSampler(11, seed=5)
    seen = list(itertools.islice(loop(sampler, 0), stop))
    again = ResumableSampler(11)
    again.load_state_dict(sampler.state_dict())
    assert seen + list(loop(again, again.epoch)) == unbroken


def test_a_rank_without_an_index_stays_in_step_with_the_others():
    ranks = [ResumableSampler(1, rank=rank, world_size=3) for rank in range(3)]
    for epoch in range(4):
        assert [list(sampler) for sampler in ranks] == [[0], [], []]
        assert [sampler.epoch for sampler in ranks] == [epoch] * 3


@pytest.mark.parametrize("epoch", [-1, 1.5, None, True, "1"])
def test_an_epoch_that_is_none_is_refused(epoch):
    with pytest.raises(ValueError, match="epoch must be an integer of 0 or more, not"):
        ResumableSampler(10).set_epoch(epoch)


def test_a_length_or_a_seed_that_is_none_is_refused():
    assert list(ResumableSampler(np.int64(3))) == list(ResumableSampler(3))
    for arguments in ((-1,), (2.5,), (None,), (10, -1), (10, None), (10, "1"), (10, 1.5)):
        with pytest.raises(ValueError, match="must be an integer of 0 or more, not"):
            ResumableSampler(*arguments)


def test_a_state_of_other_data_and_a_rank_that_is_none_are_refused():
    sampler = ResumableSampler(10)
    with pytest.raises(ValueError, match=r"length 20, this one has 10"):
        sampler.load_state_dict(ResumableSampler(20).state_dict())
    for rank in (-1, 2):
        with pytest.raises(ValueError, match=rf"rank must be an integer from 0 to 1, not {rank}"):
            ResumableSampler(10, rank=rank, world_size=2)
    with pytest.raises(ValueError, match="world_size must be an integer of 1 or more, not 0"):
        ResumableSampler(10, world_size=0)
