"""A corpus on disk: text shards, token shards with their manifests, and a record of the whole (notebook 09).

A *text shard* is a JSON Lines file, one `{"text": ...}` a line. JSON escapes line ends, so a document may
hold anything, and documents come apart again just where they were joined. A *token shard* is the bare ids
of a text shard, `<|endoftext|>` after each document, two bytes an id where they fit and four where not.
Its *manifest* says what it was made from. The *record*, corpus.json, lists the token shards of a corpus, or
nobody could tell a whole one from what is left of it. Nothing here imports torch: 200 MB for each worker.
"""

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from helpers import arguments
from helpers.files import OLD, as_path, file_sha256, open_utf8, read_text, remove_leftovers, whole_file
from helpers.shards.fingerprint import fingerprint

if TYPE_CHECKING:
    from distributed import Client, Future

END_OF_TEXT = "<|endoftext|>"
MANIFEST = ".manifest.json"  # tokens-000000.bin has tokens-000000.bin.manifest.json
RECORD = "corpus.json"
NUMBERED = re.compile(r"tokens-\d{6,}\.bin")  # what token_file gives
GO_ON = "run tokenize_corpus again with the same paths, tokenizer and folder; it keeps what is done"
LINES = re.compile(r"\.(jsonl|ndjson|ldjson|jsonlines|jsons?)(?![a-z])", re.IGNORECASE)
PACKED = {".gz", ".gzip", ".zst", ".zstd"}
TABLES = {".parquet", ".csv", ".tsv", ".arrow", ".feather", ".xls", ".xlsx", ".ods"}
NO_TEXT = set(
    ".pdf .doc .docx .odt .rtf .epub .zip .tar .tgz .bz2 .xz .7z .rar .bin .npy .npz .pkl .pt".split()
)


# ---- text shards ----


def split_corpus(documents: Iterable[str], folder: str | os.PathLike, shard_bytes: int = 2**24) -> list[Path]:
    """Write `documents` into text shards `shard-000000.jsonl`, ... in `folder`; returns their paths.

    A document is never cut. A shard is closed before it would grow past `shard_bytes`; a longer document
    gets a shard to itself. An empty document is kept: dropping is a filter's work. Takes any iterable, one
    document at a time, and holds one shard in memory. After a crash call it again: a shard that is there
    already is left as it is, and what is missing is written.

    Raises `ValueError` for a lone surrogate (UTF-8 cannot hold it), `TypeError` for a document that is not
    a `str` and for a set, which has no fixed order, `FileExistsError`, before anything is written, if
    `folder` holds shards of another corpus, and `OSError` if it cannot be written.
    """
    _in_order("documents", documents, "str")
    shard_bytes = arguments.integer("shard_bytes", shard_bytes, 1)
    folder = _make_folder(folder)
    there = {path.name for path in folder.glob("shard-*.jsonl") if re.fullmatch(r"shard-\d{6,}", path.stem)}
    paths, lines, size = [], [], 0
    # What an interrupted run left has no gap, so nothing is written before all that is there was compared.
    _refuse_others(folder, there - {_text_file(number) for number in range(len(there))})
    remove_leftovers(folder, "shard-", OLD)  # younger ones may be of another run that is at work
    for number, document in enumerate(documents):
        text = arguments.text(f"documents[{number}]", document)
        line = json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n"
        if lines and size + len(line) > shard_bytes:
            paths.append(_write_text(folder / _text_file(len(paths)), b"".join(lines)))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        paths.append(_write_text(folder / _text_file(len(paths)), b"".join(lines)))
    _refuse_others(folder, there - {path.name for path in paths})
    return paths


def _in_order(name: str, values: Iterable, of: str) -> None:
    arguments.many(name, values, of)
    if isinstance(values, set | frozenset):
        raise arguments.WrongKind(f"{name} is a set, which has no fixed order: give sorted({name})")


def _text_file(number: int) -> str:
    return f"shard-{number:06d}.jsonl"


def _make_folder(folder: str | os.PathLike) -> Path:
    path = as_path("folder", folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            error.errno, f"folder {path} cannot be made ({error.strerror}); choose one that can be written"
        ) from error
    return path


