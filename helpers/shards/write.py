"""Token shards from text shards, in one process or on many workers (notebook 09).

Each worker imports this module, so nothing here imports torch, which takes 200 MB.
"""

import hashlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from helpers import arguments
from helpers.files import as_path, file_sha256, remove_leftovers, whole_file
from helpers.shards import record
from helpers.shards.documents import in_order, make_folder, read_documents, refuse_others
from helpers.shards.fingerprint import fingerprint
from helpers.shards.record import RECORD, manifest_path

AnyPath = str | os.PathLike
END_OF_TEXT = "<|endoftext|>"
BATCH = 2**20  # characters that are encoded together
PATIENCE = 60  # seconds; where no worker is left after so long, nobody waits for one


def tokenize_corpus(paths: Iterable[AnyPath], tokenizer: Any, folder: AnyPath, client: Any = None) -> Path:
    """Tokenize each file of `paths` into `folder`, in the order given; returns `folder`.

    In this process, or with a `dask.distributed.Client` on its workers, which must see the same files. A
    shard whose worker is lost goes to another worker. The bytes are the same either way. The record of the
    corpus, corpus.json, is begun first, as unfinished, and finished last. After a crash call it again:
    finished shards are kept, the rest is made. One call at a time for a folder.

    Raises `FileExistsError` if `folder` holds other shards than these paths have, `ValueError` for a path
    that stands twice and a client that cannot work (asynchronous, closed, without workers), `TypeError` for a
    set, and for a tokenizer that is none or cannot be sent. If shards fail, the others are finished first;
    then one `ExceptionGroup` names each failed shard, with its error. It also names those that were made from
    another source or by another tokenizer; then nothing is written.
    """
    sources = _sources(paths)
    _end_and_largest(tokenizer)
    _check_client(client)
    made_by, folder = fingerprint(tokenizer), make_folder(folder)
    targets = [folder.resolve() / record.token_file(number) for number in range(len(sources))]
    refuse_others(folder, record.shards_in(folder).difference(target.name for target in targets))
    pairs = list(zip(sources, targets, strict=True))
    _call_all(sources, [partial(_manifest_if_ours, *pair, made_by) for pair in pairs], "nothing was written")
    for prefix in ("tokens-", RECORD):
        remove_leftovers(folder, prefix, age=0)
    if not all(manifest_path(target).exists() for target in targets):
        record.write(folder, "unfinished", [{"file": to.name, "source": source.name} for source, to in pairs])
    _call_all(sources, _calls(pairs, tokenizer, made_by, client), "run this again, it keeps the others")
    record.write(folder, "finished", [record.read(manifest_path(target)) for target in targets])
    return folder


def _sources(paths: Iterable[AnyPath]) -> list[Path]:
    """The files that `paths` name, each once."""
    paths = enumerate(in_order("paths", paths, "paths"))
    sources = [as_path(f"paths[{number}]", path).resolve() for number, path in paths]
    if not sources:
        raise ValueError("paths is empty: give at least one text shard")
    if twice := [source for source, times in Counter(sources).items() if times > 1]:
        raise ValueError(f"paths has {twice[0]} twice, so its text would count twice: give each file once")
    return sources


def _call_all(sources: list[Path], calls: Iterable[Callable], rest: str) -> None:
    """Make each call, one for each source; then raise the errors of those that failed as one."""
    failed = []
    for source, call in zip(sources, calls, strict=True):
        try:
            call()
        except Exception as error:
            failed.append((source.name, error))
    if failed:
        named = "; ".join(f"{name}: {error}" for name, error in failed[:10])
        message = f"{len(failed)} of {len(sources)} shards failed, {rest}: {named}"
        raise ExceptionGroup(message, [error for _, error in failed])


