"""`python -m benchmarks` runs all and writes RESULTS.md; `python -m benchmarks NAME ...` runs one.

Run all several times: the spread in RESULTS.md is that of the last runs on this machine. After a change of
what is measured, `python -m benchmarks --anew` forgets those before it.
"""

import datetime
import importlib
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import benchmarks
from benchmarks import figure, runs

ALL = ("bpe", "encode", "growth", "loader", "packing", "shards")
ALONE = ("experiments",)  # half an hour, and its results are data: see data/README.md
PACKAGES = ("numpy", "torch", "regex", "tiktoken", "tokenizers", "rustbpe", "dask")
HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> None:
    if arguments == ["--list"]:
        print("\n".join(ALL + ALONE))
    elif arguments in ([], ["--anew"]):
        run_all(anew=bool(arguments))
    elif arguments[0] in ALL + ALONE:
        importlib.import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])
    else:
        sys.exit(f"there is no benchmark {arguments[0]!r}, only {', '.join(ALL + ALONE)}")


def run_all(anew: bool) -> None:
    start, setup = time.perf_counter(), {"machine": machine(), "versions": versions()}
    if not anew:
        runs.load(setup)
    for name in ALL:
        benchmarks.report(f"## {name}")
        module = importlib.import_module(f"benchmarks.{name}")
        benchmarks.report(module.__doc__.strip())
        module.main([])
    minutes = (time.perf_counter() - start) / 60
    benchmarks.report(f"## Agreement\n\n{runs.agreement()}")
    runs.save(setup)
    text = "\n\n".join([introduction(minutes), *benchmarks.REPORT]) + "\n"
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    figure.draw(benchmarks.RATIOS, HERE / "speed.png")


def introduction(minutes: float) -> str:
    return (
        "# Results of `python -m benchmarks`\n\n"
        f"Written by that command on {datetime.date.today()}, in {minutes:.0f} minutes.\n\n"
        f"- Machine: {machine()}\n- {versions()}\n\n"
        "What stands in one table ran on the same bytes, in turn. A ratio is taken within each turn; its "
        f"median stands first, then the lowest and the highest turn. All {len(runs.EARLIER) + 1} runs that "
        "are kept (runs.json) count alike, but packing, very long pre-tokens, and the memory of loader and "
        "shards are those of the last. A run at another hour may lie beyond that, by a factor of up to "
        f"{runs.DRIFT}: see the end. MB are millions of bytes."
    )


def machine() -> str:
    return f"{processor()}, {os.cpu_count()} cores, {memory_gb():.0f} GB of memory, {platform.system()}"


def versions() -> str:
    return ", ".join([f"Python {platform.python_version()}", *(f"{p} {version_of(p)}" for p in PACKAGES)])


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def memory_gb() -> float:
    if not hasattr(os, "sysconf"):
        return float("nan")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


if __name__ == "__main__":
    main(sys.argv[1:])