def _write_text(path: Path, data: bytes) -> Path:
    if not path.exists():
        with whole_file(path) as file:
            file.write(data)
    elif path.read_bytes() != data:
        raise FileExistsError(f"{path} is there already and holds other text: choose another folder")
    return path


def _refuse_others(folder: Path, names: set[str]) -> None:
    if names:
        raise FileExistsError(
            f"folder {folder} holds {len(names)} shard(s) of another corpus, such as {min(names)}: choose "
            "another folder, or move them away"
        )


def read_documents(path: str | os.PathLike) -> Iterator[str]:
    """The documents of a file, one by one, read as a stream.

    .jsonl, .ndjson, .ldjson, .jsonlines, .json and .jsons, also before another ending (.jsonl.bak), have a
    JSON object with a "text" on each line (.json may also be one array of them); blank lines hold nothing.
    Any other text file is one document. Each may be compressed (gzip, Zstandard), begin with a byte order
    mark, and be UTF-16 with one; capitals in a suffix do not matter.

    Raises `ValueError` with the file's name, and the line or the byte offset, for what is not such an object
    or not UTF-8, for a lone surrogate, for files that are no text (tables, archives, PDF), and for JSON Lines
    under another name.
    """
    path = as_path("path", path)
    suffixes = [suffix for suffix in map(str.lower, path.suffixes) if suffix not in PACKED]
    suffix, lines = suffixes[-1] if suffixes else "", LINES.findall(path.name)
    if suffix in TABLES or (not lines and TABLES.intersection(suffixes)):
        raise ValueError(f"{path} is a table: read it with pandas, and give its texts to split_corpus")
    if suffix in NO_TEXT:
        raise ValueError(f"{path} is no text file: save its text as UTF-8 (.txt, or .jsonl), and give that")
    try:
        yield from _json_documents(path, lines[-1].lower() == "json") if lines else [_one_document(path)]
    except OSError as error:  # a disk that fails names no file
        raise OSError(error.errno, f"could not be read ({error.strerror})", str(path)) from error


def _one_document(path: Path) -> str:
    text = read_text(path)
    try:
        _text_of(json.loads(text.lstrip().partition("\n")[0]))
    except (ValueError, RecursionError):
        return text
    raise ValueError(
        f'{path} begins with a JSON object with a "text", as JSON Lines do: name it .jsonl, or, if it is one '
        "document all the same, give its text to split_corpus"
    )


def _json_documents(path: Path, array: bool) -> Iterator[str]:
    """The texts of JSON Lines; or, where `array` allows it and the file begins with "[", of one list."""
    with open_utf8(path) as file:
        place = "line 1"
        try:
            for number, line in enumerate(file, 1):
                place, line = f"line {number}", line.removeprefix(b"\xef\xbb\xbf")  # where files were joined
                if array and line.lstrip().startswith(b"["):
                    for number, item in enumerate(json.loads((line + file.read()).decode()), 1):
                        place = f"item {number}"
                        yield _text_of(item)
                elif line.strip():
                    array = False
                    yield _text_of(json.loads(line.decode()))
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(
                f"{path}, {place}: {type(error).__name__}: {error}. Each line must be UTF-8 and a JSON "
                'object with a "text": mend the line, or drop it'
            ) from error


def _text_of(item: Any) -> str:
    if not isinstance(item, dict) or "text" not in item:
        raise arguments.WrongKind(f'no object with a "text", but {item!r:.60}')
    return arguments.text('"text"', item["text"])


# ---- token shards ----