def tokenize_shard(source: AnyPath, target: AnyPath, tokenizer: Any, made_by: str | None = None) -> dict:
    """Tokenize `source`, a text shard or any file of `read_documents`, into `target`; returns its manifest.

    The ids of each document, then the id of `<|endoftext|>`: uint16 if the vocabulary has at most 65,536
    ids, else uint32, little-endian. Those letters inside a document stay ordinary text. The tokenizer needs
    `encode` and `vocab`, with the end in it or in `special_tokens`; where it has `encode_documents` or
    `encode_to_numpy`, these are used. The token file is written whole, and its manifest, `target` +
    ".manifest.json", last: what has no manifest is not done. What is done (same source, same tokenizer, file
    undamaged, all by SHA-256) is not done again; what is damaged is made again. `made_by` is the fingerprint
    of the tokenizer, if it is known.

    Raises `ValueError` if `target` was made from another source or by another tokenizer (see `fingerprint`),
    if it is `source` itself, if `source` changes meanwhile, or cannot be read as text; `TypeError` for what
    is no tokenizer; `OSError` if `source` cannot be opened or `target` cannot be written.
    """
    source, target, started = as_path("source", source), as_path("target", target), time.time()
    end, largest = _end_and_largest(tokenizer)
    make_folder(target.parent)
    made_from = {"source_sha256": file_sha256(source), "tokenizer_sha256": made_by or fingerprint(tokenizer)}
    if target.exists() and target.samefile(source):
        raise ValueError(f"target {target} is the source itself, which would be lost: give it another name")
    if manifest := _manifest_if_ours(source, target, made_from["tokenizer_sha256"]):
        with suppress(ValueError):  # it is damaged
            record.check(target, manifest, read=True)
            return manifest
    with whole_file(target) as file:
        written = _write_tokens(file, source, tokenizer, end, largest)
        if file_sha256(source) != made_from["source_sha256"]:
            raise ValueError(f"{source} was changed while it was read: run this again once it is complete")
    seconds = time.time() - started
    run = {"host": socket.gethostname(), "pid": os.getpid(), "started": started, "seconds": seconds}
    manifest = {"file": target.name, "source": source.name, **made_from, **written, "run": run}
    record.write_json(manifest_path(target), manifest)
    return manifest


def _manifest_if_ours(source: Path, target: Path, made_by: str) -> dict | None:
    """The manifest of `target`, if it has one. Raises `ValueError` if it was made from something else."""
    if not (manifest_path(target).exists() and source.exists()):
        return None
    manifest = record.read(manifest_path(target))
    for name, wanted in (("source", file_sha256(source)), ("tokenizer", made_by)):
        if (found := manifest[f"{name}_sha256"]) != wanted:
            other = f"{target} was made with another {name} ({found[:12]}..., not {wanted[:12]}...)"
            raise ValueError(f"{other} and is left alone: choose another folder, or move it away")
    return manifest


def _end_and_largest(tokenizer: Any) -> tuple[int, int]:
    """The id of <|endoftext|>, and the largest id that `tokenizer` can give; `vocab` may map either way."""
    vocab, special = getattr(tokenizer, "vocab", None), getattr(tokenizer, "special_tokens", {})
    if not callable(getattr(tokenizer, "encode", None)) or not isinstance(vocab, Mapping):
        wanted = "encode and vocab (a dict of tokens and ids), as a BPETokenizer has"
        raise arguments.WrongKind(f"tokenizer must have {wanted}, not {tokenizer!r:.60}")
    known = {**vocab, **special} if isinstance(special, Mapping) else vocab
    if (end := known.get(END_OF_TEXT)) is None:
        raise ValueError(f"tokenizer has no {END_OF_TEXT!r} in its special_tokens or vocab: train it with it")
    end = arguments.integer(f"the id of {END_OF_TEXT!r}", end)
    ids = (i for i in chain(*known.items()) if isinstance(i, int | np.integer))
    return end, arguments.integer("the largest id of tokenizer.vocab", max(end, *ids), 0, 2**32 - 1)


