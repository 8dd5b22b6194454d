"""What token shards say of themselves: a manifest beside each, and the record of the whole (notebook 09).

A *token shard* is the bare ids of a text shard, `<|endoftext|>` after each document, two bytes an id where
they fit and four where not. Its *manifest* says what it was made from. The *record*, corpus.json, lists the
token shards of a corpus, or nobody could tell a whole one from what is left of it.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from helpers import arguments
from helpers.files import file_sha256, whole_file

MANIFEST = ".manifest.json"  # tokens-000000.bin has tokens-000000.bin.manifest.json
RECORD = "corpus.json"
NUMBERED = re.compile(r"tokens-\d{6,}\.bin")  # what token_file gives
GO_ON = "run tokenize_corpus again with the same paths, tokenizer and folder; it keeps what is done"
token_file = "tokens-{:06d}.bin".format  # the names that `tokenize_corpus` gives, by number


def manifest_path(target: Path) -> Path:
    return target.with_name(target.name + MANIFEST)


def write_json(path: Path, value: dict) -> None:
    with whole_file(path) as file:
        file.write(json.dumps(value, indent=1).encode())


def write(folder: Path, state: str, shards: list[dict]) -> None:
    """Write the record, if it does not say so already; `ValueError` if a file of that name is no record."""
    path, record = folder / RECORD, {"state": state, "shards": shards}
    if not path.exists() or read(path) != record:
        write_json(path, record)


def read(path: Path) -> dict:
    """A manifest, or the record, by its path. All that it says of token shards was checked.

    Raises `FileNotFoundError` if there is none, and `ValueError` if the file holds something else: ids that
    are read with another dtype could crash the program.
    """
    try:
        value = json.loads(path.read_bytes())
        if path.name != RECORD:
            _check_shard(value)
            return value
        state = arguments.choice("state", value["state"], ("unfinished", "finished"))
        for number, shard in enumerate(value["shards"]):
            arguments.choice(f"the name of shard {number}", shard["file"], [token_file(number)])
            if state == "finished":
                _check_shard(shard)
        return value
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        what = "the record of a corpus" if path.name == RECORD else "a manifest"
        problem = f"{path} is not {what} ({type(error).__name__}: {error})"
        raise ValueError(f"{problem}: choose another folder, or move it away and {GO_ON}") from error


def _check_shard(shard: Any) -> None:
    """Raise an error unless `shard` says all of a token shard."""
    for name in ("file", "source", "source_sha256", "tokenizer_sha256", "sha256"):
        os.fsencode(shard[name])  # a str; the name of a file may have bytes that are no UTF-8
    for name in ("documents", "tokens"):
        arguments.integer(name, shard[name])
    arguments.choice("dtype", shard["dtype"], ("uint16", "uint32"))


def check(target: Path, manifest: dict, read: bool = False) -> None:
    """Raise `ValueError` if a token shard has another size than in its manifest, or (`read`) other bytes."""
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
    is_copy = lambda name: read(manifest_path(folder / name))["file"] in names - {name}
    return {name for name in names if NUMBERED.fullmatch(name) or not is_copy(name)}


def read_corpus(folder: Path) -> list[dict]:
    """The manifests of the token shards that make up the corpus in `folder`, in order; looks at sizes only.

    With a record these are the shards it lists. Without one they are those that `tokenize_shard` made under
    names of one's own, sorted by name, and nobody can tell whether one is missing.
    Raises `FileNotFoundError` if there is none, `ValueError` that names the shard that is missing, foreign,
    doubled, renamed, cut, or of another tokenizer, and `ValueError` for a corpus that is not finished.
    """
    if not folder.is_dir():
        kind, problem = FileNotFoundError, "not there"
        if folder.exists():
            kind, problem = NotADirectoryError, "a file"
        raise kind(f"folder {folder} is {problem}: give what tokenize_corpus returned")
    there, path = shards_in(folder), folder / RECORD
    record = read(path) if path.exists() else None
    if not record and (numbered := sorted(filter(NUMBERED.fullmatch, there))):
        unknown = f"{folder} has {numbered[0]} but no {RECORD}, so nobody knows what is missing"
        raise ValueError(f"{unknown}: {GO_ON}")
    shards = record["shards"] if record else [read(manifest_path(folder / name)) for name in sorted(there)]
    names = [shard["file"] for shard in shards]
    if not names:
        raise FileNotFoundError(f"folder {folder} holds no token shard: make some with tokenize_corpus")
    if record and record["state"] == "unfinished":
        done = [name for name in names if manifest_path(folder / name).exists()]
        far = f"unfinished, {len(done)} of {len(names)} shards are done"
        raise ValueError(f"the corpus in {folder} is {far}: {GO_ON}")
    if others := sorted(there.difference(names)):
        other = f"{folder / others[0]} is no shard of the corpus, or was renamed"
        raise ValueError(f"{other}: move it away, or name it as its manifest does")
    for shard in shards:
        check(folder / shard["file"], shard)
        if any(shard[key] != shards[0][key] for key in ("tokenizer_sha256", "dtype")):
            other = f"{folder / shard['file']} was made by another tokenizer than {names[0]}"
            raise ValueError(f"{other}: move it to another folder")
    return shards
