"""A corpus on disk: text shards, token shards with their manifests, one process or many (notebook 09).

A *text shard* is a JSON Lines file, one `{"text": ...}` a line. JSON escapes line ends, so a document may
hold anything, and documents come apart again just where they were joined. A *token shard* is the bare ids
of a text shard, `<|endoftext|>` after each document, two bytes an id where they fit and four where not.
Its *manifest* says what it was made from. Nothing here imports torch, which would cost each worker 200 MB.
"""

import hashlib
import json
import operator
import os
import pickle
import socket
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from distributed import Client

END_OF_TEXT = "<|endoftext|>"
MANIFEST = ".manifest.json"  # tokens-000000.bin has tokens-000000.bin.manifest.json
CHUNK = 2**20  # bytes held before they go to the disk


# ---- a file is there whole or not at all ----


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write to, which becomes `path` only if the block ends without an error.

    Written under a name of its own, forced to disk, renamed: a reader, or a crash at any moment, meets the
    old file or the new one, never half of one. Raises `OSError` that names `path` if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb", buffering=CHUNK) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} could not be written ({error.strerror}). What is done is kept: make room, or choose "
            "another folder, and run this again",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)  # after the rename there is nothing left to remove


def _sync_folder(folder: Path) -> None:
    """Force the folder's list of names to disk, so that a rename outlives a power cut."""
    if hasattr(os, "O_DIRECTORY"):  # not on Windows
        number = os.open(folder, os.O_DIRECTORY)
        os.fsync(number)
        os.close(number)