def tokenize_shard(source: str | os.PathLike, target: str | os.PathLike, tokenizer: Any) -> dict:
    """Tokenize `source`, a text shard or any file of `read_documents`, into `target`; returns its manifest.

    The ids of each document, then the id of `<|endoftext|>`: uint16 if the vocabulary has at most 65,536
    ids, else uint32, little-endian. Those letters inside a document stay ordinary text. The tokenizer needs
    `encode` (or `encode_to_numpy`) and `vocab`, with the end in it or in `special_tokens`. The token file is
    written whole, and its manifest, `target` + ".manifest.json", last: what has no manifest is not done. What
    is done (same source, same tokenizer, file undamaged, all by SHA-256) is not done again; what is damaged
    is made again.

    Raises `ValueError` if `target` was made from another source or by another tokenizer (see `fingerprint`),
    if it is `source` itself, if `source` changes meanwhile, or cannot be read as text; `TypeError` for what
    is no tokenizer; `OSError` if `source` cannot be opened or `target` cannot be written.
    """
    source, target = as_path("source", source), as_path("target", target)
    _end_and_largest(tokenizer)
    _make_folder(target.parent)
    return _tokenize(source, target, tokenizer, fingerprint(tokenizer))


def _tokenize(source: Path, target: Path, tokenizer: Any, tokenizer_sha256: str) -> dict:
    started, source_sha256 = time.time(), file_sha256(source)
    if target.exists() and target.samefile(source):
        raise ValueError(f"target {target} is the source itself, which would be lost: give it another name")
    made_from = {"source_sha256": source_sha256, "tokenizer_sha256": tokenizer_sha256}
    manifest = _manifest_if_ours(target, made_from)
    if manifest and not damage_of(target, manifest):
        return manifest
    with whole_file(target) as file:
        written = _write_tokens(file, source, tokenizer)
        if file_sha256(source) != source_sha256:
            raise ValueError(f"{source} was changed while it was read: run this again once it is complete")
    run = {"host": socket.gethostname(), "pid": os.getpid(), "started": started}
    run["seconds"] = time.time() - started
    manifest = {"file": target.name, "source": source.name, **made_from, **written, "run": run}
    _write_json(manifest_path(target), manifest)
    return manifest


def _end_and_largest(tokenizer: Any) -> tuple[int, int]:
    """The id of <|endoftext|>, and the largest id that `tokenizer` can give; `vocab` may map either way."""
    vocab, special = getattr(tokenizer, "vocab", None), getattr(tokenizer, "special_tokens", {})
    if not callable(getattr(tokenizer, "encode", None)) or not isinstance(vocab, Mapping):
        raise arguments.WrongKind(
            "tokenizer must have encode and vocab (a dict of tokens and ids), as a BPETokenizer has, not "
            f"{tokenizer!r:.60}"
        )
    special = special if isinstance(special, Mapping) else {}
    if (end := special.get(END_OF_TEXT, vocab.get(END_OF_TEXT))) is None:
        raise ValueError(f"tokenizer has no {END_OF_TEXT!r} in its special_tokens or vocab: train it with it")
    end = arguments.integer(f"the id of {END_OF_TEXT!r}", end)
    ids = (i for i in chain(*vocab.items(), *special.items()) if isinstance(i, int | np.integer))
    return end, arguments.integer("the largest id of tokenizer.vocab", max(end, *ids), 0, 2**32 - 1)


def _write_tokens(file: IO[bytes], source: Path, tokenizer: Any) -> dict:
    """Write the ids of `source` to `file`; returns the manifest's lines on what was written."""
    end, largest = _end_and_largest(tokenizer)
    encode = getattr(tokenizer, "encode_to_numpy", tokenizer.encode)
    dtype = np.dtype(_dtype(largest)).newbyteorder("<")
    documents = tokens = text_bytes = 0
    digest = hashlib.sha256()
    for document in read_documents(source):
        try:
            ids = arguments.id_array("what encode gave", encode(document))
            arguments.in_range("what encode gave", ids, 0, largest)
        except Exception as error:
            raise ValueError(f"{source}, document {documents}: {type(error).__name__}: {error}") from error
        data = np.append(ids, end).astype(dtype).tobytes()
        file.write(data)
        digest.update(data)
        documents, tokens = documents + 1, tokens + len(ids) + 1
        text_bytes += len(document.encode())
    counts = {"documents": documents, "text_bytes": text_bytes, "tokens": tokens}
    return {"dtype": dtype.name, **counts, "sha256": digest.hexdigest()}


def _dtype(largest: int) -> str:
    return "uint16" if largest < 2**16 else "uint32"


# ---- manifests ----


def manifest_path(target: Path) -> Path:
    return target.with_name(target.name + MANIFEST)


