"""How fast this project is beside the libraries that production uses: `python -m benchmarks`.

Each module here is one benchmark: its `main(args)` takes a list of str and prints tables.
Everything that is compared runs in the same process on the same bytes, in turn, so that a slow minute of
the machine hits all alike; what counts is the ratio within a turn.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence


def in_turn(
    functions: dict[str, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """The seconds that each function takes, by `clock`, in each of `repeats` turns."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(repeats):
        for name, function in functions.items():
            print(f"\r  turn {turn + 1} of {repeats}: {name:40}", end="", file=sys.stderr, flush=True)
            start = clock()
            function()
            seconds[name].append(clock() - start)
    print("\r" + " " * 70 + "\r", end="", file=sys.stderr, flush=True)
    return seconds


def ratios(of: Sequence[float], to: Sequence[float]) -> str:
    """`of` in units of `to`, turn by turn: the median, and from the lowest to the highest.

    >>> ratios([2.0, 3.0, 4.0], [1.0, 1.0, 1.0])
    '3.00 (2.00 to 4.00)'
    """
    each = sorted(a / b for a, b in zip(of, to, strict=True))
    return f"{statistics.median(each):.2f} ({each[0]:.2f} to {each[-1]:.2f})"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown, the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    aligned = [
        [c.rjust(w) if n else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))]
        for row in [header, *rows]
    ]
    rule = ["-" * (w - 1) + (":" if n else "-") for n, w in enumerate(widths)]
    print(f"\n### {title}\n")
    for row in [aligned[0], rule, *aligned[1:]]:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()
