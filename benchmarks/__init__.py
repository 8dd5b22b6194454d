"""How fast this project is beside the libraries that production uses: `python -m benchmarks`.

Each module here is one benchmark: its `main(args)` takes a list of str and reports tables.
Everything that is compared runs on the same bytes, in turn, so that a slow minute of the machine hits all
alike; what counts is the ratio within a turn. Before anything is timed, all have given the same ids.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import runs, setup
from benchmarks.child import in_a_child

REPORT: list[str] = []  # the tables of this run, in Markdown
RATIOS: dict[str, list[float]] = {}  # what the figure shows: the ratio in each turn, under the name of a bar
SHORT: dict[
    str, dict[str, float]
] = {}  # for the table at the head: of a work of ours, its speed beside each peer
PEERS = ("tiktoken", "gigatoken", "tokenizers", "rustbpe")
OURS = ("helpers", "tokenize_", "make_loader")  # what our rows begin with


def in_turn(
    makers: dict[str, Callable[[], Callable[[], object]]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
    rehearse: bool = False,
) -> dict[str, list[float]]:
    """The seconds that each takes, by `clock`, in each of `repeats` turns, each time in a child of its own.

    A maker is not timed: it gives the function that is, for instance one of an encoder that has read nothing.
    To `rehearse` is to make and call another one first: what takes milliseconds would else be timed with the
    first use of the libraries' code.
    """

    def timed(make: Callable[[], Callable[[], object]]) -> float:
        if rehearse:
            make()()
        function = make()
        start = clock()
        function()
        return clock() - start

    seconds: dict[str, list[float]] = {name: [] for name in makers}
    for turn in range(repeats):
        for name, make in makers.items():
            progress(f"turn {turn + 1} of {repeats}: {name}")
            seconds[name].append(in_a_child(partial(timed, make)))
    progress("")
    return seconds


def progress(text: str) -> None:
    """Show what is running, in one line of stderr that the next call overwrites."""
    print(f"\r  {text:78.78}\r", end="", file=sys.stderr, flush=True)


def each_ratio(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """`of` in units of `to`, turn by turn."""
    return [a / b for a, b in zip(of, to, strict=True)]


def spread(values: Sequence[float]) -> str:
    """The median, and from the lowest to the highest.

    >>> spread([4.0, 2.0, 0.0314])
    '2.00 (0.0314 to 4.00)'
    """
    middle, low, high = map(digits, (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low} to {high})"


def digits(value: float) -> str:
    """Three digits, but no fewer than two behind the point, and none from 100 on."""
    return f"{value:.3g}" if value < 1 else f"{value:.{2 if value < 100 else 0}f}"


def report(text: str) -> None:
    """Print a piece of Markdown, and keep it for RESULTS.md."""
    print(f"\n{text}", flush=True)
    REPORT.append(text)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Report a table, the first column to the left, the others to the right, and where it was measured."""
    lines = [f"#### {title}", "", f"*{setup.processor()}, Python and NumPy {setup.version_of('numpy')}*", ""]
    report("\n".join([*lines, *markdown(header, rows)]))


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    aligned = [
        [c.rjust(w) if n else c.ljust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))]
        for row in [header, *rows]
    ]
    rule = ["-" * (w - 1) + (":" if n else "-") for n, w in enumerate(widths)]
    return [f"| {' | '.join(row)} |" for row in [aligned[0], rule, *aligned[1:]]]


def speeds(
    title: str,
    unit: str,
    amount: float,
    seconds: dict[str, list[float]],
    peer: str,
    bars: str = "",
    short: str = "",
) -> None:
    """Report how much of `amount` each gets done in a second, and its speed beside that of `peer`.

    Turns of earlier runs count too. With `bars`, a name, the ratios go to the figure as well; with `short`,
    what our rows are beside each peer goes to the table at the head.
    """
    rows, turns = [], len(seconds[peer])
    seconds = runs.all_turns(title, seconds)
    for name, taken in seconds.items():
        ratio = each_ratio(seconds[peer], taken)
        if name != peer:
            runs.compare(f"{title}, {name}", ratio, turns)
        if bars:
            RATIOS[f"{bars}: {name}"] = ratio
        if short and name.startswith(OURS):
            SHORT[f"{short}{state(name)}"] = beside_peers(seconds, name)
        rows.append((name, f"{amount / statistics.median(taken):,.1f}", spread(ratio)))
    table(title, ("", unit, f"speed, {peer} = 1"), rows)


def state(name: str) -> str:
    """', cold' or ', warm', if the name of a row ends so."""
    return next((end for end in (", cold", ", warm") if name.endswith(end)), "")


def beside_peers(seconds: dict[str, list[float]], ours: str) -> dict[str, float]:
    """The speed of one row beside each of PEERS that is there: cold beside cold, warm beside warm."""
    return {
        peer: statistics.median(each_ratio(taken, seconds[ours]))
        for peer in PEERS
        for name, taken in seconds.items()
        if name.startswith(peer) and state(name) in ("", state(ours))
    }
