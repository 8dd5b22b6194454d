"""A full disk, a folder that is none, a kill at any moment: what is done is kept, and it goes on."""

import itertools
import os
import signal

import numpy as np
import pytest
from shard_kit import FORK, resource, token_files, token_stamps

from helpers.shards import (
    TokenShards,
    split_corpus,
    tokenize_corpus,
    tokenize_shard,
)

pytestmark = pytest.mark.slow


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
