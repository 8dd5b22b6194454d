"""Tokenizing a corpus to disk: MB of text a second, and the memory it takes (notebook 09).

`python -m benchmarks shards [turns]`: the library docs, repeated to 50 MB in each of 3 turns and to 200 MB
once; a vocabulary of 8,192 trained on them. Beside `tokenize_corpus` in one process and on two Dask workers
stands tiktoken in the usual script, on the same vocabulary: a pool of two processes encodes documents, the
parent collects the ids and writes them into one memory map. Starting the workers is counted for neither. Peak
memory is that of the calling process first, then of its workers.
"""

import logging
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle, product
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

from benchmarks import progress, speeds, table
from benchmarks.child import memory
from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.shards import read_documents, split_corpus, tokenize_corpus
from helpers.shards.record import read_corpus

END, TIKTOKEN = "<|endoftext|>", "tiktoken, pool of two"


def main(args: list[str]) -> None:
    turns = int(args[0]) if args else 3
    tokenizer = BPETokenizer.train(corpus.library_documents()[::10], 8192)
    for size, turns_here in ((50, turns), (200, 1)):
        with tempfile.TemporaryDirectory() as scratch:
            paths = split_corpus(repeated(size * 10**6), Path(scratch) / "text")
            compare(size, turns_here, paths, tokenizer, Path(scratch))


def compare(size: int, turns: int, paths: list[Path], tokenizer: BPETokenizer, scratch: Path) -> None:
    seconds, rows = {name: [] for name in WAYS}, {}
    for turn, (name, way) in product(range(turns), WAYS.items()):
        progress(f"{size} MB, turn {turn + 1} of {turns}: {name}")
        taken, tokens, peaks = in_a_process(way, paths, tokenizer, scratch / f"{turn}-{way.__name__}")
        seconds[name].append(taken)
        rows[name] = name, f"{tokens:,}", f"{size / taken:.1f}", ", ".join(f"{peak:.0f}" for peak in peaks)
    progress("")
    if turns > 1:
        speeds(f"Tokenizing {size} MB of text to disk", "MB/s", size, seconds, TIKTOKEN)
    header = ("", "tokens", "MB/s in the last turn", "peak MB of each process")
    table(f"Memory while tokenizing {size} MB of text to disk", header, list(rows.values()))


def repeated(size: int) -> Iterator[str]:
    """The library docs again and again, until `size` bytes are reached."""
    for document in cycle(corpus.library_documents()):
        yield document
        size -= len(document.encode("utf-8"))
        if size <= 0:
            return


def in_a_process(way: Callable, *args) -> tuple[float, int, list[float]]:
    """(seconds, tokens, peak resident MB of each process): run `way` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_measure, args=(queue, way, *args))
    process.start()
    result = queue.get()
    process.join()
    return result


def _measure(queue, way: Callable, paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> None:
    folder.mkdir()
    queue.put(way(paths, tokenizer, folder))


def peak_mb(_: object = None) -> float:
    """The most resident memory this process has had. (`getrusage` would count what its parent had, too.)"""
    return memory("VmHWM")


def one_process(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    started = time.perf_counter()
    tokenize_corpus(paths, tokenizer, folder)
    return time.perf_counter() - started, count(folder), [peak_mb()]


def two_workers(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=2, threads_per_worker=1, **quiet) as cluster, Client(cluster) as client:
        started = time.perf_counter()
        tokenize_corpus(paths, tokenizer, folder, client)
        seconds = time.perf_counter() - started
        return seconds, count(folder), [peak_mb(), *client.run(peak_mb).values()]


def count(folder: Path) -> int:
    return sum(manifest["tokens"] for manifest in read_corpus(folder))


def tiktoken_script(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    context = multiprocessing.get_context("fork")
    encoding, end = tokenizer.to_tiktoken(), tokenizer.special_tokens[END]
    global encode  # forked workers find it where they look for it
    encode = lambda text: [*encoding.encode_ordinary(text), end]
    with context.Pool(2) as pool:
        started = time.perf_counter()
        documents = chain.from_iterable(map(read_documents, paths))
        ids = list(pool.imap(_encode, documents, chunksize=256))
        peaks = pool.map(peak_mb, range(2), chunksize=1)
    total = sum(map(len, ids))
    out, at = np.memmap(folder / "all.bin", np.uint16, "w+", shape=(total,)), 0
    for some in ids:
        out[at : at + len(some)] = some
        at += len(some)
    out.flush()
    return time.perf_counter() - started, total, [peak_mb(), *peaks]


def _encode(text: str) -> list[int]:
    return encode(text)


WAYS = {"one process": one_process, "two Dask workers": two_workers, TIKTOKEN: tiktoken_script}
