"""Tokenizing a corpus to disk: MB of text a second, and the memory it takes (notebook 09).

`python -m benchmarks shards [turns]`. First the docstrings of the library docs, half of them shorter than 330
characters, go from one text shard into a file of ids, on one core (CPU time); each of our tokenizers and of
gigatoken's is new, as a worker has it. Then the same documents again and again, on two cores: 50 MB once in
every way, and 200 MB in up to two turns. There stands tiktoken in the usual script: a pool of two processes
encodes documents, the parent collects the ids and writes them. gigatoken and tokenizers have threads of their
own. Starting the workers is counted for none. Peak memory is that of the calling process first, then of its
workers. Every way writes the same ids.
"""

import hashlib
import json
import logging
import multiprocessing
import pickle
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, cycle, islice, product
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

from benchmarks import in_turn, progress, speeds, table
from benchmarks.child import in_a_child, memory, on_one_core
from benchmarks.peers import (
    END,
    GIGATOKEN,
    TIKTOKEN,
    TOKENIZERS,
    as_gigatoken,
    as_tiktoken,
    as_tokenizers,
    vocabularies,
    vocabulary_file,
)
from benchmarks.setup import installed
from helpers import corpus
from helpers.bpe import BPETokenizer
from helpers.shards import read_documents, split_corpus, tokenize_corpus, tokenize_shard

SHARD, CORPUS, POOL = "tokenize_shard", "tokenize_corpus", f"{TIKTOKEN}, pool of two"
BATCH = 1024  # documents that `tokenizers` gets at once


def main(args: list[str]) -> None:
    turns = int(args[0]) if args else 3
    for title, tokenizer in vocabularies().items():
        with tempfile.TemporaryDirectory() as folder:
            [source] = split_corpus(corpus.library_documents(), Path(folder) / "text")
            vocabulary = vocabulary_file(folder, tokenizer)
            seconds = on_one_core(shard_in_turn, str(source), vocabulary, turns)
            texts = list(read_documents(source))
            size = len("".join(texts).encode()) / 1e6
            bars = "documents" if title == "gpt2" else ""
            what, short = (
                f"{len(texts):,} docstrings ({size:.1f} MB) into a shard, {title}",
                f"docstrings, {title}",
            )
            speeds(what, "MB per CPU second", size, seconds, TIKTOKEN, bars, short)
    title, tokenizer = next(iter(vocabularies().items()))
    for size, turns_here, ways in ((50, 1, ALL_WAYS), (200, min(turns, 2), FAST_WAYS)):
        with tempfile.TemporaryDirectory() as scratch:
            paths = split_corpus(repeated(size * 10**6), Path(scratch) / "text")
            compare(size, turns_here, ways, paths, tokenizer, Path(scratch), title)


# ---- short documents, one core ----


