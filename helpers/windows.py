"""Token ids cut into windows: pairs of input and target, gathered a whole batch at a time (notebook 07).

A *window* is `max_length` token ids; its target is the same stretch one position later. Windows start every
`stride` positions. The ids stay in memory or in a memory-mapped file: a window is a view on them.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from numpy.lib.array_utils import byte_bounds
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from helpers import arguments

Ids = Sequence[int] | np.ndarray | Tensor


class WindowDataset(Dataset):
    """Every window of `ids`, as (input, target): two int64 tensors of shape (max_length,).

    ids: token ids as a one-dimensional array, `np.memmap` or tensor of any integer dtype, none of which is
    copied (but a tensor on another device is); or a list, which is converted to an array once. `stride=None`
    means max_length: each token but the first and a short tail is a target exactly once. Window i has
    ids[i*stride : i*stride + max_length] as its input, and the same shifted by one as its target; the ids
    after the last whole window are left out. Every tensor is on the CPU, and a copy. PyTorch's `DataLoader`
    and `Subset` take it as any data set; `make_loader` is faster, since it asks for a `batch` at a time.

    Raises ValueError if max_length or stride is not an integer of 1 or more, if ids are not one-dimensional,
    not integers, negative or above 2**63 - 1, or fewer than max_length + 1. The values in a memory map are
    checked as they are read. Raises IndexError for a window that is not there.

    Source: Raschka, "Build a Large Language Model (From Scratch)" (2024), chapter 2, for sampling with a
    stride; nanoGPT (Karpathy, 2022) for reading from a memory map.

    >>> data = WindowDataset([10, 11, 12, 13, 14, 15, 16], max_length=3)
    >>> [(x.tolist(), y.tolist()) for x, y in data]
    [([10, 11, 12], [11, 12, 13]), ([13, 14, 15], [14, 15, 16])]
    """

    def __init__(self, ids: Ids, max_length: int, stride: int | None = None):
        self.max_length = max_length = arguments.integer("max_length", max_length, 1)
        self.stride = max_length if stride is None else arguments.integer("stride", stride, 1)
        self.ids = root = arguments.id_array("ids", ids)
        if (n := len(self.ids)) <= max_length:
            shorter = f", or a max_length of {n - 1} or less" if n > 1 else ""
            need = f"a window of max_length={max_length} and its last target take {max_length + 1}"
            raise ValueError(f"ids holds {n} token ids, but {need}: give a longer text{shorter}")
        while isinstance(root.base, np.ndarray):
            root = root.base
        self._map = root if isinstance(root, np.memmap) else None  # what the ids are a view of
        # One row per window, inputs and targets together; a view, so it takes no memory of its own.
        self._rows = sliding_window_view(self.ids, max_length + 1)[:: self.stride]
        may_be_wrong = self.ids.dtype.kind == "i" or self.ids.itemsize == 8  # negative, or beyond int64
        self._check_reads = may_be_wrong and self._map is not None  # a check now would read the whole file
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
            indices = arguments.id_array("indices", indices)  # takes longer than to gather a few windows
            if indices.dtype == np.uint64:  # NumPy would read 2**64 - 1 as -1, the last window
                indices = np.minimum(indices, len(self)).astype(np.int64)
        rows = self._rows[indices]  # copies the windows, in the narrow dtype of the ids
        if self._check_reads:
            arguments.in_range("the ids of these windows", rows)
        inputs, targets = rows[:, :-1].astype(np.int64), rows[:, 1:].astype(np.int64)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def __reduce__(self) -> tuple:
        """What a worker process gets: a memory map goes as the name of its file, never as its contents."""
        ids, root = self.ids, self._map
        if root is not None and root.filename and root.mode != "c" and ids.strides == (ids.itemsize,):
            offset = root.offset + byte_bounds(ids)[0] - byte_bounds(root)[0]
            ids = {"filename": root.filename, "dtype": ids.dtype, "offset": offset, "shape": ids.shape}
        return _rebuild, (type(self), ids, self.max_length, self.stride)


def _rebuild(kind: type, ids: dict | np.ndarray, max_length: int, stride: int) -> WindowDataset:
    if isinstance(ids, dict):
        try:
            ids = np.memmap(**ids, mode="r")
        except ValueError:  # "mmap length is greater than file size"
            name, n = ids["filename"], ids["shape"][0]
            raise ValueError(f"{name} has become shorter: it had {n} ids. Make a new data set") from None
    return kind(ids, max_length, stride)


class WindowBatches(Sampler):
    """Arrays of `batch_size` window numbers: in order, or in a new order from `seed` for each epoch.

    An epoch holds 4 bytes for each window (8 from 2**31 windows on), where PyTorch's RandomSampler makes a
    list of ints. Each iteration is a new epoch, also one that is broken off; `set_epoch` says which is next.
    """

    def __init__(self, n_windows: int, batch_size: int, shuffle: bool, drop_last: bool, seed: int):
        self.n_windows, self.batch_size, self.shuffle, self.seed = n_windows, batch_size, shuffle, seed
        self.end = n_windows - n_windows % batch_size if drop_last else n_windows
        self.generator = torch.Generator().manual_seed(seed)

    def set_epoch(self, epoch: int) -> None:
        """Make `epoch` the next one, to resume or to repeat it; the orders before it are drawn anew."""
        self.generator.manual_seed(self.seed)
        for _ in range(arguments.integer("epoch", epoch)):
            self._order()

    def _order(self) -> np.ndarray:
        dtype = torch.int32 if self.n_windows < 2**31 else torch.int64
        make = partial(torch.randperm, generator=self.generator) if self.shuffle else torch.arange
        return make(self.n_windows, dtype=dtype, device="cpu").numpy()  # whatever torch's default device is

    def __len__(self) -> int:
        return -(-self.end // self.batch_size)

    def __iter__(self) -> Iterator[np.ndarray]:
        order = self._order()[: self.end]
        yield from (order[i : i + self.batch_size] for i in range(0, self.end, self.batch_size))


class WindowLoader(DataLoader):
    """A DataLoader that, without workers, skips the machinery which only workers need."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.num_workers:
            return map(self.dataset.batch, self.sampler)
        with torch.device("cpu"):  # DataLoader draws the workers' seed on the default device
            return super().__iter__()


