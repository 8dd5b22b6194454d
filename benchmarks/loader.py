"""Reading an epoch of windows: the loader of notebook 07, a list of tensors, and plain copies.

`python -m benchmarks loader [turns]`. Windows of 256 tokens from two million ids, every 256 and every 64
positions, in shuffled batches of 32; each way in one process, a new copy of the same.
A *copy* takes batches that are ready (int64, in order, input and target together) from one large array: the
bytes that an epoch has to write, without the gathering, the widening and the shuffling.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks import in_turn, speeds, table
from benchmarks.child import memory, on_one_core
from helpers.windows import WindowDataset, make_loader

MAX_LENGTH, STRIDES, BATCH = 256, (256, 64), 32
VOCABULARY, N_IDS = 50_257, 2_000_000


def write_ids(path: Path, n: int) -> np.memmap:
    """A file of `n` random token ids, two bytes each, memory-mapped."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for start in range(0, n, 2**22):
            file.write(rng.integers(0, VOCABULARY, min(2**22, n - start)).astype(np.uint16).tobytes())
    return np.memmap(path, dtype=np.uint16, mode="r")


def list_of_tensors(ids: list[int], stride: int) -> Iterator:
    """As in books: each window as two tensors in a list, all before the first batch is read."""
    starts = range(0, len(ids) - MAX_LENGTH, stride)
    cut = lambda start: torch.tensor(ids[start : start + MAX_LENGTH])
    pairs = [(cut(start), cut(start + 1)) for start in starts]
    return iter(DataLoader(pairs, BATCH, shuffle=True, drop_last=True))


def rows_of_a_map(ids: np.memmap, stride: int) -> Iterator:
    """A batch as a loop over its rows, each sliced from the memory map, widened and stacked."""
    cut = lambda start: torch.from_numpy(ids[start : start + MAX_LENGTH].astype(np.int64))
    starts = torch.randperm((len(ids) - MAX_LENGTH - 1) // stride + 1) * stride
    for batch in starts[: len(starts) // BATCH * BATCH].view(-1, BATCH).tolist():
        yield torch.stack([cut(s) for s in batch]), torch.stack([cut(s + 1) for s in batch])


def ready_batches(n_batches: int) -> np.ndarray:
    shape = n_batches, 2, BATCH, MAX_LENGTH
    return np.random.default_rng(0).integers(0, VOCABULARY, shape)


def compare(ids: np.memmap, stride: int, turns: int) -> None:
    n_batches = ((len(ids) - MAX_LENGTH - 1) // stride + 1) // BATCH
    as_list, ready = ids.tolist(), ready_batches(n_batches)
    make = partial(make_loader, ids, MAX_LENGTH, stride, BATCH)
    ways = {
        "make_loader": make,
        "make_loader, 2 workers": lambda: make(num_workers=2),
        "a copy, one call for the epoch": lambda: ready.copy(),
        "a copy, one call a batch": lambda: (batch.copy() for batch in ready),
        "a memory map, row by row": lambda: rows_of_a_map(ids, stride),
        "a list of tensors (build and read)": lambda: list_of_tensors(as_list, stride),
    }
    runs = {name: partial(after_one, make, way) for name, way in ways.items()}
    tokens = n_batches * BATCH * MAX_LENGTH / 1e6
    title = f"Reading an epoch of {tokens:.1f} M target tokens, stride {stride}"
    bars = f"loading, stride {stride}"
    speeds(title, "M tokens/s", tokens, in_turn(runs, turns), "a list of tensors (build and read)", bars)


def after_one(make: Callable[[], Iterator], way: Callable[[], Iterator]) -> Callable[[], None]:
    read_all(make)  # an epoch that does not count: it maps the pages of the file
    return partial(read_all, way)


def read_all(way: Callable[[], Iterator]) -> None:
    deque(way(), maxlen=0)


# ---- memory ----


def grow(path: str, stride: int) -> list[float]:
    """MB by which an epoch over the file at `path` lets this process grow: its own, and pages of the file."""
    WindowDataset(range(1000), 256)[0]
    fields = "RssAnon", "RssFile"  # the system takes pages of a file back when it likes
    before, largest = [memory(field) for field in fields], [0.0, 0.0]
    loader = make_loader(np.memmap(path, dtype=np.uint16, mode="r"), MAX_LENGTH, stride, BATCH)
    for step, _ in enumerate(loader):
        if step % 500 == 0 or step == len(loader) - 1:
            grown = [memory(field) - start for field, start in zip(fields, before, strict=True)]
            largest = [max(pair) for pair in zip(largest, grown, strict=True)]
    return largest


def compare_memory(folder: Path, sizes: tuple[int, ...]) -> None:
    rows = []
    for n in sizes:
        path = folder / f"{n}.bin"
        size = write_ids(path, n).nbytes / 2**20
        for stride in STRIDES:
            own, pages = on_one_core(grow, str(path), stride)
            rows.append(
                (f"{n / 1e6:.0f} M ids, {size:.0f} MB, stride {stride}", f"{own:.1f}", f"{pages:.0f}")
            )
    header = ("file", "own memory, MB", "pages of the file, MB")
    table("By how much a process grows while it reads an epoch of make_loader", header, rows)


def main(args: list[str]) -> None:
    turns = int(args[0]) if args else 3
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        ids = write_ids(Path(folder) / "ids.bin", N_IDS)
        for stride in STRIDES:
            compare(ids, stride, turns)
        if Path("/proc/self/status").exists():  # Linux only
            compare_memory(Path(folder), (5 * N_IDS, 50 * N_IDS))
