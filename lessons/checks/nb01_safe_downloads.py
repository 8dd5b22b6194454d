"""Checks of the exercise in deeper/01_safe_downloads."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from lessons.checks.nb01 import demand_kept
from lessons.exercises import Words, call, exercise, peak_memory, rejection, same


@exercise("01.checksum")
def checksum(answer: Any) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard.txt"
        for data, hint in [
            (b"Everything is somewhere.\n", ""),
            (b"", "An empty file has a hash too."),
            (b"two lines\r\nof Windows\r\n", 'Open it with "rb": as text, Python turns \\r\\n into \\n.'),
            (b"caf\xe9, no UTF-8", 'Open it with "rb": a file need not be text.'),
            (bytes(range(256)) * 600 + b"end", "Go on reading until nothing comes, and leave no piece out."),
            (b"\0" * (2**25 + 1), "Go on reading until nothing comes."),
        ]:
            path.write_bytes(data[: 2**20])
            os.truncate(path, len(data))  # the many zeros of the last one take no time to write
            given = f"a file that holds {data}" if len(data) < 40 else f"a file of {len(data):,} bytes"
            got = None

            def run(given: str = given) -> None:
                nonlocal got
                got = call(answer, path, expected="64 hexadecimal digits", given=given)

            peak = peak_memory(run)
            _same_digest(got, hashlib.sha256(data), given, hint)
            demand_kept(path, data, given)
            if (
                len(data) > 2**24 and peak > 9 * 2**20
            ):  # of two pieces of 4 MB, as the last may still be there
                few, many = Words("at most 4 MB at a time"), Words(f"{peak / 2**20:.0f} MB used")
                hint = "Read smaller pieces: the last one may still be in memory while the next is read."
                if peak > 2**25:
                    hint = "Read a fixed number of bytes at a time, and keep no piece."
                raise rejection(given, few, many, f"The hash is right. {hint}")
    return "It would do the same for a terabyte, as does the finished version, hashlib.file_digest."


def _same_digest(got: Any, right: Any, given: str, hint: str) -> None:
    if isinstance(got, str) and got.lower() == right.hexdigest():
        return
    if same(got, right.digest()):
        hint = "Those are the 32 bytes of the hash. Return its hexadecimal digits: .hexdigest()."
    elif hasattr(got, "hexdigest"):
        hint = "That is the hash object itself. Return its .hexdigest()."
    elif isinstance(got, str) and len(got) != 64:
        hint = "SHA-256 has 64 digits: return them, and nothing else."
    raise rejection(given, right.hexdigest(), got, hint)
