"""Calls a function of a benchmark in a process of its own, new or a copy of this one, and on one core."""

import importlib
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def on_one_core(function: Callable, *arguments: object) -> object:
    """What `function(*arguments)` returns in a process bound to one core. All must be fit for JSON."""
    name = [function.__module__, function.__name__]
    call = [sys.executable, "-m", "benchmarks.child", *name, json.dumps(arguments)]
    done = subprocess.run(call, stdout=subprocess.PIPE, check=True, env=os.environ | ONE_THREAD)
    return json.loads(done.stdout.splitlines()[-1])  # before it may stand what a library prints


def in_a_child(function: Callable[[], Any]) -> Any:
    """What `function()` returns in a copy of this process. Where there is no fork, it is called here.

    What it leaves behind goes with the copy. A process in which one library has freed much memory in small
    parts is slower for the others: NumPy took 1.5 times as long after `tokenizers` had encoded 11 MB there.
    """
    if not hasattr(os, "fork"):
        return function()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(function()))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:  # it has said why
        raise SystemExit("a benchmark has failed in its process") from None
    finally:
        process.join()


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is printed meanwhile, not even by compiled code."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1), os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        for number, file in enumerate(kept, 1):
            os.dup2(file, number)
            os.close(file)


def memory(field: str) -> float:
    """A figure of this process, in MB: "VmRSS" is the resident memory now, "VmHWM" its peak. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def forget_peak() -> None:
    """Let "VmHWM" begin anew from what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    module, name, arguments = sys.argv[1:]
    print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(arguments))))