def _write_tokens(file: IO[bytes], source: Path, tokenizer: Any, end: int, largest: int) -> dict:
    """Write the ids of `source` to `file`; returns the manifest's lines on what was written."""
    encode = getattr(tokenizer, "encode_to_numpy", tokenizer.encode)
    together = getattr(tokenizer, "encode_documents", None)  # many short documents sooner than one by one
    dtype = np.dtype("<u2" if largest < 2**16 else "<u4")
    last = b"" if together else np.array([end], dtype).tobytes()
    documents, text_bytes, digest = 0, 0, hashlib.sha256()
    for batch in _batches(read_documents(source), BATCH if together else 0):
        try:
            ids = _ids(together(batch, end) if together else encode(batch[0]), largest)
            data = ids.astype(dtype).tobytes() + last
        except Exception as error:
            at = f"document {documents}" + f" to {documents + len(batch) - 1}" * (len(batch) > 1)
            raise ValueError(f"{source}, {at}: {type(error).__name__}: {error}") from error
        file.write(data)
        digest.update(data)
        documents, text_bytes = documents + len(batch), text_bytes + sum(len(t.encode()) for t in batch)
    counts = {"documents": documents, "text_bytes": text_bytes, "tokens": file.tell() // dtype.itemsize}
    return {"dtype": dtype.name, **counts, "sha256": digest.hexdigest()}


def _batches(documents: Iterable[str], size: int) -> Iterator[list[str]]:
    """The documents in lists, each with `size` characters or somewhat more; the last may have fewer."""
    batch, length = [], 0
    for document in documents:
        batch.append(document)
        length += len(document)
        if length >= size:
            yield batch
            batch, length = [], 0
    if batch:
        yield batch


def _ids(gave: Any, largest: int) -> np.ndarray:
    ids = arguments.id_array("what encode gave", gave)
    arguments.in_range("what encode gave", ids, 0, largest)
    return ids


def _check_client(client: Any) -> None:
    if client is None:
        return
    from distributed import Client  # here, as one process needs none of it

    synchronous = isinstance(client, Client) and not client.asynchronous
    if not synchronous or client.status != "running" or not client.nthreads():
        wanted = "a dask.distributed.Client that is running, has a worker, and is not asynchronous here"
        way_out = "wait for a worker, or, in async code, await asyncio.to_thread(tokenize_corpus, ...)"
        raise arguments.WrongKind(f"client must be {wanted}, not {client!r:.60}: {way_out}")


def _calls(pairs: list[tuple[Path, Path]], tokenizer: Any, made_by: str, client: Any) -> Iterator[Callable]:
    """For each source, what tokenizes it when it is called, or waits for the worker that does."""
    if client is None:
        yield from (partial(tokenize_shard, *pair, tokenizer, made_by) for pair in pairs)
        return
    from distributed.protocol.pickle import dumps, loads  # unlike `pickle`, also what a notebook defines

    try:
        sent = dumps(tokenizer)
    except Exception as error:
        way_out = "take from it what cannot be pickled, such as an open file, or leave out client"
        raise TypeError(f"tokenizer cannot be sent to the workers ({error}): {way_out}") from error
    # It travels once, as a task of its own: Dask can repeat a task whose result was lost with a worker.
    # Scattered data would stay lost.
    there = client.submit(loads, sent, pure=False)
    each = zip(*pairs, strict=True)
    futures = client.map(tokenize_shard, *each, tokenizer=there, made_by=made_by, pure=False)
    yield from (partial(_wait, future, [there, *futures], client) for future in futures)


def _wait(future: Any, futures: list, client: Any) -> None:
    """Raise the error of a task, once it has ended. All are cancelled where no worker is left to end them."""
    while not future.done():
        try:
            future.exception(PATIENCE)
        except TimeoutError:
            if not client.nthreads():
                client.cancel(futures)
    if future.cancelled():
        raise RuntimeError("its task was cancelled: the client was closed or restarted, or no worker is left")
    future.result()
