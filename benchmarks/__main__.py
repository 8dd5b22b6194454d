"""`python -m benchmarks` runs all and writes RESULTS.md; `python -m benchmarks NAME ...` runs one.

`python -m benchmarks 1` takes one turn instead of three, in half the time. Run all several times: the spread
in RESULTS.md is that of the last runs on this machine. Runs with other versions or other code are forgotten,
and `python -m benchmarks --anew` forgets all of this machine.
"""

import datetime
import importlib
import sys
import time
from pathlib import Path

import benchmarks
from benchmarks import figure, runs, setup

ALL = ("bpe", "encode", "shards", "growth", "loader", "packing")
ALONE = ("experiments",)  # half an hour, and its results are data: see data/README.md
HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> None:
    if arguments == ["--list"]:
        print("\n".join(ALL + ALONE))
    elif not arguments or arguments[0] == "--anew" or arguments[0].isdecimal():
        run_all([argument for argument in arguments if argument.isdecimal()], anew="--anew" in arguments)
    elif arguments[0] in ALL + ALONE:
        importlib.import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])
    else:
        sys.exit(f"there is no benchmark {arguments[0]!r}, only {', '.join(ALL + ALONE)}")


def run_all(turns: list[str], anew: bool) -> None:
    start, made_by = time.perf_counter(), {"versions": setup.versions(), "code": setup.code()}
    if not anew:
        runs.load(setup.machine(), made_by)
    for name in ALL:
        benchmarks.report(f"### {name}")
        module = importlib.import_module(f"benchmarks.{name}")
        benchmarks.report(module.__doc__.strip())
        module.main(turns)
    minutes = (time.perf_counter() - start) / 60
    benchmarks.report(f"### Agreement\n\n{runs.agreement()}")
    report = [introduction(minutes), in_short(), *benchmarks.REPORT]
    kept = runs.save(setup.machine(), made_by, report)
    (HERE / "RESULTS.md").write_text(results(kept, made_by["code"]), encoding="utf-8")
    figure.draw(benchmarks.RATIOS, HERE / "speed.png")


def introduction(minutes: float) -> str:
    return (
        f"Measured on {datetime.date.today()}, in {minutes:.0f} minutes, with {setup.versions()}. "
        f"Runs that are kept (runs.json), and count alike: {len(runs.EARLIER) + 1}. But packing, very long "
        "pre-tokens, and the memory of loader and shards are those of the last."
    )


def in_short() -> str:
    """A table of what our code is beside each peer."""
    header = ("speed of this project, peer = 1", *map(setup.named, benchmarks.PEERS))
    rows = [
        (work, *(benchmarks.digits(beside[peer]) if peer in beside else "" for peer in benchmarks.PEERS))
        for work, beside in benchmarks.SHORT.items()
    ]
    return "\n".join([f"### In short, on {setup.processor()}", "", *benchmarks.markdown(header, rows)])


def results(kept: dict[str, dict], code: str) -> str:
    """RESULTS.md: a section for each machine, none of whose figures comes from another."""
    parts = [
        "# Results of `python -m benchmarks`\n\n"
        "Written by that command: a section for each machine that it ran on, from its own runs alone. What "
        "stands in one table ran on the same bytes, in turn, and all gave the same ids before anything was "
        "timed. A ratio is taken within each turn; its median stands first, then the lowest and the highest "
        f"turn. A run at another hour may lie beyond that, by a factor of up to {runs.DRIFT}: see "
        "*Agreement*. MB are millions of bytes."
    ]
    for machine, its in kept.items():
        same = its["setup"]["code"] == code
        parts.append(f"## {machine}" + ("" if same else "\n\nThe code has changed since."))
        parts += its["report"]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
