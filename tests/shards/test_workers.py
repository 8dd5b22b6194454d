"""Many workers give the bytes of one process, also where some are killed."""

import asyncio
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from dask import config
from dask.distributed import Client, Future
from shard_kit import (
    WideTokenizer,
    lines_of,
    stamps,
    token_files,
    workers,
)

from helpers.bpe import BPETokenizer
from helpers.shards import (
    TokenShards,
    split_corpus,
    tokenize_corpus,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    with workers(2) as client:
        yield client


@pytest.mark.parametrize(("number", "method"), [(1, "spawn"), (2, "forkserver"), (4, "forkserver")])
def test_any_number_of_workers_gives_the_bytes_of_one_process(
    paths, serial, tokenizer, tmp_path, number, method
):
    with workers(number, method) as client:
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


class Named(WideTokenizer):
    def fingerprint(self):
        return "mine"


def test_a_tokenizer_that_cannot_be_sent_is_named(client, paths, tmp_path):
    tokenizer = Named(0, 500)
    tokenizer.lock = threading.Lock()
    with pytest.raises(TypeError, match=r"tokenizer cannot be sent to the workers .*lock"):
        tokenize_corpus(paths[:1], tokenizer, tmp_path, client)


def quiet_client(**more):
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    return Client(processes=False, threads_per_worker=1, **quiet, **more)


def test_a_client_that_cannot_work_is_refused_in_words(paths, tokenizer, tmp_path):
    folder = tmp_path / "tokens"
    refused = pytest.raises(TypeError, match=r"client must be a dask.distributed.Client that .*, not .*: ")
    with quiet_client(n_workers=0) as client, refused:
        tokenize_corpus(paths, tokenizer, folder, client)
    for bad in (client, "tcp://127.0.0.1:8786", 4, client.cluster or object()):
        with refused:
            tokenize_corpus(paths, tokenizer, folder, bad)

    async def go():
        async with quiet_client(n_workers=1, asynchronous=True) as client:
            with pytest.raises(ValueError, match=r"asynchronous.*await asyncio.to_thread\(tokenize_corpus"):
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
        with pytest.raises(ExceptionGroup, match=r"run this again.*cancelled") as error:
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


class Deadly(WideTokenizer):
    """Kills each process that encodes with it."""

    def encode(self, text):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_shard_that_each_worker_dies_on_is_named_with_the_way_out(tmp_path):
    sources = split_corpus(["one"], tmp_path / "text")
    words = r"1 of 1 shards failed, run this again, it keeps the others: shard-000000.jsonl: .*workers died"
    once, named = (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(ExceptionGroup, match=words),
    )
    with once, workers(1) as client, named:
        tokenize_corpus(sources, Deadly(0, 500), tmp_path / "tokens", client)


def test_where_no_worker_is_left_nobody_waits_for_one(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.shards.write.PATIENCE", 0.1)
    sources, caught = split_corpus(["one", "two"], tmp_path, 20), []

    def run():
        with pytest.raises(ExceptionGroup, match=r"2 of 2 .*run this again.*no worker is left") as error:
            tokenize_corpus(sources, Waiter(tmp_path), tmp_path / "tokens", client)
        caught.append(error.value)

    with workers(1) as client:
        thread = threading.Thread(target=run)
        thread.start()
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        client.cluster.scale(0)
        thread.join()
    assert len(caught) == 1


def test_a_worker_that_only_writes_imports_neither_torch_nor_what_downloads():
    heavy = {"torch", "requests", "pandas", "distributed"}
    code = f"import sys, helpers.shards.write; print(*{heavy} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "\n"
