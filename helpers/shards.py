"""A corpus larger than memory: read back as one array, and fed to training in an order that survives a crash.

The writing half (`split_corpus`, `tokenize_shard`, `tokenize_corpus`) lives in `helpers/shard_files.py`, so
that a worker which only writes need not import torch. Import all of it from here (notebook 09).
"""

import operator
import os
import re
from collections.abc import Iterator, Sized
from pathlib import Path

import numpy as np
from torch.utils.data import Sampler

from helpers.shard_files import (
    MANIFEST,
    damage_of,
    is_integer,
    read_documents,
    read_manifest,
    split_corpus,
    token_file,
    tokenize_corpus,
    tokenize_shard,
)

__all__ = [
    "ResumableSampler",
    "TokenShards",
    "read_documents",
    "split_corpus",
    "tokenize_corpus",
    "tokenize_shard",
]
NUMBERED = re.compile(r"tokens-\d{6}\.bin")  # what token_file gives
MAX_OPEN = 256  # files mapped at a time: each map holds a file descriptor, and systems allow about 1,000


class TokenShards:
    """The token shards of `folder` as one read-only array of shape (tokens,), uint16 or uint32.

    Indexed like a NumPy array of one dimension: an int gives a scalar, a slice or an array of ints an array.
    Nothing is read before it is asked for. A slice inside one file is a view of the memory map, no copy; one
    that crosses files is copied together. Pickling sends the folder's name, not the tokens: each DataLoader
    worker maps the files for itself, and they all share the same pages of memory. (`np.asarray` reads all.)

    Raises `FileNotFoundError` if `folder` has no manifest, `ValueError` that names the shard if one does not
    have the size its manifest says, was made by another tokenizer than the first, or is missing between those
    of `tokenize_corpus`.
    """

    ndim = 1

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder).resolve()
        files = sorted(self.folder.glob(f"*{MANIFEST}"))
        if not files:
            raise FileNotFoundError(f"folder {folder} holds no token shard: make some with tokenize_corpus")
        self.files = [path.with_name(path.name.removesuffix(MANIFEST)) for path in files]
        made = [name for path in self.files if NUMBERED.fullmatch(name := path.name)]
        for number, name in enumerate(made):  # a gap would be text that goes missing without a word
            if name != (wanted := token_file(number)):
                raise ValueError(f"{folder} has {name}, but not {wanted}: make it with tokenize_corpus")
        self.manifests = [read_manifest(path) for path in self.files]
        for path, manifest in zip(self.files, self.manifests, strict=True):
            if damage := damage_of(path, manifest, read=False):
                raise ValueError(f"{damage}; run tokenize_corpus again to make it anew")
            if manifest["tokenizer_sha256"] != self.manifests[0]["tokenizer_sha256"]:
                raise ValueError(f"{path} was made by another tokenizer than {self.files[0].name}: part them")
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
            return self._slice(*index.indices(len(self)))
        if np.ndim(index):
            return self._gather(np.asarray(index))
        return self._gather(np.asarray(operator.index(index)))[()]

    def _slice(self, start: int, stop: int, step: int) -> np.ndarray:
        wanted = range(start, stop, step)
        if not wanted:
            return np.empty(0, self.dtype)
        low, high = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1]) + 1
        first, last = np.searchsorted(self.starts, [low, high - 1], side="right") - 1
        parts = [
            self._map(i)[max(low - self.starts[i], 0) : high - self.starts[i]] for i in range(first, last + 1)
        ]
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return whole[:: abs(step)] if step > 0 else whole[::-1][:: abs(step)]

    def _gather(self, index: np.ndarray) -> np.ndarray:
        if index.size and index.dtype.kind not in "iu":
            raise IndexError(f"index must be an int, a slice or an array of ints, not of {index.dtype}")
        index = index.astype(np.int64)  # uint8 could not count the tokens, nor uint64 be subtracted from
        where = np.where(index < 0, index + len(self), index)
        if where.size and not 0 <= where.min() <= where.max() < len(self):
            raise IndexError(f"index {index.min()}..{index.max()} is outside {len(self):,} tokens")
        number = np.searchsorted(self.starts, where, side="right") - 1
        out = np.empty(where.shape, self.dtype)
        for i in np.unique(number):
            here = number == i
            out[here] = self._map(i)[where[here] - self.starts[i]]
        return out

    def _map(self, i: int) -> np.ndarray:
        i = int(i)
        if i not in self._maps:
            if len(self._maps) >= MAX_OPEN:
                self._maps.pop(next(iter(self._maps)))
            empty = self.manifests[i]["tokens"] == 0  # an empty file cannot be mapped
            mapped = np.empty(0, self.dtype) if empty else np.memmap(self.files[i], self.dtype, mode="r")
            self._maps[i] = mapped.view(np.ndarray)  # slicing a plain array is several times faster
        return self._maps[i]

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """What `np.asarray` gives: all tokens in memory, where there is more than one file."""
        return np.array(self[:], dtype=dtype, copy=copy)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_maps": {}}

    def verify(self) -> None:
        """Read every byte, compare it with the manifests. Raises `ValueError` that names a damaged shard."""
        for path, manifest in zip(self.files, self.manifests, strict=True):
            if damage := damage_of(path, manifest):
                raise ValueError(f"{damage}; run tokenize_corpus again to make it anew")


