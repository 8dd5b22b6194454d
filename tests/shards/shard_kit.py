"""What several test files of the shards need: a plain tokenizer, workers, looks at a folder, harm."""

import json
import logging
import multiprocessing
import os
from contextlib import contextmanager
from multiprocessing import forkserver

import pytest
from dask import config
from dask.distributed import Client, LocalCluster

resource = pytest.importorskip("resource", reason="limits, kills and forks as Windows does not know them")
END = "<|endoftext|>"
FORK = multiprocessing.get_context("forkserver")  # children without the threads of this process
HELPERS = ["helpers.bpe", "helpers.windows", "helpers.shards"]
FROZEN = "tests.shards.frozen"  # found from the root of the project; from elsewhere it is left out
FORK.set_forkserver_preload(["dask.distributed", "hypothesis", "pytest", *HELPERS, FROZEN])


@contextmanager
def workers(number, method="forkserver"):
    """A client of as many workers, each a process with one thread.

    By default they are forked: started afresh, as users have them ("spawn"), each imports for two seconds.
    """
    forkserver.ensure_running()  # with what stands above, before dask would choose what is imported there
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with (
        config.set({"distributed.worker.multiprocessing-method": method}),
        LocalCluster(n_workers=number, threads_per_worker=1, **quiet) as cluster,
        Client(cluster) as client,
    ):
        yield client


def token_files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("tokens-*.bin"))}


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def token_stamps(folder):
    return {name: time for name, time in stamps(folder).items() if name.startswith("tokens-")}


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


class WideTokenizer:
    """One id a character, shifted up."""

    def __init__(self, shift, largest):
        self.shift, self.special_tokens = shift, {END: largest}
        self.vocab = {str(i): i for i in range(0, largest, 1000)}

    def encode(self, text):
        return [self.shift + ord(character) for character in text]


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-2])


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


def change_record(change):
    def harm(folder):
        record = json.loads((folder / "corpus.json").read_bytes())
        change(record)
        (folder / "corpus.json").write_text(json.dumps(record), encoding="utf-8")

    return harm
