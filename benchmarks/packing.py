"""Packing documents into rows: how long it takes, and what it wastes. `python -m benchmarks packing`."""

import time

import numpy as np

from helpers.batches import pack

MAX_LENGTH, EOS_ID = 2048, 50_256


def main(args: list[str]) -> None:
    """Print a table for 10,000 to `args[0]` (default 1 million) documents, packed by both methods.

    Lengths are lognormal: half of the documents shorter than 60 tokens, about 5 % longer than 400. A "plain
    copy" is the same documents joined end to end by numpy, as int64: the least that any packing has to do.
    """
    most = int(args[0]) if args else 1_000_000
    print(
        f"{'documents':>10} {'tokens':>12} {'way':>10} {'seconds':>8} {'rows':>8} {'padding':>9} {'cut':>7}"
    )
    for n in sorted({10_000, 100_000, most}):
        documents = some_documents(n)
        head = f"{n:>10,} {sum(map(len, documents)):>12,}"
        start = time.perf_counter()
        np.concatenate(documents, dtype=np.int64)
        print(f"{head} {'plain copy':>10} {time.perf_counter() - start:>8.2f}")
        for method in ("concat", "best_fit"):
            start = time.perf_counter()
            packed = pack(documents, MAX_LENGTH, EOS_ID, method)
            seconds = time.perf_counter() - start
            print(
                f"{head} {method:>10} {seconds:>8.2f} {len(packed):>8,} {packed.waste:>9.3%} "
                f"{packed.split_documents / n:>7.2%}"
            )


def some_documents(n: int) -> list[np.ndarray]:
    """`n` documents of random token ids, uint16."""
    random = np.random.default_rng(0)
    lengths = random.lognormal(np.log(60), 1.15, n).astype(int) + 1
    ids = random.integers(0, EOS_ID, lengths.sum(), dtype=np.uint16)
    return np.split(ids, np.cumsum(lengths)[:-1])
