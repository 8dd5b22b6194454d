"""A corpus larger than memory: read back as one array, and fed to training in an order that survives a crash.

The writing half (`split_corpus`, `tokenize_shard`, `tokenize_corpus`) lives in `helpers/shard_files.py`, so
that a worker which only writes need not import torch. Import all of it from here (notebook 09).
"""

import os
from collections.abc import Iterator, Sized

import numpy as np
from torch.utils.data import Sampler

from helpers import arguments
from helpers.files import as_path
from helpers.shard_files import (
    damage_of,
    read_corpus,
    read_documents,
    split_corpus,
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


class ResumableSampler(Sampler[int]):
    """Shuffled indices of `data_source` (a data set, or its length), each to one of `world_size` ranks.

    Rank r takes every world_size-th index of an order that `seed` and the epoch fix, and nothing is repeated
    to even out the ranks: some ranks get one index more than others. `iter` goes on where the sampler stands;
    an epoch that has been used up is followed by the next, in another order. One iteration at a time: where
    another has begun, the older one raises `RuntimeError`. As each goes on, a look at one batch,
    `next(iter(loader))`, costs the epoch that batch, and what DataLoader workers drew ahead; `set_epoch`
    begins the epoch again.

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
        self.length = arguments.length_of("data_source", data_source)
        self.seed = arguments.integer("seed", seed)
        self.world_size = arguments.integer("world_size", world_size, 1)
        self.rank = arguments.integer("rank", rank, 0, self.world_size - 1)
        self._pass = 0  # counts what begins a new iteration, so that an older one knows it
        self._loaded = False  # whether nothing was drawn since load_state_dict
        self._stays = True  # whether the next pass stays in this epoch, even if it has nothing for this rank
        self._go_to(0, 0)

    def _go_to(self, epoch: int, start: int) -> None:
        self.epoch = epoch
        self._start = start  # how far all ranks together were when this pass began
        self._drawn = 0  # how many indices this rank has given out in this pass
        self._pass += 1

    def set_epoch(self, epoch: int) -> None:
        """Make `epoch` the next one, from its beginning; or what is left of it, if its state was just loaded.

        A training loop may call it before each epoch, also after a restart.
        """
        epoch = arguments.integer("epoch", epoch)
        if not self._loaded or epoch != self.epoch:
            self._go_to(epoch, 0)
        self._stays = True

    def __len__(self) -> int:
        """How many indices this rank gets in a whole epoch."""
        return len(range(self.rank, self.length, self.world_size))

    def __iter__(self) -> Iterator[int]:
        start = self._position(self._drawn)
        # Nothing is left of this epoch for this rank. If others have some left after a restart, it sits out.
        ended = start + self.rank >= self.length and not self._stays
        self._go_to(self.epoch + 1, 0) if ended else self._go_to(self.epoch, start)
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return self._walk(order[self._start + self.rank :: self.world_size], self._pass)

    def _walk(self, order: np.ndarray, number: int) -> Iterator[int]:
        self._claim(number)
        for index in order:
            self._claim(number)
            self._drawn += 1
            yield int(index)

    def _claim(self, number: int) -> None:
        if number != self._pass:
            raise RuntimeError(
                "this iteration of the sampler has ended, as another one began, or set_epoch or "
                "load_state_dict was called: make a sampler for each loader"
            )
        self._loaded = self._stays = False

    def _position(self, consumed: int) -> int:
        return min(self._start + consumed * self.world_size, self.length)

    def state_dict(self, consumed: int | None = None) -> dict[str, int]:
        """Where to go on: a dict of plain ints, to be saved beside the model.

        `consumed` counts the indices of this pass (since `iter`) that this rank has *trained* on. DataLoader
        workers draw indices ahead; what was drawn and not trained on would be lost. Without it, all that were
        drawn count as consumed: right for num_workers=0, which draws a batch when it is asked for.
        Raises `ValueError` if more are said to be consumed than were drawn.
        """
        consumed = arguments.integer(
            "consumed", self._drawn if consumed is None else consumed, 0, self._drawn
        )
        position = self._position(consumed)
        return {"seed": self.seed, "epoch": self.epoch, "position": position, "length": self.length}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state` was taken; its seed and epoch replace this sampler's.

        Raises `ValueError` if `state` was taken over a data set of another length, or by no sampler; then
        nothing has changed.
        """
        if not isinstance(state, dict) or (missing := self.state_dict().keys() - state.keys()):
            without = "" if not isinstance(state, dict) else f", without {', '.join(sorted(missing))}"
            raise ValueError(f"state must be what state_dict() gave, not {state!r:.100}{without}")
        length = arguments.integer("state['length']", state["length"])
        if length != self.length:
            raise ValueError(
                f"state is of a data set of length {length:,}, this one has {self.length:,}: use "
                "the same shards, max_length and stride as before, or start anew"
            )
        seed, epoch = (arguments.integer(f"state[{name!r}]", state[name]) for name in ("seed", "epoch"))
        position = arguments.integer("state['position']", state["position"], 0, length)
        self.seed, self._loaded, self._stays = seed, True, position < length
        self._go_to(epoch, position)
