"""Many token shards, read back as one array that is never in memory as a whole (notebook 09)."""

import os

import numpy as np

from helpers.files import as_path
from helpers.shards.write import damage_of, read_corpus

MAX_OPEN = 256  # files mapped at a time: each map holds a file descriptor, and systems allow about 1,000


class TokenShards:
    """The token shards of `folder` as one read-only array of shape (tokens,), uint16 or uint32.

    Indexed like a NumPy array of one dimension: an int gives a scalar, a slice or an array of ints an array.
    Nothing is read before it is asked for. A slice inside one file is a view of the memory map, no copy; one
    that crosses files is copied together. Pickling sends the folder's name, not the tokens: each DataLoader
    worker maps the files for itself, and they all share the same pages of memory. (`np.asarray` reads all.)

    What belongs to the corpus is what its record lists, and `tokenize_corpus` writes that. A folder without a
    record is read if its shards were made one by one, by `tokenize_shard`, under names of their own.
    Raises `FileNotFoundError` if there is no shard; `ValueError`, with the shard's name, if one is missing,
    doubled, renamed, foreign, of another size than it should be, or of another tokenizer than the others; and
    `ValueError` that says how far `tokenize_corpus` came if it was interrupted. A shard that was cut or lost
    after that raises `ValueError` when it is first read.
    """

    ndim = 1

    def __init__(self, folder: str | os.PathLike):
        self.folder = as_path("folder", folder).resolve()
        self.manifests = read_corpus(self.folder)
        self.files = [self.folder / manifest["file"] for manifest in self.manifests]
        self.dtype = np.dtype(self.manifests[0]["dtype"]).newbyteorder("<")
        self.starts = np.cumsum([0] + [manifest["tokens"] for manifest in self.manifests])
        self._maps: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        if isinstance(index, slice):
            return self._slice(range(len(self))[index])
        return self._gather(np.asarray(index))[()]

    def _slice(self, wanted: range) -> np.ndarray:
        ascending = wanted if wanted.step > 0 else wanted[::-1]
        if not ascending:
            return np.empty(0, self.dtype)
        low, high, step = ascending[0], ascending[-1] + 1, ascending.step
        parts = []
        for i in range(self._file_of(low), self._file_of(high - 1) + 1):
            begin, end = low - int(self.starts[i]), high - int(self.starts[i])
            parts.append(self._map(i)[begin if begin >= 0 else begin % step : end : step])
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return whole if wanted.step > 0 else whole[::-1]

    def _file_of(self, index: int | np.ndarray) -> int | np.ndarray:
        return np.searchsorted(self.starts, index, side="right") - 1

    def _gather(self, index: np.ndarray) -> np.ndarray:
        if index.size and index.dtype.kind not in "iu":
            raise IndexError(f"index must be an int, a slice or an array of ints, not of {index.dtype}")
        if index.size and not -len(self) <= index.min() <= index.max() < len(self):
            raise IndexError(f"index {index.min()}..{index.max()} is outside {len(self):,} tokens")
        where = index.astype(np.int64)  # uint8 could not count the tokens, nor uint64 be subtracted from
        where[where < 0] += len(self)
        number, out = self._file_of(where), np.empty(where.shape, self.dtype)
        for i in np.unique(number):
            here = number == i
            out[here] = self._map(i)[where[here] - self.starts[i]]
        return out

    def _map(self, i: int) -> np.ndarray:
        mapped = self._maps.pop(int(i), None)  # and put back last: the first is the one unused for longest
        if mapped is None:
            path, tokens = self.files[i], self.manifests[i]["tokens"]
            if damage := damage_of(path, self.manifests[i], read=False):  # since the folder was opened
                raise ValueError(f"{damage}; run tokenize_corpus again to make it anew, and open it again")
            # An empty file cannot be mapped
            mapped = np.memmap(path, self.dtype, "r", shape=(tokens,)) if tokens else np.empty(0, self.dtype)
            mapped = mapped.view(np.ndarray)  # slicing a plain array is several times faster
        self._maps[int(i)] = mapped
        if len(self._maps) > MAX_OPEN:
            self._maps.pop(next(iter(list(self._maps))), None)  # `list` and `pop`: other threads do so too
        return mapped

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """What `np.asarray` gives: all tokens in memory, where there is more than one file."""
        return np.array(self[:], dtype=dtype, copy=copy)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_maps": {}}

    def verify(self) -> None:
        """Look at the folder once more and read every byte; raises `ValueError` that names what is wrong."""
        if read_corpus(self.folder) != self.manifests:
            raise ValueError(
                f"folder {self.folder} holds other shards than when it was opened: open it again"
            )
        for path, manifest in zip(self.files, self.manifests, strict=True):
            if damage := damage_of(path, manifest):
                raise ValueError(f"{damage}; run tokenize_corpus again to make it anew")