def _make_folder(folder: str | os.PathLike) -> Path:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f"folder {folder} cannot be made ({error.strerror}); choose one that can be written"
        ) from error
    return Path(folder)


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove the temporary files of a run that was killed."""
    for path in folder.glob(f".{prefix}*.tmp"):
        path.unlink(missing_ok=True)


def file_sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, in hexadecimal; holds no more than a small piece of it in memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- text shards ----


def split_corpus(documents: Iterable[str], folder: str | os.PathLike, shard_bytes: int = 2**24) -> list[Path]:
    """Write `documents` into text shards `shard-000000.jsonl`, ... in `folder`; returns their paths.

    A document is never cut. A shard is closed before it would grow past `shard_bytes`; a longer document
    gets a shard to itself. An empty document is kept: dropping is a filter's work. Takes any iterable, one
    document at a time, and holds one shard in memory. A shard that is there already is left as it is.

    Raises `ValueError` for a lone surrogate (UTF-8 cannot hold it), `TypeError` for a document that is not
    a `str`, `FileExistsError` if `folder` holds shards of another corpus, `OSError` if it cannot be written.
    """
    if isinstance(documents, str):
        raise TypeError("documents must be an iterable of str, not one str: give [text] for one document")
    if not hasattr(documents, "__iter__") and not hasattr(documents, "__getitem__"):
        raise TypeError(f"documents must be an iterable of str, not {documents!r:.60}")
    if not is_integer(shard_bytes) or shard_bytes < 1:
        raise ValueError(f"shard_bytes must be at least 1 byte, not {shard_bytes!r}")
    folder, paths, lines, size = _make_folder(folder), [], [], 0
    _remove_leftovers(folder, "shard-")
    for number, document in enumerate(documents):
        line = _json_line(number, document)
        if lines and size + len(line) > shard_bytes:
            paths.append(_write_text(folder, len(paths), lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        paths.append(_write_text(folder, len(paths), lines))
    _refuse_others(folder, "shard-*.jsonl", paths)
    return paths


def is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _json_line(number: int, document: str) -> bytes:
    if not isinstance(document, str):
        raise TypeError(f"documents[{number}] must be a str, not {type(document).__name__}: {document!r:.60}")
    try:
        document.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"documents[{number}] holds a lone surrogate, {document[error.start]!r} at character "
            f"{error.start}, which UTF-8 cannot hold: replace it, for example with "
            "document.encode('utf-8', 'replace').decode()"
        ) from error
    return json.dumps({"text": document}, ensure_ascii=False).encode("utf-8") + b"\n"


def _write_text(folder: Path, number: int, lines: list[bytes]) -> Path:
    path, data = folder / f"shard-{number:06d}.jsonl", b"".join(lines)
    if not path.exists():
        with whole_file(path) as file:
            file.write(data)
    elif path.read_bytes() != data:
        raise FileExistsError(f"{path} is there already and holds other text: choose another folder")
    return path


def _refuse_others(folder: Path, pattern: str, ours: list[Path]) -> None:
    others = sorted(set(folder.glob(pattern)) - set(ours))
    if others:
        raise FileExistsError(
            f"folder {folder} holds {len(others)} shard(s) of another corpus, such as {others[0].name}: "
            "choose another folder, or move them away"
        )


def read_documents(path: str | os.PathLike) -> Iterator[str]:
    """The documents of a text shard, one by one. A file that does not end in .jsonl is one document.

    Raises `ValueError` with the file's name and the line where a line is not a JSON object with a "text".
    """
    path = Path(path)
    with open(path, "rb") as file:
        for number, line in enumerate(file if path.suffix == ".jsonl" else [file.read()], 1):
            try:
                text = line.decode("utf-8")
                document = json.loads(text)["text"] if path.suffix == ".jsonl" else text
                if not isinstance(document, str):
                    raise TypeError(f'"text" is {document!r:.60}')
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise ValueError(
                    f"{path}, line {number}: {type(error).__name__}: {error}. Each line must be UTF-8 and a "
                    'JSON object with a "text": mend the line, or drop it'
                ) from error
            yield document


# ---- token shards ----


def tokenize_shard(source: str | os.PathLike, target: str | os.PathLike, tokenizer: Any) -> dict:
    """Tokenize the text shard `source` into the token shard `target`; returns its manifest.

    The ids of each document, then the id of `<|endoftext|>`: uint16 if the vocabulary has at most 65,536
    ids, else uint32, little-endian. Those letters inside a document stay ordinary text. The tokenizer needs
    `encode` (or `encode_to_numpy`), `vocab` and `special_tokens`. The token file is written whole, and its
    manifest, `target` + ".manifest.json", last: what has no manifest is not done. What is done (same source,
    same tokenizer, file undamaged, all by SHA-256) is not done again; what is damaged is made again.

    Raises `ValueError` if `target` was made from another source or by another tokenizer, if it is `source`
    itself, or if `source` is not a text shard; `TypeError` for what is no tokenizer; `OSError` if `source`
    cannot be read or `target` cannot be written.
    """
    source, target, started = Path(source), Path(target), time.time()
    if source.resolve() == target.resolve():
        raise ValueError(f"target {target} is the source itself, which would be lost: give it another name")
    if not hasattr(tokenizer, "encode") or not hasattr(tokenizer, "vocab"):
        raise TypeError(f"tokenizer must have encode and vocab, as a BPETokenizer has, not {tokenizer!r:.60}")
    _make_folder(target.parent)
    made_from = {"source_sha256": file_sha256(source), "tokenizer_sha256": tokenizer_sha256(tokenizer)}
    manifest, damage = _what_is_there(target, made_from)
    if manifest and not damage:
        return manifest
    with whole_file(target) as file:
        written = _write_tokens(file, source, tokenizer)
    run = {"host": socket.gethostname(), "pid": os.getpid(), "started": started, "replaced": damage}
    run["seconds"] = time.time() - started
    manifest = {"file": target.name, "source": source.name, **made_from, **written, "run": run}
    with whole_file(manifest_path(target)) as file:
        file.write(json.dumps(manifest, indent=1).encode("utf-8"))
    return manifest


def tokenizer_sha256(tokenizer: Any) -> str:
    """A fingerprint of what decides which ids a tokenizer gives: vocabulary, merges, pattern, specials."""
    digest = hashlib.sha256(type(tokenizer).__name__.encode())
    for name in ("pattern", "lowercase", "vocab", "merges", "special_tokens"):
        value = getattr(tokenizer, name, None)
        value = sorted(value.items()) if isinstance(value, dict) else value
        digest.update(f"{name}={value!r}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def largest_id(tokenizer: Any) -> int:
    """The largest id that `tokenizer` can give, special tokens included. Its `vocab` may map either way."""
    ids = (i for pair in tokenizer.vocab.items() for i in pair if isinstance(i, int))
    return max([*ids, *getattr(tokenizer, "special_tokens", {}).values()])


def _write_tokens(file: IO[bytes], source: Path, tokenizer: Any) -> dict:
    """Write the ids of `source` to `file`; returns the manifest's lines on what was written."""
    end = getattr(tokenizer, "special_tokens", tokenizer.vocab).get(END_OF_TEXT)
    if end is None:
        raise ValueError(f"tokenizer has no {END_OF_TEXT!r} among its special_tokens: train it with one")
    largest, encode = largest_id(tokenizer), getattr(tokenizer, "encode_to_numpy", tokenizer.encode)
    dtype = np.dtype("<u2" if largest < 2**16 else "<u4")
    documents = tokens = text_bytes = 0
    digest = hashlib.sha256()
    for document in read_documents(source):
        try:
            ids = np.asarray(encode(document))
        except ValueError as error:
            raise ValueError(f"{source}, document {documents}: {error}") from error
        if ids.size and ids.dtype.kind not in "iu":  # 1.7 would be written as 1
            raise ValueError(f"{source}, document {documents}: the tokenizer gave {ids.dtype}, not integers")
        ids = np.append(ids.astype(np.int64), end)
        if ids.min() < 0 or ids.max() > largest:
            raise ValueError(f"{source}, document {documents}: the tokenizer gave an id outside its vocab")
        data = ids.astype(dtype).tobytes()
        file.write(data)
        digest.update(data)
        documents, tokens = documents + 1, tokens + len(ids)
        text_bytes += len(document.encode("utf-8"))
    counts = {"documents": documents, "text_bytes": text_bytes, "tokens": tokens}
    return {"dtype": dtype.name, **counts, "sha256": digest.hexdigest()}