class ResumableSampler(Sampler[int]):
    """Shuffled indices of `data_source` (a data set, or its length), each to one of `world_size` ranks.

    Rank r takes every world_size-th index of an order that `seed` and the epoch fix, and nothing is repeated
    to even out the ranks: some ranks get one index more than others. `iter` goes on where the sampler stands;
    an epoch that has been used up is followed by the next, in another order.

    `state_dict()` is the same for all ranks that have done equally many steps. A sampler that loads it gives
    what is left of the epoch, in the same order, also with another number of ranks. One epoch's order is held
    in memory, 8 bytes an index. Raises `ValueError` for a rank outside 0..world_size-1, and for a length or
    seed that is negative or no integer.

    >>> sampler = ResumableSampler(10, seed=1)
    >>> order = iter(sampler)
    >>> seen = [next(order) for _ in range(4)]
    >>> again = ResumableSampler(10, seed=1)
    >>> again.load_state_dict(sampler.state_dict())
    >>> sorted(seen + list(again))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(self, data_source: Sized | int, seed: int = 0, rank: int = 0, world_size: int = 1):
        if not (is_integer(rank) and is_integer(world_size) and 0 <= rank < world_size):
            raise ValueError(
                f"rank must lie in 0..world_size-1, not rank={rank!r} of world_size={world_size!r}"
            )
        self.length = len(data_source) if hasattr(data_source, "__len__") else data_source
        for name, value in {"data_source, or its length,": self.length, "seed": seed}.items():
            if not is_integer(value) or value < 0:
                raise ValueError(f"{name} must be an integer of 0 or more, not {value!r}")
        self.seed, self.rank, self.world_size = seed, rank, world_size
        self.epoch = 0
        self._start = 0  # how far all ranks together were when this pass began
        self._drawn = 0  # how many indices this rank has given out in this pass
        self._loaded = False  # whether the next pass is the first after load_state_dict

    def __len__(self) -> int:
        """How many indices this rank gets in a whole epoch."""
        return len(range(self.rank, self.length, self.world_size))

    def __iter__(self) -> Iterator[int]:
        self._start, self._drawn = self._position(self._drawn), 0
        loaded, self._loaded = self._loaded and self._start < self.length, False
        # Nothing is left of this epoch for this rank. If others have some left after a restart, it sits out.
        if self._start + self.rank >= self.length and not loaded:
            self.epoch, self._start = self.epoch + 1, 0
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        for index in order[self._start + self.rank :: self.world_size]:
            self._drawn += 1
            yield int(index)

    def _position(self, consumed: int) -> int:
        return min(self._start + consumed * self.world_size, self.length)

    def state_dict(self, consumed: int | None = None) -> dict[str, int]:
        """Where to go on: a dict of ints, to be saved beside the model.

        `consumed` counts the indices of this pass (since `iter`) that this rank has *trained* on. DataLoader
        workers draw indices ahead; what was drawn and not trained on would be lost. Without it, all that were
        drawn count as consumed: right for num_workers=0, which draws a batch when it is asked for.
        Raises `ValueError` if more are said to be consumed than were drawn.
        """
        consumed = self._drawn if consumed is None else consumed
        if not is_integer(consumed) or not 0 <= consumed <= self._drawn:
            raise ValueError(
                f"consumed must lie in 0..{self._drawn}, as many as were drawn, not {consumed!r}"
            )
        position = self._position(consumed)
        return {"seed": self.seed, "epoch": self.epoch, "position": position, "length": self.length}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken; its seed and epoch replace this sampler's.

        Raises `ValueError` if `state` was taken over a data set of another length, or by no sampler.
        """
        needed = self.state_dict().keys()
        if not isinstance(state, dict) or not all(is_integer(state.get(k)) and state[k] >= 0 for k in needed):
            raise ValueError(f"state must be what state_dict() gave, not {state!r:.100}")
        if state["length"] != self.length:
            raise ValueError(
                f"state is of a data set of length {state['length']:,}, this one has {self.length:,}: use "
                "the same shards, max_length and stride as before, or start anew"
            )
        self.seed, self.epoch = state["seed"], state["epoch"]
        self._start, self._drawn, self._loaded = state["position"], 0, True
