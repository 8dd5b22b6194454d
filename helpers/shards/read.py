"""Many token shards, read back as one array that is never in memory as a whole (notebook 09)."""

import os
from functools import lru_cache

import numpy as np

from helpers.arguments import shown
from helpers.files import as_path
from helpers.shards import record

MAX_OPEN = 256  # files mapped at a time: each map holds a file descriptor, and systems allow about 1,000


class TokenShards:
    """The token shards of `folder` as one read-only array of shape (tokens,), uint16 or uint32.

    Indexed like a NumPy array of one dimension: an int gives a scalar, a slice an array.
    Nothing is read before it is asked for. A slice inside one file is a view of the memory map, no copy; one
    that crosses files is copied together. Pickling sends the folder's name, not the tokens: each DataLoader
    worker maps the files for itself, and they all share the same pages of memory. (`np.asarray` reads all.)

    What belongs to the corpus is what its record lists, and `tokenize_corpus` writes that. A folder without a
    record is read if its shards were made one by one, by `tokenize_shard`, under names of their own.
    Raises `FileNotFoundError` if there is no shard; `ValueError`, with the shard's name, if one is missing,
    doubled, renamed, foreign, of another size than it should be, or of another tokenizer than the others; and
    `ValueError` that says how far `tokenize_corpus` came if it was interrupted. A shard that was cut or lost
    after that raises `ValueError` when it is first read. Other ids of the same size are found by `verify`.
    """

    ndim = 1

    def __init__(self, folder: str | os.PathLike):
        self.folder = as_path("folder", folder).resolve()
        self.manifests = record.read_corpus(self.folder)
        self.files = [self.folder / manifest["file"] for manifest in self.manifests]
        self.dtype = np.dtype(self.manifests[0]["dtype"]).newbyteorder("<")
        self.starts = np.cumsum([0] + [manifest["tokens"] for manifest in self.manifests])
        self.shape = (int(self.starts[-1]),)
        self._map = lru_cache(MAX_OPEN)(self._open)

    def __reduce__(self) -> tuple:
        return type(self), (self.folder,)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: int | slice) -> np.ndarray:
        try:
            wanted = range(len(self))[index]
        except (IndexError, TypeError):
            raise IndexError(
                f"index must be a slice, or an int below {len(self):,}, not {shown(index)}"
            ) from None
        return self._read(wanted) if isinstance(wanted, range) else self._read(range(wanted, wanted + 1))[0]

    def _read(self, wanted: range) -> np.ndarray:
        if not wanted:
            return np.empty(0, self.dtype)
        if wanted.step < 0:
            return self._read(wanted[::-1])[::-1]
        first, last = np.searchsorted(self.starts, (wanted[0], wanted[-1]), side="right") - 1
        parts = []
        for number in range(first, last + 1):
            begin, end = wanted[0] - int(self.starts[number]), wanted[-1] + 1 - int(self.starts[number])
            parts.append(self._map(number)[begin if begin >= 0 else begin % wanted.step : end : wanted.step])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _open(self, number: int) -> np.ndarray:
        path, tokens = self.files[number], self.manifests[number]["tokens"]
        record.check(path, self.manifests[number])  # since the folder was opened
        if not tokens:  # an empty file cannot be mapped
            return np.empty(0, self.dtype)
        ids = np.memmap(path, self.dtype, "r", shape=(tokens,))
        return ids.view(np.ndarray)  # whose slices are made several times faster

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """What `np.asarray` gives: all tokens in memory, where there is more than one file."""
        return np.array(self[:], dtype=dtype, copy=copy)

    def verify(self) -> None:
        """Look at the folder once more and read every byte; raises `ValueError` that names what is wrong."""
        if record.read_corpus(self.folder) != self.manifests:
            raise ValueError(
                f"folder {self.folder} holds other shards than when it was opened: open it again"
            )
        for path, manifest in zip(self.files, self.manifests, strict=True):
            record.check(path, manifest, read=True)