# ---- manifests ----


def manifest_path(target: Path) -> Path:
    return target.with_name(target.name + MANIFEST)


def token_file(number: int) -> str:
    """The name that `tokenize_corpus` gives to token shard `number`."""
    return f"tokens-{number:06d}.bin"


def read_manifest(target: Path) -> dict:
    """The manifest of the token shard `target`.

    Raises `FileNotFoundError` if there is none, `ValueError` if it is not a manifest.
    """
    path = manifest_path(target)
    needed = {"file", "source_sha256", "tokenizer_sha256", "dtype", "documents", "tokens", "sha256"}
    try:
        manifest = json.loads(path.read_bytes())
        missing = needed - manifest.keys()
        if not missing:
            operator.index(manifest["tokens"]), np.dtype(manifest["dtype"])
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a manifest ({error}): move it and its shard away") from error
    if missing:
        raise ValueError(f"{path} says nothing of {', '.join(sorted(missing))}: move it and its shard away")
    return manifest


def damage_of(target: Path, manifest: dict, read: bool = True) -> str:
    """What is wrong with a token shard, in a sentence; "" if it fits its manifest.

    Looks at the size, and with `read` at every byte.
    """
    wanted = manifest["tokens"] * np.dtype(manifest["dtype"]).itemsize
    if not target.exists():
        return f"{target} is missing, though its manifest is there"
    if (size := target.stat().st_size) != wanted:
        return f"{target} has {size:,} bytes where its manifest says {wanted:,}"
    if read and file_sha256(target) != manifest["sha256"]:
        return f"{target} is damaged: its SHA-256 is not the one in its manifest"
    return ""


def _what_is_there(target: Path, made_from: dict) -> tuple[dict | None, str]:
    """The manifest of `target` if it has one, and its damage. Raises `ValueError` if it is not ours."""
    try:
        manifest = read_manifest(target)
    except FileNotFoundError:
        return None, ""
    for key, wanted in made_from.items():
        if manifest[key] != wanted:
            raise ValueError(
                f"{target} was made with another {key.removesuffix('_sha256')} ({manifest[key][:12]}..., "
                f"not {wanted[:12]}...) and is left alone: choose another folder, or move it away"
            )
    return manifest, damage_of(target, manifest)


# ---- a whole corpus ----


def tokenize_corpus(
    paths: Iterable[str | os.PathLike],
    tokenizer: Any,
    folder: str | os.PathLike,
    client: "Client | None" = None,
) -> Path:
    """Tokenize each text shard of `paths` into `folder`, in the order given; returns `folder`.

    In this process, or with a `dask.distributed.Client` on its workers, which must see the same files. A
    shard whose worker is lost goes to another worker. The bytes are the same either way. Call it again after
    a crash: finished shards are kept, the rest is made. One call at a time for a folder.

    Raises `FileExistsError` if `folder` holds shards that are not of these paths. If shards fail, the others
    are finished first; then one `ExceptionGroup` names each failed shard, with its error.
    """
    if isinstance(paths, str | os.PathLike):
        raise TypeError(f"paths must be a list of paths, not one path: give [{str(paths)!r}]")
    sources = [Path(path).resolve() for path in paths]
    if not sources:
        raise ValueError("paths is empty: give at least one text shard")
    folder = _make_folder(folder)
    targets = [folder.resolve() / token_file(number) for number in range(len(sources))]
    _refuse_others(folder.resolve(), "tokens-*.bin", targets)
    _remove_leftovers(folder, "tokens-")
    run = _run_here if client is None else _run_on_workers
    errors = {s: e for s, e in zip(sources, run(sources, targets, tokenizer, client), strict=True) if e}
    if errors:
        named = "; ".join(f"{source.name}: {error}" for source, error in list(errors.items())[:10])
        raise ExceptionGroup(
            f"{len(errors)} of {len(sources)} shards failed, the others are done: {named}",
            list(errors.values()),
        )
    return folder


def _run_here(sources: list[Path], targets: list[Path], tokenizer: Any, _: None) -> list[Exception | None]:
    errors = []
    for source, target in zip(sources, targets, strict=True):
        try:
            tokenize_shard(source, target, tokenizer)
            errors.append(None)
        except Exception as error:
            errors.append(error)
    return errors


def _run_on_workers(
    sources: list[Path], targets: list[Path], tokenizer: Any, client: "Client"
) -> list[Exception | None]:
    # The tokenizer travels once, as a task of its own: Dask can repeat a task if the worker that held its
    # result is lost. Scattered data would be lost with the worker.
    there = client.submit(pickle.loads, pickle.dumps(tokenizer), pure=False)
    futures = [
        client.submit(tokenize_shard, source, target, there, pure=False)
        for source, target in zip(sources, targets, strict=True)
    ]
    return [future.exception() for future in futures]