def token_file(number: int) -> str:
    """The name that `tokenize_corpus` gives to token shard `number`."""
    return f"tokens-{number:06d}.bin"


def _write_json(path: Path, value: dict) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(value, indent=1).encode())


def read_manifest(target: Path) -> dict:
    """The manifest of the token shard `target`.

    Raises `FileNotFoundError` if there is none, `ValueError` if it is not a manifest.
    """
    path = manifest_path(target)
    try:
        return _checked(json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is not a manifest ({error}): move it and its shard away") from error


def _checked(manifest: Any) -> dict:
    """`manifest`, if it says all of a token shard. A file read with another dtype could crash the program."""
    texts = ("file", "source", "source_sha256", "tokenizer_sha256", "sha256")
    if not isinstance(manifest, dict):
        raise TypeError(f"it is {manifest!r:.60}")
    if missing := {*texts, "dtype", "documents", "tokens"} - manifest.keys():
        raise ValueError(f"it does not say {', '.join(sorted(missing))}")
    for name in texts:
        os.fsencode(manifest[name])  # a str; the name of a file may have bytes that are no UTF-8
    for name in ("documents", "tokens"):
        arguments.integer(name, manifest[name])
    arguments.choice("dtype", manifest["dtype"], ("uint16", "uint32"))
    return manifest


def damage_of(target: Path, manifest: dict, read: bool = True) -> str:
    """What is wrong with a token shard, in a sentence; "" if it fits its manifest.

    Looks at the size, and with `read` at every byte.
    """
    wanted = manifest["tokens"] * np.dtype(manifest["dtype"]).itemsize
    if not target.is_file():
        return f"{target} is missing, though its manifest is there"
    if (size := target.stat().st_size) != wanted:
        return f"{target} has {size:,} bytes where its manifest says {wanted:,}"
    if read and file_sha256(target) != manifest["sha256"]:
        return f"{target} is damaged: its SHA-256 is not the one in its manifest"
    return ""


def _manifest_if_ours(target: Path, made_from: dict) -> dict | None:
    """The manifest of `target`, if it has one. Raises `ValueError` if it was made from something else."""
    try:
        manifest = read_manifest(target)
    except FileNotFoundError:
        return None
    for key, wanted in made_from.items():
        if manifest[key] != wanted:
            raise ValueError(
                f"{target} was made with another {key.removesuffix('_sha256')} ({manifest[key][:12]}..., "
                f"not {wanted[:12]}...) and is left alone: choose another folder, or move it away"
            )
    return manifest


# ---- a whole corpus ----


def tokenize_corpus(
    paths: Iterable[str | os.PathLike],
    tokenizer: Any,
    folder: str | os.PathLike,
    client: "Client | None" = None,
) -> Path:
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
    _in_order("paths", paths, "paths")
    sources = [as_path(f"paths[{number}]", path).resolve() for number, path in enumerate(paths)]
    if not sources:
        raise ValueError("paths is empty: give at least one text shard")
    if len(set(sources)) < len(sources):
        twice = next(source for source in sources if sources.count(source) > 1)
        raise ValueError(f"paths has {twice} twice, so its text would count twice: give each file once")
    _end_and_largest(tokenizer)
    _check_client(client)
    made_by, folder = fingerprint(tokenizer), _make_folder(folder)
    targets = [folder.resolve() / token_file(number) for number in range(len(sources))]
    _refuse_others(folder, shards_in(folder) - {target.name for target in targets})
    foreign = [_foreign(*pair, made_by) for pair in zip(sources, targets, strict=True)]
    _raise_failed(sources, foreign, "nothing was written")
    record = _begin_record(folder, sources, made_by)
    run = _run_here if client is None else _run_on_workers
    _raise_failed(sources, run(sources, targets, tokenizer, made_by, client), "the others are done")
    _end_record(folder, record, [read_manifest(target) for target in targets])
    return folder


def _foreign(source: Path, target: Path, made_by: str) -> Exception | None:
    """The error for a target that is done, but not from `source`."""
    try:
        if manifest_path(target).exists():
            made_from = {"source_sha256": file_sha256(source), "tokenizer_sha256": made_by}
            _manifest_if_ours(target, made_from)
    except ValueError as error:
        return error
    except OSError:
        pass  # without its source it fails later, and the others are made
    return None


def _raise_failed(sources: list[Path], errors: list[Exception | None], rest: str) -> None:
    failed = [(source.name, error) for source, error in zip(sources, errors, strict=True) if error]
    if failed:
        named = "; ".join(f"{name}: {error}" for name, error in failed[:10])
        message = f"{len(failed)} of {len(sources)} shards failed, {rest}: {named}"
        raise ExceptionGroup(message, [error for _, error in failed])


def _run_here(sources: list, targets: list, tokenizer: Any, made_by: str, _: None) -> list[Exception | None]:
    errors = []
    for source, target in zip(sources, targets, strict=True):
        try:
            _tokenize(source, target, tokenizer, made_by)
            errors.append(None)
        except Exception as error:
            errors.append(error)
    return errors


def _check_client(client: Any) -> None:
    if client is None:
        return
    from distributed import Client  # here, as one process needs none of it

    if not isinstance(client, Client):
        raise arguments.WrongKind(
            f"client must be a dask.distributed.Client, not {client!r:.60}: make one with Client(cluster)"
        )
    if client.asynchronous:
        raise ValueError(
            "client is asynchronous, but tokenize_corpus waits for its workers: make it without "
            "asynchronous=True, or await asyncio.to_thread(tokenize_corpus, ...)"
        )
    if client.status != "running":
        raise ValueError(f"client is {client.status}, not running: make a new one with Client(cluster)")
    if not client.nthreads():
        raise ValueError("client has no worker: start one, and wait with client.wait_for_workers(1)")


def _run_on_workers(
    sources: list[Path], targets: list[Path], tokenizer: Any, made_by: str, client: "Client"
) -> list[Exception | None]:
    from distributed.protocol.pickle import dumps, loads  # unlike `pickle`, also what a notebook defines

    try:
        sent = dumps(tokenizer)
    except Exception as error:
        raise TypeError(
            f"tokenizer cannot be sent to the workers ({error}): take from it what cannot be pickled, such "
            "as an open file, or leave out client"
        ) from error
    # It travels once, as a task of its own: Dask can repeat a task whose result was lost with a worker.
    # Scattered data would stay lost.
    there = client.submit(loads, sent, pure=False)
    futures = client.map(_tokenize, sources, targets, tokenizer=there, tokenizer_sha256=made_by, pure=False)
    return [_error_of(future) for future in futures]


def _error_of(future: "Future") -> Exception | None:
    error = future.exception()  # none for a task that was cancelled
    if future.cancelled():
        error = RuntimeError("its task was cancelled (was the client closed, or restarted?): run this again")
    return error


# ---- the record: which token shards make up a corpus ----


def shards_in(folder: Path) -> set[str]:
    """The names of the token shards in `folder`: those with a manifest, or with a name of `tokenize_corpus`.

    What no program of ours wrote is passed over: hidden files, folders, and copies under another name.
    """
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    names = {path.name.removesuffix(MANIFEST) for path in files if path.name.endswith(MANIFEST)}
    names |= {path.name for path in files if NUMBERED.fullmatch(path.name)}
    is_copy = lambda name: read_manifest(folder / name)["file"] in names - {name}
    return {name for name in names if NUMBERED.fullmatch(name) or not is_copy(name)}


def read_record(folder: Path) -> dict | None:
    """The record of the corpus in `folder`, or None. Raises `ValueError` if the file is not such a record."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_bytes())
        arguments.choice("state", record["state"], ("unfinished", "finished"))
        for number, shard in enumerate(record["shards"]):
            if record["state"] == "finished":
                _checked(shard)
            arguments.choice(f"the name of shard {number}", shard["file"], [token_file(number)])
            os.fsencode(shard["source"])
        arguments.text("tokenizer_sha256", record["tokenizer_sha256"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            f"{path} is not the record of a corpus ({type(error).__name__}: {error}): move it away and run "
            "tokenize_corpus again, which keeps finished shards, or choose another folder"
        ) from error
    return record


def _begin_record(folder: Path, sources: list[Path], made_by: str) -> dict:
    """The record in `folder`, if it is of these sources; otherwise a new one, of what is to come."""
    names, record = [source.name for source in sources], read_record(folder)
    for prefix in ("tokens-", RECORD):
        remove_leftovers(folder, prefix)
    if not record or [made_by, *names] != [
        record["tokenizer_sha256"],
        *(s["source"] for s in record["shards"]),
    ]:
        plan = [{"file": token_file(number), "source": name} for number, name in enumerate(names)]
        record = {"state": "unfinished", "tokenizer_sha256": made_by, "shards": plan}
        _write_json(folder / RECORD, record)
    return record


def _end_record(folder: Path, record: dict, manifests: list[dict]) -> None:
    shards = [_without_run(manifest) for manifest in manifests]
    if record["shards"] != shards:
        whole = {"state": "finished", "tokens": sum(manifest["tokens"] for manifest in manifests)}
        whole |= {key: manifests[0][key] for key in ("tokenizer_sha256", "dtype")}
        _write_json(folder / RECORD, {**whole, "shards": shards})


def _without_run(manifest: dict) -> dict:
    return {key: manifest[key] for key in manifest if key != "run"}


def read_corpus(folder: Path) -> list[dict]:
    """The manifests of the token shards that make up the corpus in `folder`, in order; looks at sizes only.

    With a record these are the shards it lists. Without one they are those that `tokenize_shard` made under
    names of one's own, sorted by name, and nobody can tell whether one is missing.
    Raises `FileNotFoundError` if there is none, `ValueError` that names the shard that is missing, foreign,
    doubled, renamed, cut, or of another tokenizer, and `ValueError` for a corpus that is not finished.
    """
    if folder.is_file():
        raise NotADirectoryError(f"folder {folder} is a file: give what tokenize_corpus returned")
    if not folder.is_dir():
        raise FileNotFoundError(f"folder {folder} is not there: give what tokenize_corpus returned")
    there, record = shards_in(folder), read_record(folder)
    listed = {shard["file"]: shard for shard in record["shards"]} if record else dict.fromkeys(sorted(there))
    if not listed:
        raise FileNotFoundError(f"folder {folder} holds no token shard: make some with tokenize_corpus")
    if record and record["state"] == "unfinished":
        done = sum(manifest_path(folder / name).exists() for name in listed)
        raise ValueError(
            f"the corpus in {folder} is unfinished, {done} of {len(listed)} shards are done: {GO_ON}"
        )
    if record and (others := sorted(there - listed.keys())):
        raise ValueError(f"{folder / others[0]} is no shard of the corpus that {RECORD} lists: move it away")
    if not record and (numbered := [name for name in listed if NUMBERED.fullmatch(name)]):
        raise ValueError(
            f"{folder} has {numbered[0]} but no {RECORD}, so nobody knows what is missing: {GO_ON}"
        )
    manifests = [_manifest_in(folder / name, shard) for name, shard in listed.items()]
    for name, manifest in zip(listed, manifests, strict=True):
        for key in ("tokenizer_sha256", "dtype"):
            if manifest[key] != manifests[0][key]:
                raise ValueError(
                    f"{folder / name} was made by another tokenizer than {manifests[0]['file']}: part them"
                )
    return manifests


def _manifest_in(path: Path, listed: dict | None) -> dict:
    """The manifest of a shard, if the shard has its size, and both are what the record has `listed`."""
    try:
        manifest = read_manifest(path)
    except FileNotFoundError:
        raise ValueError(f"{path} or its manifest is missing: copy both again, or {GO_ON}") from None
    if damage := damage_of(path, manifest, read=False):
        raise ValueError(f"{damage}; run tokenize_corpus again to make it anew")
    if manifest["file"] != path.name:
        raise ValueError(
            f"{path} was renamed: its manifest calls it {manifest['file']!r:.60}. Name it so again"
        )
    if listed and listed != _without_run(manifest):
        raise ValueError(
            f"{path} is another shard than {RECORD} lists: move it away with its manifest, then {GO_ON}"
        )
    return manifest
