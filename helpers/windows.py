"""Token ids cut into windows: pairs of input and target, gathered a whole batch at a time (notebook 07).

A *window* is `max_length` token ids; its target is the same stretch one position later. Windows start every
`stride` positions. The ids stay where they are, in memory or in a memory-mapped file: a window is a view,
and a batch is one indexing call over all its windows.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers import arguments


class WindowDataset(Dataset):
    """Every window of `ids`, as (input, target): two int64 tensors of shape (max_length,).

    ids: token ids as a one-dimensional array, `np.memmap` or tensor of any integer dtype, none of which is
    copied (but a tensor on another device is); or a list, which is converted to an array once. `stride=None`
    means max_length: each token but the first and a short tail is a target exactly once. Window i has
    ids[i*stride : i*stride + max_length] as its input, and the same shifted by one as its target; the ids
    after the last whole window are left out. Every tensor is on the CPU, and a copy: changing a target
    changes neither the input nor `ids`.

    It keeps the contract of PyTorch's own data sets, so `DataLoader` with any collate function, `Subset`,
    `ConcatDataset` and `random_split` work as ever. `make_loader` is faster, since it takes `batch`.

    Raises ValueError if max_length or stride is not an integer of 1 or more, if ids are not one-dimensional,
    not integers, negative or above 2**63 - 1, or fewer than max_length + 1. The values in a memory map are
    checked as they are read, since a check of all of them would read the whole file.
    Raises IndexError for a window that is not there.

    Sampling with a stride is the data set of Raschka, "Build a Large Language Model (From Scratch)" (2024),
    chapter 2; reading from a memory map is that of nanoGPT (Karpathy, 2022).

    >>> data = WindowDataset([10, 11, 12, 13, 14, 15, 16], max_length=3)
    >>> [(x.tolist(), y.tolist()) for x, y in data]
    [([10, 11, 12], [11, 12, 13]), ([13, 14, 15], [14, 15, 16])]
    """

    def __init__(self, ids: Sequence[int] | np.ndarray | Tensor, max_length: int, stride: int | None = None):
        self.max_length = arguments.integer("max_length", max_length, 1)
        self.stride = self.max_length if stride is None else arguments.integer("stride", stride, 1)
        self.ids = arguments.id_array("ids", ids)
        if len(self.ids) <= self.max_length:
            shorter = f", or a max_length of {len(self.ids) - 1} or less" if len(self.ids) > 1 else ""
            raise ValueError(
                f"ids holds {len(self.ids)} token ids, but one window of max_length={self.max_length} takes "
                f"{self.max_length + 1} (the last input needs a target too): give a longer text{shorter}"
            )
        self._set_up()

    def _set_up(self) -> None:
        # One row per window, inputs and targets together; a view, so it takes no memory of its own.
        self._rows = sliding_window_view(self.ids, self.max_length + 1)[:: self.stride]
        may_be_wrong = self.ids.dtype.kind == "i" or self.ids.itemsize == 8  # negative, or beyond int64
        self._check_reads = may_be_wrong and root_map(self.ids) is not None
        if may_be_wrong and not self._check_reads:
            arguments.in_range("ids", self.ids)

    def __len__(self) -> int:
        """The number of windows: (len(ids) - max_length - 1) // stride + 1."""
        return len(self._rows)

    def __getitem__(self, index: int | slice | Sequence[int]) -> tuple[Tensor, Tensor]:
        """Window `index`, counted from the end if negative; of a slice or several indices their `batch`."""
        if isinstance(index, slice):
            return self.batch(range(len(self))[index])
        if np.ndim(index):
            return self.batch(index)
        inputs, targets = self.batch([arguments.integer("index", index, low=-(2**63))])
        return inputs[0], targets[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        """A list of the windows `indices`: what PyTorch asks of a data set that can give several at once."""
        return list(zip(*self.batch(indices), strict=True))

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The windows `indices`, stacked: two int64 tensors of shape (len(indices), max_length).

        >>> WindowDataset(range(10), max_length=3).batch([2, 0])[0]
        tensor([[6, 7, 8],
                [0, 1, 2]])
        """
        if not (isinstance(indices, np.ndarray) and indices.ndim == 1 and indices.dtype.kind == "i"):
            indices = row_numbers("indices", indices, len(self))  # takes longer than to gather a few windows
        try:
            rows = self._rows[indices]  # copies the windows, in the narrow dtype of the ids
        except IndexError:  # not there: say so in words
            rows = self._rows[row_numbers("indices", indices, len(self))]
        if self._check_reads:
            arguments.in_range("the ids of these windows", rows)
        inputs, targets = rows[:, :-1].astype(np.int64), rows[:, 1:].astype(np.int64)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def __getstate__(self) -> dict:
        """What a worker process gets: a memory map goes as the name of its file, never as its contents."""
        ids = file_slice(self.ids) or self.ids
        return {"max_length": self.max_length, "stride": self.stride, "ids": ids}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        if isinstance(self.ids, dict):
            try:
                self.ids = np.asarray(np.memmap(**self.ids, mode="r"))
            except ValueError:  # "mmap length is greater than file size"
                name, n = self.ids["filename"], self.ids["shape"][0]
                raise ValueError(
                    f"{name} has become shorter since this data set of {n} ids was made: make a new one"
                ) from None
        self._set_up()


def row_numbers(name: str, indices: Sequence[int] | np.ndarray | Tensor, n: int) -> np.ndarray:
    """`indices` as int64, each from -n to n - 1; IndexError for one that is not there.

    NumPy and torch read the largest uint64 as -1, which is the last row.
    """
    indices = arguments.id_array(name, indices)
    wrong = indices[(indices < -n) | (indices >= n)]
    if wrong.size:
        there = f"there are {n}, counted from 0, or from -1 backwards"
        raise IndexError(f"{name}: {wrong[0]} is out of bounds; {there}") from None
    return indices.astype(np.int64)


class WindowBatches(Sampler):
    """Arrays of `batch_size` window numbers: in order, or in a new order from `seed` for each epoch.

    A shuffled epoch holds 4 bytes for each window (8 from 2**31 windows on), where PyTorch's RandomSampler
    makes a list of ints. Each iteration is a new epoch, also one that is broken off; `set_epoch` says which
    comes next.
    """

    def __init__(self, n_windows: int, batch_size: int, shuffle: bool, drop_last: bool, seed: int):
        self.n_windows, self.batch_size, self.shuffle = n_windows, batch_size, shuffle
        self.end = n_windows - n_windows % batch_size if drop_last else n_windows
        self.generator, self.seed, self.epoch = torch.Generator().manual_seed(seed), seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Make `epoch` the next one, to resume or to repeat it; the orders before it are drawn anew."""
        epoch = arguments.integer("epoch", epoch)
        if epoch < self.epoch:
            self.generator.manual_seed(self.seed)
            self.epoch = 0
        while self.epoch < epoch:
            self._next_order()

    def _next_order(self) -> np.ndarray | None:
        self.epoch += 1
        if not self.shuffle:
            return None
        dtype = torch.int32 if self.n_windows < 2**31 else torch.int64
        # On the CPU, where the ids are, also where torch.set_default_device names another.
        return torch.randperm(self.n_windows, generator=self.generator, dtype=dtype, device="cpu").numpy()

    def __len__(self) -> int:
        return -(-self.end // self.batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        order = self._next_order()
        for start in range(0, self.end, self.batch_size):
            stop = min(start + self.batch_size, self.end)
            yield order[start:stop] if self.shuffle else np.arange(start, stop)


class WindowLoader(DataLoader):
    """A DataLoader that, without workers, skips the machinery which only workers need."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.num_workers:
            return map(self.dataset.batch, self.sampler)
        with torch.device("cpu"):  # DataLoader draws the workers' seed on the default device
            return super().__iter__()


def make_loader(
    ids: Sequence[int] | np.ndarray | Tensor,
    max_length: int,
    stride: int | None = None,
    batch_size: int = 8,
    shuffle: bool = True,
    drop_last: bool = True,
    num_workers: int = 0,
    seed: int = 0,
) -> DataLoader:
    """A loader of (inputs, targets): int64 tensors of shape (batch_size, max_length); see `WindowDataset`.

    Each pass over it is an epoch. With `shuffle` each epoch has another order; the same seed gives the same
    orders, with any number of workers. A pass that is broken off counts as an epoch too: `next(iter(loader))`
    looks at one batch, and the pass after it has the order of the second epoch, unless
    `loader.sampler.set_epoch` says which (0 is the first). With `drop_last` a last batch
    of fewer than batch_size windows is left out. Raises ValueError as WindowDataset does, if batch_size is
    less than 1, num_workers or seed less than 0, and if drop_last would leave no batch at all.

    >>> [x.shape for x, y in make_loader(range(100), max_length=4, batch_size=10)]
    [torch.Size([10, 4]), torch.Size([10, 4])]
    """
    shuffle, drop_last = arguments.flag("shuffle", shuffle), arguments.flag("drop_last", drop_last)
    data = WindowDataset(ids, max_length, stride)
    batch_size, seed = arguments.integer("batch_size", batch_size, 1), arguments.integer("seed", seed)
    if drop_last and batch_size > len(data):
        raise ValueError(
            f"batch_size={batch_size} is more than the {len(data)} windows of this data, so drop_last=True "
            f"would drop all of them: give a batch_size of {len(data)} or less, or drop_last=False"
        )
    return WindowLoader(
        data,
        sampler=WindowBatches(len(data), batch_size, shuffle, drop_last, seed),
        batch_size=None,  # the sampler gives the indices of a batch, the data set the batch: none to collate
        collate_fn=tuple,
        num_workers=arguments.integer("num_workers", num_workers),
        generator=torch.Generator().manual_seed(seed),  # for the workers' own seeds; the order has another
    )


# ---- memory maps, which must not be copied into a worker process ----


def root_map(ids: np.ndarray) -> np.memmap | None:
    """The memory map that `ids` is a view of, or None."""
    root = ids
    while isinstance(root.base, np.ndarray):
        root = root.base
    return root if isinstance(root, np.memmap) else None


def file_slice(ids: np.ndarray) -> dict | None:
    """Where a memory-mapped `ids` lies in its file, as arguments of np.memmap; None if it has to be copied.

    NumPy would pickle the contents. Copied are maps without a file name, those whose changes stay in memory
    (mode "c"), and slices with steps.
    """
    root = root_map(ids)
    if root is None or root.filename is None or root.mode == "c" or ids.strides != (ids.itemsize,):
        return None
    # A slice's own .offset is that of the whole map.
    offset = root.offset + byte_bounds(ids)[0] - byte_bounds(root)[0]
    return {"filename": root.filename, "dtype": ids.dtype, "offset": offset, "shape": ids.shape}