def shard_in_turn(source: str, vocabulary: str, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each way to write the ids of one text shard. Exits if the files differ."""
    ours, face = BPETokenizer.load(vocabulary), as_tokenizers(vocabulary)
    openai, frozen, end = as_tiktoken(ours), pickle.dumps(ours), ours.special_tokens[END]
    dtype = "uint16" if max(ours.vocab) < 2**16 else "uint32"
    target = Path(tempfile.mkdtemp(dir=Path(vocabulary).parent), "ids.bin")
    given = Path(source), target, end, dtype
    makers = {
        SHARD: lambda: partial(our_shard, pickle.loads(frozen), *given),
        TIKTOKEN: lambda: partial(tiktoken_shard, openai, *given),
        TOKENIZERS: lambda: partial(tokenizers_shard, face, *given),
    }
    if installed("gigatoken"):
        makers[GIGATOKEN] = lambda: partial(gigatoken_shard, as_gigatoken(vocabulary), *given)
    written = {}
    for name, make in makers.items():
        in_a_child(lambda make=make: make()())
        written[name] = hashlib.sha256(target.read_bytes()).hexdigest()
    if len(set(written.values())) > 1:
        raise SystemExit(f"these wrote different ids, so their times cannot be compared: {written}")
    return in_turn(makers, repeats, time.process_time, rehearse=True)


def our_shard(ours: BPETokenizer, source: Path, target: Path, end: int, dtype: str) -> None:
    for file in target.parent.glob(f"{target.name}*"):  # or what is done would not be done again
        file.unlink()
    tokenize_shard(source, target, ours)


def texts_of(source: Path) -> Iterator[str]:
    with source.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def tiktoken_shard(encoding, source: Path, target: Path, end: int, dtype: str) -> None:
    ids = array(np.dtype(dtype).char)
    for text in texts_of(source):
        ids.extend(encoding.encode_ordinary(text))
        ids.append(end)
    target.write_bytes(ids.tobytes())


def tokenizers_shard(theirs, source: Path, target: Path, end: int, dtype: str) -> None:
    ids, texts = array(np.dtype(dtype).char), texts_of(source)
    while batch := list(islice(texts, BATCH)):
        for encoded in theirs.encode_batch_fast(batch, add_special_tokens=False):
            ids.extend(encoded.ids)
            ids.append(end)
    target.write_bytes(ids.tobytes())


def gigatoken_shard(theirs, source: Path, target: Path, end: int, dtype: str, parallel: bool = False) -> None:
    with target.open("wb") as file:
        file.write(gigatoken_ids(theirs, source, end, parallel).astype(dtype).tobytes())


def gigatoken_ids(theirs, source: Path, end: int, parallel: bool) -> np.ndarray:
    """The ids of all documents of a text shard, which gigatoken reads itself, and `end` after each."""
    import awkward
    import gigatoken

    rows = theirs.encode_files(gigatoken.JsonlFileSource([source]), parallel=parallel)
    lengths = awkward.to_numpy(awkward.num(rows))
    return np.insert(awkward.to_numpy(awkward.flatten(rows)), np.cumsum(lengths), end)


# ---- a corpus, two cores ----


def compare(
    size: int, turns: int, ways: dict, paths: list[Path], tokenizer: BPETokenizer, scratch: Path, title: str
) -> None:
    seconds, rows, written = {name: [] for name in ways}, {}, {}
    for turn, (name, way) in product(range(turns), ways.items()):
        progress(f"{size} MB, turn {turn + 1} of {turns}: {name}")
        taken, written[name], peaks = in_a_process(way, paths, tokenizer, scratch / f"{turn}-{way.__name__}")
        seconds[name].append(taken)
        rows[name] = name, f"{size / taken:.1f}", ", ".join(f"{peak:.0f}" for peak in peaks)
    progress("")
    if len(set(written.values())) > 1:
        raise SystemExit(f"these wrote different ids, so their times cannot be compared: {written}")
    title = f"Tokenizing {size} MB of text to disk, {title}"
    speeds(title, "MB/s", size, seconds, POOL, short=f"corpus of {size} MB" if size == 200 else "")
    header = ("", "MB/s in the last turn", "peak MB of each process")
    table(f"Memory while {title[0].lower()}{title[1:]}", header, list(rows.values()))


def repeated(size: int) -> Iterator[str]:
    """The library docs again and again, until `size` bytes are reached."""
    for document in cycle(corpus.library_documents()):
        yield document
        size -= len(document.encode("utf-8"))
        if size <= 0:
            return


def in_a_process(way: Callable, *args) -> tuple[float, int, list[float]]:
    """(seconds, hash of the ids, peak resident MB of each process): run `way` in a fresh process."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_measure, args=(queue, way, *args))
    process.start()
    result = queue.get()
    process.join()
    return result


def _measure(queue, way: Callable, paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> None:
    folder.mkdir()
    seconds, peaks = way(paths, tokenizer, folder)
    queue.put((seconds, ids_hash(folder), peaks))


def ids_hash(folder: Path) -> str:
    """Of the ids of all token files of a folder, one after another: eight digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.bin")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def peak_mb(_: object = None) -> float:
    """The most resident memory this process has had. (`getrusage` would count what its parent had, too.)"""
    return memory("VmHWM")


def one_process(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    started = time.perf_counter()
    tokenize_corpus(paths, tokenizer, folder)
    return time.perf_counter() - started, [peak_mb()]


def two_workers(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=2, threads_per_worker=1, **quiet) as cluster, Client(cluster) as client:
        started = time.perf_counter()
        tokenize_corpus(paths, tokenizer, folder, client)
        seconds = time.perf_counter() - started
        return seconds, [peak_mb(), *client.run(peak_mb).values()]


def tiktoken_script(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    context = multiprocessing.get_context("fork")
    encoding, end = as_tiktoken(tokenizer), tokenizer.special_tokens[END]
    dtype = np.uint16 if max(tokenizer.vocab) < 2**16 else np.uint32
    global encode  # forked workers find it where they look for it
    encode = lambda text: [*encoding.encode_ordinary(text), end]
    with context.Pool(2) as pool:
        started = time.perf_counter()
        documents = chain.from_iterable(map(texts_of, paths))
        ids = list(pool.imap(_encode, documents, chunksize=256))
        peaks = pool.map(peak_mb, range(2), chunksize=1)
    total = sum(map(len, ids))
    out, at = np.memmap(folder / "all.bin", dtype, "w+", shape=(total,)), 0
    for some in ids:
        out[at : at + len(some)] = some
        at += len(some)
    out.flush()
    return time.perf_counter() - started, [peak_mb(), *peaks]


def _encode(text: str) -> list[int]:
    return encode(text)


def gigatoken_script(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    return by_shards(partial(gigatoken_shard, parallel=True), as_gigatoken, paths, tokenizer, folder)


def tokenizers_script(paths: list[Path], tokenizer: BPETokenizer, folder: Path) -> tuple:
    return by_shards(tokenizers_shard, as_tokenizers, paths, tokenizer, folder)


def by_shards(
    write: Callable, read: Callable, paths: list[Path], tokenizer: BPETokenizer, folder: Path
) -> tuple:
    theirs, end = read(vocabulary_file(folder, tokenizer)), tokenizer.special_tokens[END]
    dtype = "uint16" if max(tokenizer.vocab) < 2**16 else "uint32"
    started = time.perf_counter()
    for number, path in enumerate(paths):
        write(theirs, path, folder / f"{number:06d}.bin", end, dtype)
    return time.perf_counter() - started, [peak_mb()]


FAST_WAYS = {f"{CORPUS}, two Dask workers": two_workers, POOL: tiktoken_script}
if installed("gigatoken"):
    FAST_WAYS[GIGATOKEN] = gigatoken_script
ALL_WAYS = FAST_WAYS | {f"{CORPUS}, one process": one_process, TOKENIZERS: tokenizers_script}
