"""Token ids cut into windows: pairs of input and target, gathered a whole batch at a time (notebook 07).

A *window* is `max_length` token ids; its target is the same stretch one position later. Windows start every
`stride` positions. The ids stay where they are, in memory or in a memory-mapped file: a window is a view,
and a batch is one indexing call over all its windows.
"""

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.utils.data import DataLoader, Dataset, Sampler

LARGEST_ID = 2**63 - 1  # batches are int64: what `nn.Embedding` and `cross_entropy` take


class WindowDataset(Dataset):
    """Every window of `ids`, as (input, target): two int64 tensors of shape (max_length,).

    ids: token ids as a one-dimensional array, `np.memmap` or CPU tensor of any integer dtype, none of which
    is copied; or a list, which is converted to an array once. `stride=None` means max_length: each token but
    the first and a short tail is a target exactly once. Window i has ids[i*stride : i*stride + max_length]
    as its input, and the same shifted by one as its target; the ids after the last whole window are left
    out. Every tensor handed out is a copy of its own, so that changing a target changes neither the input
    nor `ids`.

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

    def __init__(
        self, ids: Sequence[int] | np.ndarray | torch.Tensor, max_length: int, stride: int | None = None
    ):
        self.max_length = at_least("max_length", max_length, 1)
        self.stride = self.max_length if stride is None else at_least("stride", stride, 1)
        self.ids = as_id_array(ids)
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
        self._check_reads = may_be_out_of_range(self.ids.dtype)
        if self._check_reads and root_map(self.ids) is None:
            check_range(self.ids)
            self._check_reads = False

    def __len__(self) -> int:
        """The number of windows: (len(ids) - max_length - 1) // stride + 1."""
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Window `index`, counted from the end if negative."""
        inputs, targets = self.__getitems__([operator.index(index)])
        return inputs[0], targets[0]

    def __getitems__(self, indices: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """The windows `indices` as a batch: two int64 tensors of shape (len(indices), max_length).

        PyTorch's DataLoader calls this, where it is defined, instead of `__getitem__` for each index.
        """
        rows = self._rows[np.asarray(indices)]  # copies the windows, in the narrow dtype of the ids
        if self._check_reads:
            check_range(rows)
        inputs, targets = rows[:, :-1].astype(np.int64), rows[:, 1:].astype(np.int64)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def __getstate__(self) -> dict:
        """What a worker process gets: a memory map goes as the name of its file, never as its contents."""
        ids = file_slice(self.ids) or self.ids
        return {"max_length": self.max_length, "stride": self.stride, "ids": ids}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        if isinstance(self.ids, dict):
            self.ids = np.asarray(np.memmap(**self.ids, mode="r"))
        self._set_up()


class WindowBatches(Sampler):
    """Arrays of `batch_size` window numbers: in order, or in a new order from `seed` for each epoch.

    A shuffled epoch holds 4 bytes for each window (8 from 2**31 windows on), where PyTorch's RandomSampler
    makes a list of ints.
    """

    def __init__(self, n_windows: int, batch_size: int, shuffle: bool, drop_last: bool, seed: int):
        self.n_windows, self.batch_size, self.shuffle = n_windows, batch_size, shuffle
        self.end = n_windows - n_windows % batch_size if drop_last else n_windows
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return -(-self.end // self.batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        dtype = torch.int32 if self.n_windows < 2**31 else torch.int64
        if self.shuffle:
            order = torch.randperm(self.n_windows, generator=self.generator, dtype=dtype).numpy()
        for start in range(0, self.end, self.batch_size):
            stop = min(start + self.batch_size, self.end)
            yield order[start:stop] if self.shuffle else np.arange(start, stop)


class WindowLoader(DataLoader):
    """A DataLoader that, without workers, skips the machinery which only workers need."""

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return super().__iter__() if self.num_workers else map(self.dataset.__getitems__, self.batch_sampler)


def make_loader(
    ids: Sequence[int] | np.ndarray | torch.Tensor,
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
    orders, with any number of workers. With `drop_last` a last batch of fewer than batch_size windows is
    left out. Raises ValueError as WindowDataset does, if batch_size is less than 1, num_workers or seed less
    than 0, and if drop_last would leave no batch at all.

    >>> [x.shape for x, y in make_loader(range(100), max_length=4, batch_size=10)]
    [torch.Size([10, 4]), torch.Size([10, 4])]
    """
    data = WindowDataset(ids, max_length, stride)
    batch_size, seed = at_least("batch_size", batch_size, 1), at_least("seed", seed, 0)
    if drop_last and batch_size > len(data):
        raise ValueError(
            f"batch_size={batch_size} is more than the {len(data)} windows of this data, so drop_last=True "
            f"would drop all of them: give a batch_size of {len(data)} or less, or drop_last=False"
        )
    return WindowLoader(
        data,
        batch_sampler=WindowBatches(len(data), batch_size, shuffle, drop_last, seed),
        collate_fn=as_it_is,
        num_workers=at_least("num_workers", num_workers, 0),
        generator=torch.Generator().manual_seed(seed),  # for the workers' own seeds; the order has another
    )


def as_it_is(batch: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """`__getitems__` has made the batch already: nothing is left to collate."""
    return batch


# ---- ids: what is accepted, and what may be wrong with them ----


def at_least(name: str, value: Any, least: int) -> int:
    """`value` as an int; ValueError that names the argument if it is not an integer of `least` or more."""
    try:
        number = operator.index(None if isinstance(value, bool) else value)  # True would pass for 1
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{name} must be an integer of {least} or more, not {value!r}")
    return number


def as_id_array(ids: Any) -> np.ndarray:
    """`ids` as a one-dimensional array of integers. Only a list is copied; no value is looked at."""
    try:
        array = ids.numpy() if isinstance(ids, torch.Tensor) else np.asarray(ids)
    except (RuntimeError, TypeError, ValueError) as error:  # a tensor that wants a gradient; a ragged list
        raise ValueError(f"ids cannot be used as an array: {error}") from error
    if array.size == 0 and array.ndim == 1:
        return array.astype(np.int64)  # NumPy takes an empty list for floats
    if array.ndim != 1 or array.dtype.kind not in "iu":
        shape = "" if isinstance(ids, str | bytes) else f" of dtype {array.dtype} and shape {array.shape}"
        raise ValueError(
            f"ids must be a one-dimensional sequence of integers, not {type(ids).__name__}{shape}: encode a "
            "text first, flatten batches, and convert floats with .astype(np.int64)"
        )
    return array


def may_be_out_of_range(dtype: np.dtype) -> bool:
    """Whether ids of this dtype can be negative, or too large for int64."""
    return dtype.kind == "i" or dtype.itemsize == 8


def check_range(ids: np.ndarray) -> None:
    """Raise ValueError unless all `ids` lie between 0 and 2**63 - 1."""
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high > LARGEST_ID:
        raise ValueError(
            f"ids holds {low if low < 0 else high}, which no vocabulary has: token ids start at 0 and fit in "
            "int64. Was the array read with another dtype than it was written with, or padded with -100?"
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
    address = lambda array: array.__array_interface__["data"][0]
    offset = root.offset + address(ids) - address(root)  # a slice's own .offset is that of the whole map
    return {"filename": root.filename, "dtype": ids.dtype, "offset": offset, "shape": ids.shape}
