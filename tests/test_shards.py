"""Shards on disk, tokenizing with lost workers, reading back, and going on after a crash."""

import itertools
import json
import logging
import multiprocessing
import os
import pickle
import random
import signal
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from dask.distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from helpers import corpus, shards
from helpers.bpe import BPETokenizer
from helpers.files import file_sha256, whole_file
from helpers.shard_files import manifest_path, read_manifest
from helpers.shards import (
    ResumableSampler,
    TokenShards,
    read_documents,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)
from helpers.windows import WindowDataset

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


@pytest.mark.parametrize("index", [24, -25, [0, 24], np.array([-25]), np.array([0.5]), np.array([True])])
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


def test_more_files_than_may_be_open_are_no_trouble(many, monkeypatch):
    monkeypatch.setattr(shards, "MAX_OPEN", 2)
    tokens = TokenShards(many[0].folder)
    assert np.array_equal(tokens[:], many[1]) and len(tokens._maps) == 2


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


@pytest.mark.parametrize("bad", [None, {}, [], {"seed": 0, "epoch": 0, "position": 3}])
def test_a_state_that_no_sampler_gave_is_refused(bad):
    with pytest.raises(ValueError, match=r"state must be what state_dict\(\) gave"):
        ResumableSampler(10).load_state_dict(bad)


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