def make_loader(
    ids: Ids, max_length: int, stride: int | None = None, batch_size: int = 8, shuffle: bool = True,
    drop_last: bool = True, num_workers: int = 0, seed: int = 0,
) -> DataLoader:  # fmt: skip
    """A loader of (inputs, targets): int64 tensors of shape (batch_size, max_length); see `WindowDataset`.

    Each pass over it is an epoch, also one that is broken off. With `shuffle` each epoch has another order,
    the same for the same seed and any number of workers; `loader.sampler.set_epoch` says which comes next (0
    is the first). With `drop_last` a last batch of fewer than batch_size windows is left out. Raises
    ValueError as WindowDataset does, if batch_size is less than 1, num_workers or seed less than 0, and if
    drop_last would leave no batch at all.

    >>> [x.shape for x, y in make_loader(range(100), max_length=4, batch_size=10)]
    [torch.Size([10, 4]), torch.Size([10, 4])]
    """
    shuffle, drop_last = arguments.flag("shuffle", shuffle), arguments.flag("drop_last", drop_last)
    data = WindowDataset(ids, max_length, stride)
    batch_size, seed = arguments.integer("batch_size", batch_size, 1), arguments.integer("seed", seed)
    if drop_last and batch_size > len(data):
        few = f"batch_size={batch_size} is more than the {len(data)} windows of this data, so drop_last=True"
        way_out = f"give a batch_size of {len(data)} or less, or drop_last=False"
        raise ValueError(f"{few} would drop all of them: {way_out}")
    return WindowLoader(
        data,
        sampler=WindowBatches(len(data), batch_size, shuffle, drop_last, seed),
        batch_size=None,  # the sampler gives the indices of a batch, the data set the batch: none to collate
        collate_fn=tuple,
        num_workers=arguments.integer("num_workers", num_workers),
        generator=torch.Generator().manual_seed(seed),  # for the workers' own seeds; the order has another
    )
