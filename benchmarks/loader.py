"""Reading an epoch of windows: the loader of notebook 07, a list of tensors, and plain copies.

    python -m benchmarks loader [number of token ids, 10 million by default]

Windows of 256 tokens, every 256 and every 64 positions, in shuffled batches of 32; everything in one process.
A *copy* takes batches that are ready (int64, in order, input and target together) from one large array: the
bytes that an epoch has to write, without the gathering, the widening and the shuffling.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from helpers.windows import WindowDataset, make_loader

MAX_LENGTH, STRIDES, BATCH = 256, (256, 64), 32
VOCABULARY = 50_257


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


def seconds(read: Callable[[], Iterator]) -> tuple[float, int]:
    """The time of `read` and of going through what it gives, and how many batches that were."""
    start, count = time.perf_counter(), 0
    for _ in read():
        count += 1
    return time.perf_counter() - start, count


def compare(ids: np.memmap, stride: int) -> None:
    n_batches = ((len(ids) - MAX_LENGTH - 1) // stride + 1) // BATCH
    as_list, ready = ids.tolist(), ready_batches(n_batches)
    peers = {
        "make_loader": lambda: make_loader(ids, MAX_LENGTH, stride, BATCH),
        "make_loader, 2 workers": lambda: make_loader(ids, MAX_LENGTH, stride, BATCH, num_workers=2),
        "a copy, one call for the epoch": lambda: ready.copy(),
        "a copy, one call a batch": lambda: (batch.copy() for batch in ready),
        "a memory map, row by row": lambda: rows_of_a_map(ids, stride),
        "a list of tensors (build and read)": lambda: list_of_tensors(as_list, stride),
    }
    times = dict.fromkeys(peers, float("inf"))
    for attempt in range(5):  # in turns, so that a busy moment of the machine meets them all
        for name, read in peers.items():
            if attempt and ("list" in name or "workers" in name):
                continue  # seconds to a minute: once will do
            taken, count = seconds(read)
            assert count == n_batches
            times[name] = min(times[name], taken)
    tokens = n_batches * BATCH * MAX_LENGTH
    print(f"\nstride {stride}: {n_batches:,} batches, {tokens / 1e6:.1f} M target tokens")
    for name, taken in times.items():
        ratio = taken / times["make_loader"]
        print(f"  {name:36}{taken:9.3f} s {tokens / taken / 1e6:9.1f} M tokens/s {ratio:8.2f} x the time")


# ---- memory ----


def resident() -> dict[str, float]:
    """Resident MB of this process: its own, and pages of files, which the system takes back when it likes."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}


def grow(path: str, stride: str) -> None:
    """Print by how much an epoch over the file at `path` lets this process grow, at its largest."""
    WindowDataset(range(1000), 256)[0]
    before, largest = resident(), {"RssAnon": 0.0, "RssFile": 0.0}
    loader = make_loader(np.memmap(path, dtype=np.uint16, mode="r"), MAX_LENGTH, int(stride), BATCH)
    for step, _ in enumerate(loader):
        if step % 500 == 0 or step == len(loader) - 1:
            now = resident()
            largest = {name: max(largest[name], now[name] - before[name]) for name in now}
    print(f"own memory +{largest['RssAnon']:5.1f} MB, pages of the file +{largest['RssFile']:6.1f} MB")


def compare_memory(folder: Path, sizes: tuple[int, ...]) -> None:
    if not Path("/proc/self/status").exists():
        print("\nmemory: measured on Linux only")
        return
    print("\nmemory: how much a process grows while it reads one epoch of make_loader")
    for n in sizes:
        path = folder / f"{n}.bin"
        size = write_ids(path, n).nbytes / 2**20
        for stride in STRIDES:
            command = [sys.executable, "-m", "benchmarks.loader", str(path), str(stride)]
            grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            print(f"  {n / 1e6:5.0f} M ids ({size:5.1f} MB), stride {stride:3}: {grown}")


def main(args: list[str]) -> None:
    n = int(args[0]) if args else 10_000_000
    torch.manual_seed(0)
    print(f"{n:,} token ids, max_length {MAX_LENGTH}, batches of {BATCH}")
    with tempfile.TemporaryDirectory() as folder:
        ids = write_ids(Path(folder) / "ids.bin", n)
        for stride in STRIDES:
            compare(ids, stride)
        compare_memory(Path(folder), (n, 10 * n))


if __name__ == "__main__":  # a fresh process for `compare_memory`
    grow(*sys.argv[1:])
