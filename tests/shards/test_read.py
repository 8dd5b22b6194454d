"""Many files read as one array: what NumPy gives, without copies."""

import json
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shard_kit import WideTokenizer
from torch.utils.data import DataLoader

from helpers.shards import (
    TokenShards,
    tokenize_shard,
)
from helpers.windows import WindowDataset


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


@pytest.mark.parametrize(
    "index",
    [
        *(24, -25, [0, 2], np.array([2]), np.array([0.5]), np.array([True]), 1.0, None, "1", (1, 2)),
        *(np.uint64(2**64 - 1), 2**70),
    ],
)
def test_an_index_outside_or_of_another_kind_is_refused(many, index):
    with pytest.raises(IndexError, match=r"index must be a slice, or an int below 24, not "):
        many[0][index]


def test_a_slice_inside_one_file_is_a_view_and_cannot_be_written(serial):
    tokens = TokenShards(serial)
    assert not tokens._map.cache_info().currsize  # nothing is opened before it is asked for
    assert np.shares_memory(tokens[10:20], tokens[15:30])
    assert tokens._map.cache_info().currsize == 1
    with pytest.raises(ValueError, match=r"read-only"):
        tokens[10:20][0] = 1


def test_pickling_sends_no_tokens(serial):
    tokens = TokenShards(serial)
    whole = tokens[:]
    sent = pickle.dumps(tokens)
    assert len(sent) < whole.nbytes / 10
    assert np.array_equal(pickle.loads(sent)[:], whole)


def test_of_more_files_than_may_be_open_the_one_unused_for_longest_is_closed(many, monkeypatch):
    monkeypatch.setattr("helpers.shards.read.MAX_OPEN", 2)
    tokens = TokenShards(many[0].folder)
    assert np.array_equal(tokens[:], many[1]) and tokens._map.cache_info().currsize == 2
    before = tokens._map.cache_info()
    for index in (0, 7, 0, 20, 0):  # of the files 0, 1, 0, 4, 0
        assert tokens[index] == many[1][index]
    after = tokens._map.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (3, 2)


def test_threads_may_read_while_files_are_closed(many, monkeypatch):
    monkeypatch.setattr("helpers.shards.read.MAX_OPEN", 1)
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
