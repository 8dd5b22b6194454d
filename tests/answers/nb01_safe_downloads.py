"""Answers to the exercise of the page deeper/01_safe_downloads."""

import hashlib
import mmap
import os
from functools import partial

import numpy as np

from answers import endless, says


def in_pieces(path, size=2**16, hash_type=hashlib.sha256):
    digest = hash_type()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(size), b""):
            digest.update(piece)
    return digest.hexdigest()


def into_a_buffer(filename):
    digest, buffer = hashlib.sha256(), bytearray(10_000)
    with open(filename, "rb", buffering=0) as file:
        while n := file.readinto(buffer):
            digest.update(memoryview(buffer)[:n])
    return np.str_(digest.hexdigest().upper())


def by_file_digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mapped(path):
    if not os.path.getsize(path):
        return hashlib.sha256().hexdigest()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return hashlib.sha256(data).hexdigest()


def first_piece(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read(2**16)).hexdigest()


def without_the_last_piece(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while len(piece := file.read(2**16)) == 2**16:
            digest.update(piece)
    return digest.hexdigest()


def line_by_line(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for line in file:
            digest.update(line)
    return digest.hexdigest()


def as_text(path):
    digest = hashlib.sha256()
    with open(path, encoding="utf-8") as file:
        while piece := file.read(2**16):
            digest.update(piece.encode())
    return digest.hexdigest()


def all_pieces_kept(path):
    with open(path, "rb") as file:
        pieces = list(iter(lambda: file.read(2**16), b""))
    return hashlib.sha256(b"".join(pieces)).hexdigest()


def hashes_of_pieces(path):
    with open(path, "rb") as file:
        return "".join(hashlib.sha256(p).hexdigest() for p in iter(lambda: file.read(2**16), b""))


def never_the_end(path):
    with open(path, "rb") as file:
        while True:
            if file.read(2**16) is None:
                return ""


def without_the_rest(path):
    with open(path, "rb") as file:
        pieces = [file.read(1024) for _ in range(os.path.getsize(path) // 1024)]
    return hashlib.sha256(b"".join(pieces) or path.read_bytes()).hexdigest()


def emptied(path):
    digest = in_pieces(path)
    path.write_bytes(b"")
    return digest


def deleted(path):
    digest = in_pieces(path)
    path.unlink()
    return digest


RIGHT = {
    "01.checksum": [
        in_pieces,
        into_a_buffer,
        by_file_digest,
        mapped,
        partial(in_pieces, size=2**21),
        partial(in_pieces, size=1000),
        partial(in_pieces, size=2**22),
        lambda path: np.str_(in_pieces(path).upper()),
    ],
}
WRONG = {
    "01.checksum": [
        says(lambda path: hashlib.sha256(path.read_bytes()).hexdigest(), "at most 4 MB at a time"),
        says(line_by_line, "MB used"),
        all_pieces_kept,
        says(lambda path: hashlib.sha256(path.read_text().encode()).hexdigest(), '"rb"'),
        as_text,
        says(lambda path: hashlib.sha256(path.read_bytes()).digest(), ".hexdigest()"),
        says(lambda path: hashlib.sha256(path.read_bytes()), "hash object itself"),
        says(partial(in_pieces, hash_type=hashlib.md5), "expected '"),
        partial(in_pieces, hash_type=hashlib.sha3_256),
        says(lambda path: hashlib.sha256(str(path).encode()).hexdigest(), "On a file that holds b"),
        first_piece,
        without_the_last_piece,
        hashes_of_pieces,
        lambda path: in_pieces(path)[:32],
        lambda path: int(in_pieces(path), 16),
        says(lambda path: print(in_pieces(path)), "Does it end with `return`?"),
        partial(in_pieces, size=2**24),
        endless(never_the_end),
        says(without_the_rest, "leave no piece out"),
        says(emptied, "left in place, expected b'Everything is somewhere.\\n', but got b''"),
        says(deleted, "no file any more"),
        says(partial(in_pieces, size=10**7), "Read smaller pieces"),
        says(lambda path: "0x" + in_pieces(path), "64 digits"),
    ],
}
