"""What token shards say of themselves: a manifest beside each, and the record of the whole (notebook 09).

A *token shard* is the bare ids of a text shard, `<|endoftext|>` after each document, two bytes an id where
they fit and four where not. Its *manifest* says what it was made from. The *record*, corpus.json, lists the
token shards of a corpus, or nobody could tell a whole one from what is left of it.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from helpers import arguments
from helpers.files import file_sha256, whole_file

MANIFEST = ".manifest.json"  # tokens-000000.bin has tokens-000000.bin.manifest.json
RECORD = "corpus.json"
NUMBERED = re.compile(r"tokens-\d{6,}\.bin")  # what token_file gives
GO_ON = "run tokenize_corpus again with the same paths, tokenizer and folder; it keeps what is done"
token_file = (
    "tokens-{:06d}.bin".format
)  # the name that `tokenize_corpus` gives to a token shard, by its number


def manifest_path(target: Path) -> Path:
    return target.with_name(target.name + MANIFEST)


def write_json(path: Path, value: dict) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(value, indent=1).encode())


def write(folder: Path, state: str, shards: list[dict]) -> None:
    """Write the record, if it does not say so already; `ValueError` if a file of that name is no record."""
    if read_record(folder) != (record := {"state": state, "shards": shards}):
        write_json(folder / RECORD, record)


def read_manifest(target: Path) -> dict:
    """The manifest of the token shard `target`.

    Raises `FileNotFoundError` if there is none, `ValueError` if it is not a manifest.
    """
    return _read_json(manifest_path(target), "a manifest", _check_shard)


def read_record(folder: Path) -> dict | None:
    """The record of the corpus in `folder`, or None. Raises `ValueError` if the file is not such a record."""
    path = folder / RECORD
    return _read_json(path, "the record of a corpus", _check_record) if path.exists() else None


def _read_json(path: Path, what: str, check: Callable) -> dict:
    try:
        check(value := json.loads(path.read_bytes()))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        problem = f"{path} is not {what} ({type(error).__name__}: {error})"
        raise ValueError(f"{problem}: choose another folder, or move it away and {GO_ON}") from error
    return value


def _check_shard(shard: Any) -> None:
    """Whether `shard` says all of a token shard. A file read with another dtype could crash the program."""
    for name in ("file", "source", "source_sha256", "tokenizer_sha256", "sha256"):
        os.fsencode(shard[name])  # a str; the name of a file may have bytes that are no UTF-8
    for name in ("documents", "tokens"):
        arguments.integer(name, shard[name])
    arguments.choice("dtype", shard["dtype"], ("uint16", "uint32"))


def _check_record(record: Any) -> None:
    state = arguments.choice("state", record["state"], ("unfinished", "finished"))
    for number, shard in enumerate(record["shards"]):
        arguments.choice(f"the name of shard {number}", shard["file"], [token_file(number)])
        if state == "finished":
            _check_shard(shard)


def check(target: Path, manifest: dict, read: bool = False) -> None:
    """Raise `ValueError` if a token shard does not fit its manifest.

    Looks at the size, and with `read` at every byte.
    """
    wanted = manifest["tokens"] * np.dtype(manifest["dtype"]).itemsize
    if not target.is_file():
        known = "its manifest is there" if manifest_path(target).exists() else f"{RECORD} lists it"
        problem = f"is missing, though {known}"
    elif (size := target.stat().st_size) != wanted:
        problem = f"has {size:,} bytes where its manifest says {wanted:,}"
    elif read and file_sha256(target) != manifest["sha256"]:
        problem = "is damaged: its SHA-256 is not the one in its manifest"
    else:
        return
    raise ValueError(f"{target} {problem}; run tokenize_corpus again to make it anew, and open it again")


def shards_in(folder: Path) -> set[str]:
    """The names of the token shards in `folder`: those with a manifest, or with a name of `tokenize_corpus`.

    What no program of ours wrote is passed over: hidden files, folders, and copies under another name.
    """
    files = {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    numbered = set(filter(NUMBERED.fullmatch, files))
    names = numbered | {name.removesuffix(MANIFEST) for name in files if name.endswith(MANIFEST)}
    is_copy = lambda name: read_manifest(folder / name)["file"] in names - {name}
    return {name for name in names if NUMBERED.fullmatch(name) or not is_copy(name)}


def read_corpus(folder: Path) -> list[dict]:
    """The manifests of the token shards that make up the corpus in `folder`, in order; looks at sizes only.

    With a record these are the shards it lists. Without one they are those that `tokenize_shard` made under
    names of one's own, sorted by name, and nobody can tell whether one is missing.
    Raises `FileNotFoundError` if there is none, `ValueError` that names the shard that is missing, foreign,
    doubled, renamed, cut, or of another tokenizer, and `ValueError` for a corpus that is not finished.
    """
    if not folder.is_dir():
        kind, problem = (
            (NotADirectoryError, "a file") if folder.exists() else (FileNotFoundError, "not there")
        )
        raise kind(f"folder {folder} is {problem}: give what tokenize_corpus returned")
    there, record = shards_in(folder), read_record(folder)
    if not record and (numbered := sorted(filter(NUMBERED.fullmatch, there))):
        unknown = f"{folder} has {numbered[0]} but no {RECORD}, so nobody knows what is missing"
        raise ValueError(f"{unknown}: {GO_ON}")
    shards = record["shards"] if record else [read_manifest(folder / name) for name in sorted(there)]
    names = [shard["file"] for shard in shards]
    if not names:
        raise FileNotFoundError(f"folder {folder} holds no token shard: make some with tokenize_corpus")
    if record and record["state"] == "unfinished":
        done = (
            f"{sum(manifest_path(folder / name).exists() for name in names)} of {len(names)} shards are done"
        )
        raise ValueError(f"the corpus in {folder} is unfinished, {done}: {GO_ON}")
    if others := sorted(there.difference(names)):
        other = f"{folder / others[0]} is no shard of the corpus, or was renamed"
        raise ValueError(f"{other}: move it away, or name it as its manifest does")
    for shard in shards:
        check(folder / shard["file"], shard)
        if any(shard[key] != shards[0][key] for key in ("tokenizer_sha256", "dtype")):
            other = f"{folder / shard['file']} was made by another tokenizer than {names[0]}"
            raise ValueError(f"{other}: move it to another folder")
    return shards
