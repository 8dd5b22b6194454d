"""Files of people: read whatever way a text was saved, and write a file whole or not at all."""

import codecs
import errno
import glob
import gzip
import hashlib
import io
import os
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import zstandard

from helpers.arguments import WrongKind, shown

CHUNK = 2**20  # bytes held before they go to the disk
OLD = 3600  # seconds; a temporary file of this age was left by a run that was killed
MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}  # first: UTF-16's begin them
MARKS |= {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NO_TEXT = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"%PDF": "PDF",
    b"PK\x03\x04": "zip, or of an Office program",
}
NO_TEXT |= {b"7z\xbc\xaf": "7z", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"SQLite format 3\x00": "SQLite"}
NO_TEXT |= {b"\x93NUMPY": "NumPy", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG"}


def as_path(name: str, value: Any) -> Path:
    """`value` as a path, with ~ as the home folder."""
    try:
        return Path(value).expanduser()
    except TypeError:
        raise WrongKind(f"{name} must be a path, not {shown(value)} ({type(value).__name__})") from None
    except RuntimeError:
        raise ValueError(f"{name} is {str(value)!r}, but no home folder is known: give a full path") from None


def read_text(path: str | os.PathLike) -> str:
    """The text of a file, every line end as it stands in the file, without a byte order mark.

    See `open_utf8` for what is read. Raises `UnicodeDecodeError` (a `ValueError`), with the byte offset, if
    the file is not UTF-8, and `ValueError` for a damaged archive and for what surely is no text.
    """
    with open_utf8(path) as file:
        return _decode(as_path("path", path), file.read(), "utf-8")


@contextmanager
def open_utf8(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """The text of a file as a stream of UTF-8, without a byte order mark, every line end as it stands.

    Reads .gz and .zst (known by their first bytes, whatever the name), UTF-8 with and without a byte order
    mark, and UTF-16 and UTF-32 with one. Compressed files are read as streams; UTF-16 and UTF-32 go through
    memory whole. That the rest is UTF-8 is not checked: who decodes it sees where it is not.
    Raises `ValueError` that names the file for a damaged archive and for what surely is no text; `OSError`
    if it cannot be opened.
    """
    path = as_path("path", path)
    with open(path, "rb", CHUNK) as file:
        try:
            stream = _unpacked(file)
            start = stream.peek(16)[:16]
            known = lambda table: next((kind for first, kind in table.items() if start.startswith(first)), "")
            kind, encoding = known(NO_TEXT), known(MARKS)
            # In UTF-16 one byte of each pair says the script: 0 for Latin, 3 for Greek, 6 for Arabic
            if len(start) > 3 and not encoding and min(max(start[1::2]), max(start[::2])) < 9:
                kind = "UTF-16 without a byte order mark, or no text (every other byte is below 9)"
            if kind:
                raise ValueError(
                    f"{path} is {kind}: export its text as UTF-8 (.txt, or .jsonl), and give that"
                )
            if encoding == "utf-8-sig":
                stream.read(3)
            elif encoding:
                stream = io.BytesIO(_decode(path, stream.read(), encoding).encode())
            yield stream
        except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
            raise ValueError(f"{path} is damaged, or cut off: {error}. Fetch it again") from error
        except OSError as error:  # a disk that fails names no file
            error.filename = error.filename or str(path)
            raise


def _unpacked(file: io.BufferedReader) -> io.BufferedReader:
    start = file.peek(4)[:4]
    skippable = start[1:] == b"\x2a\x4d\x18" and start[0] >> 4 == 5  # no text in it, but some files begin so
    if start.startswith(b"\x1f\x8b"):
        return io.BufferedReader(gzip.GzipFile(fileobj=file), CHUNK)
    return io.BufferedReader(_ZstdFile(file), CHUNK) if skippable or start == b"\x28\xb5\x2f\xfd" else file


class _ZstdFile(io.RawIOBase):
    """What `gzip.GzipFile` is for .gz; the reader of zstandard itself does not notice a file cut off."""

    def __init__(self, file: IO[bytes]):
        self._file, self._packed, self._ready = file, b"", b""
        self._begin = zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj
        self._frame = self._begin()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and (packed := self._packed or self._file.read(2**14)):
            if self._frame.eof:  # a file may hold several frames, one after another
                self._frame = self._begin()
            self._ready, self._packed = self._frame.decompress(packed), self._frame.unused_data
        if not self._ready and not self._frame.eof:
            raise EOFError("it ends in the middle of a frame")
        n = min(len(buffer), len(self._ready))
        buffer[:n], self._ready = self._ready[:n], self._ready[n:]
        return n


def _decode(path: Path, data: bytes, encoding: str) -> str:
    """`data` as a str. Raises `UnicodeDecodeError`, a `ValueError`, with file, byte offset and way out."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        read = 'read it with the encoding it was written in, such as Path(path).read_text(encoding="latin-1")'
        place = f"{path} is not {encoding.upper()} at byte offset {error.start}"
        error.reason += f". {place}: save it as UTF-8, or {read}"
        raise


def file_sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, in hexadecimal; holds no more than a small piece of it in memory."""
    with open(as_path("path", path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A binary file to write to, which becomes `path` only if the block ends without an error.

    Written under a name of its own, forced to disk, renamed: a reader, or a crash at any moment, meets the
    old file or the new one, never half of one. Its permissions are those of any new file; a link of that
    name is replaced, and what it pointed to stays. Raises `OSError` that names `path`, and the way out, if it
    cannot be written; an error of the block itself passes as it is.
    """
    path = as_path("path", path)
    if os.path.exists(path) and not os.path.isfile(path):  # renaming a file to /dev/null would remove that
        raise OSError(errno.EISDIR, f"{path} could not be written (it is no file): give the name of a file")
    temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb", buffering=CHUNK) as file:
            yield file
            file.flush()
            with suppress(OSError):  # some file systems cannot: an extra, against power cuts
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise  # the block read another file, or a network
        way_out = "make room, or choose a folder that is there and can be written to, and run this again"
        raise OSError(error.errno, f"{path} could not be written ({error.strerror}): {way_out}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)  # after the rename there is nothing left to remove
            remove_leftovers(path.parent, path.name)


def remove_leftovers(folder: Path, prefix: str, age: float = OLD) -> None:
    """Remove what killed runs left of files of such names: so old that nobody can be at work on them."""
    for path in folder.glob(f".{glob.escape(prefix[:40])}*.tmp"):  # not the whole: a name may have 255 bytes
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime >= age:
                path.unlink()
