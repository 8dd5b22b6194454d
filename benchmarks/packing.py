"""Packing documents into rows: how long it takes, and what it wastes. `python -m benchmarks packing`."""

import time

import numpy as np

from benchmarks import progress, table
from helpers.batches import pack

MAX_LENGTH, EOS_ID = 2048, 50_256
HEADER = ("documents", "tokens", "way", "seconds", "rows", "padding", "documents cut")


def main(args: list[str]) -> None:
    """Report a table for 10,000 to a million documents, packed by both methods once, whatever `args` say.

    Lengths are lognormal: half of the documents shorter than 60 tokens, about 5 % longer than 400. A "plain
    copy" is the same documents joined end to end by numpy, as int64: the least that any packing has to do.
    """
    rows = []
    for n in (10_000, 100_000, 1_000_000):
        documents = some_documents(n)
        head = f"{n:,}", f"{sum(map(len, documents)):,}"
        start = time.perf_counter()
        np.concatenate(documents, dtype=np.int64)
        rows.append((*head, "plain copy", f"{time.perf_counter() - start:.2f}", "", "", ""))
        for method in ("concat", "best_fit"):
            progress(f"{n:,} documents, {method}")
            start = time.perf_counter()
            packed = pack(documents, MAX_LENGTH, EOS_ID, method)
            seconds, cut = time.perf_counter() - start, packed.split_documents / n
            rows.append(
                (*head, method, f"{seconds:.2f}", f"{len(packed):,}", f"{packed.waste:.3%}", f"{cut:.2%}")
            )
    progress("")
    table(f"Packing into rows of {MAX_LENGTH:,} tokens", HEADER, rows)


def some_documents(n: int) -> list[np.ndarray]:
    """`n` documents of random token ids, uint16."""
    random = np.random.default_rng(0)
    lengths = random.lognormal(np.log(60), 1.15, n).astype(int) + 1
    ids = random.integers(0, EOS_ID, lengths.sum(), dtype=np.uint16)
    return np.split(ids, np.cumsum(lengths)[:-1])
