"""Documents in files: in those that people keep, and in text shards (notebook 09).

A *text shard* is a JSON Lines file, one `{"text": ...}` a line, or a Parquet file with a column "text". JSON
escapes line ends, and Parquet notes lengths, so a document may hold anything, and documents come apart again
just where they were joined.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

from helpers import arguments
from helpers.files import CHUNK, as_path, open_utf8, read_text, whole_file

LINES = re.compile(r"\.(jsonl|ndjson|ldjson|jsonlines|jsons?)(?![a-z])")
PACKED = {".gz", ".gzip", ".zst", ".zstd"}
TABLES = set(".csv .tsv .arrow .feather .xls .xlsx .ods".split())
NO_TEXT = ".pdf .doc .docx .odt .rtf .epub .zip .tar .tgz .bz2 .xz .7z .rar .bin .npy .npz .pkl .pt"
NO_TEXT = set(NO_TEXT.split())
FORMATS = "jsonl", "parquet"
MEND = 'Each line must be UTF-8 and a JSON object with a "text": mend the line, or drop it'


def read_documents(path: str | os.PathLike) -> Iterator[str]:
    """The documents of a file, one by one, read as a stream.

    .parquet has the texts in its column "text"; only the part of a row group that is read now is in memory.
    .jsonl, .ndjson, .ldjson, .jsonlines, .json and .jsons, also before another ending (.jsonl.bak), have a
    JSON object with a "text" on each line (.json may also be one array of them); blank lines hold nothing.
    Any other text file is one document. Each may be compressed (gzip, Zstandard), begin with a byte order
    mark, and be UTF-16 with one; capitals in a suffix do not matter.

    Raises `ValueError` with the file's name, and the line, the row or the byte offset, for what is not such
    an object or not UTF-8, for a lone surrogate, for a damaged Parquet file and one without that column, for
    files that are no text (other tables, archives, PDF), and for JSON Lines under another name.
    """
    path = as_path("path", path)
    suffixes = [suffix for suffix in map(str.lower, path.suffixes) if suffix not in PACKED]
    if lines := LINES.findall(path.name.lower()):
        suffixes = suffixes[-1:]  # a.csv.jsonl is no table
    if TABLES.intersection(suffixes):
        raise ValueError(f"{path} is a table: read it with pandas, and give its texts to split_corpus")
    if NO_TEXT.intersection(suffixes[-1:]):
        raise ValueError(f"{path} is no text file: save its text as UTF-8 (.txt, or .jsonl), and give that")
    if ".parquet" in suffixes:
        items, place, advice = _rows(path), "row 0", "If it is damaged, fetch it again"
    elif lines:
        items, place, advice = _lines(path, lines[-1] == "json"), "line 1", MEND
    else:
        yield _one_document(path)
        return
    try:
        for at, item in items:
            place = at
            yield _text_of(item)
    except (ValueError, TypeError, RuntimeError, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise ValueError(f"{path}, {place}: {type(error).__name__}: {error}. {advice}") from error


def _rows(path: Path) -> Iterator[tuple[str, dict]]:
    from pyarrow import parquet  # here, as other files need none of it

    with open(path, "rb") as file:
        rows = parquet.ParquetFile(file, buffer_size=CHUNK, pre_buffer=False, page_checksum_verification=True)
        if "text" not in (columns := rows.schema_arrow.names):
            raise ValueError(f'it has the columns {columns}: rename that of the texts to "text"')
        batches = rows.iter_batches(256, columns=["text"])  # rows: a row group may have a million
        values = chain.from_iterable(batch["text"] for batch in batches)
        for row, value in enumerate(values, 1):
            yield f"row {row}", {"text": value.as_py()}


def _lines(path: Path, array: bool) -> Iterator[tuple[str, Any]]:
    """Lines with something on them; or, where `array` allows it and the file begins with "[", its items."""
    with open_utf8(path) as file:
        for number, line in enumerate(file, 1):
            line = line.removeprefix(b"\xef\xbb\xbf")  # where files were joined
            if array and line.lstrip().startswith(b"["):
                items = json.loads((line + file.read()).decode())
                yield from ((f"item {i}", item) for i, item in enumerate(items, 1))
            elif line.strip():
                array = False
                yield f"line {number}", line


def _text_of(item: Any) -> str:
    """The text of a JSON object, or of a line that holds one."""
    item = json.loads(item.decode()) if isinstance(item, bytes) else item
    if not isinstance(item, dict) or "text" not in item:
        raise ValueError(f'no object with a "text", but {item!r:.60}')
    return arguments.text('"text"', item["text"])


def _one_document(path: Path) -> str:
    text = read_text(path)
    try:
        _text_of(json.loads(text.lstrip().partition("\n")[0]))
    except (ValueError, RecursionError):
        return text
    advice = "name it .jsonl, or, if it is one document all the same, give its text to split_corpus"
    raise ValueError(f'{path} begins with a JSON object with a "text", as JSON Lines do: {advice}')


def split_corpus(
    documents: Iterable[str], folder: str | os.PathLike, shard_bytes: int = 2**24, format: str = "jsonl"
) -> list[Path]:
    """Write `documents` into text shards `shard-000000.jsonl`, ... in `folder`; returns their paths.

    A document is never cut. A shard is closed before it would grow past `shard_bytes`; a longer document
    gets a shard to itself. An empty document is kept: dropping is a filter's work. Takes any iterable, one
    document at a time, and holds one shard in memory. After a crash call it again: a shard that is there
    already is left as it is, and what is missing is written. The `format` "parquet" puts the same documents
    into each shard, compressed, so its files are smaller than `shard_bytes`.

    Raises `ValueError` for a lone surrogate (UTF-8 cannot hold it), `TypeError` for a document that is not
    a `str` and for a set, which has no fixed order, `FileExistsError`, before anything is written, if
    `folder` holds shards of another corpus, and `OSError` if it cannot be written.
    """
    texts = arguments.texts("documents", in_order("documents", documents, "str"))
    shard_bytes = arguments.integer("shard_bytes", shard_bytes, 1)
    name = f"shard-{{:06d}}.{arguments.choice('format', format, FORMATS)}".format
    folder, paths, ours = make_folder(folder), [], re.compile(rf"shard-\d{{6,}}\.({'|'.join(FORMATS)})")
    there = {path.name for path in folder.glob("shard-*") if ours.fullmatch(path.name)}
    # What an interrupted run left has no gap, so nothing is written before all that is there was compared.
    refuse_others(folder, there.difference(map(name, range(len(there)))))
    for shard, lines in _filled(texts, shard_bytes):
        paths.append(path := folder / name(len(paths)))
        if not path.exists():
            with whole_file(path) as file:
                _write_parquet(file, shard) if format == "parquet" else file.write(lines)
        elif list(read_documents(path)) != shard:
            raise FileExistsError(f"{path} is there already and holds other text: choose another folder")
    refuse_others(folder, there.difference(path.name for path in paths))
    return paths


def _filled(texts: Iterator[str], shard_bytes: int) -> Iterator[tuple[list[str], bytearray]]:
    """The documents of one shard after another, and its bytes as JSON Lines."""
    shard, lines = [], bytearray()
    for text in texts:
        line = json.dumps({"text": text}, ensure_ascii=False).encode() + b"\n"
        if shard and len(lines) + len(line) > shard_bytes:
            yield shard, lines
            shard, lines = [], bytearray()
        shard.append(text)
        lines += line
    if shard:
        yield shard, lines


def _write_parquet(file: IO[bytes], texts: list[str]) -> None:
    from pyarrow import parquet, table

    columns = table({"text": texts})
    parquet.write_table(columns, file, row_group_size=1000, compression="zstd", write_page_checksum=True)


def in_order(name: str, values: Iterable, of: str) -> Iterable:
    if isinstance(values, set | frozenset):
        raise arguments.WrongKind(f"{name} is a set, which has no fixed order: give sorted({name})")
    return arguments.many(name, values, of)


def make_folder(folder: str | os.PathLike) -> Path:
    path = as_path("folder", folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"folder {path} cannot be made ({error.strerror}); choose one that can be written"
        raise OSError(error.errno, reason) from error
    return path


def refuse_others(folder: Path, names: set[str]) -> None:
    """Raise `FileExistsError` if there are `names` of shards that belong to another corpus."""
    if names:
        found = f"folder {folder} holds {len(names)} shard(s) of another corpus, such as {min(names)}"
        raise FileExistsError(f"{found}: choose another folder, or move them away")
