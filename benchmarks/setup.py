"""What a figure depends on: the processor, the versions, and the code that was measured."""

import ast
import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("numpy", "torch", "regex", "tiktoken", "tokenizers", "gigatoken", "rustbpe", "dask")
MEASURED = ("helpers", "benchmarks")  # folders; what these say decides whether two runs count together
NOT_MEASURED = set("experiments.py larger.py figure.py setup.py runs.py".split())
NOT_MEASURED |= set("embeddings.py model.py positions.py training.py words.py".split())


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def installed(package: str) -> bool:
    return version_of(package) != "not installed"


def named(package: str) -> str:
    """The package and its version: what stands in a row, so that no row mixes two versions."""
    return f"{package} {version_of(package)}"


def versions() -> str:
    return ", ".join([f"Python {platform.python_version()}", *map(named, PACKAGES)])


def machine() -> str:
    return f"{processor()}, {os.cpu_count()} cores, {memory_gb():.0f} GB of memory, {platform.system()}"


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def memory_gb() -> float:
    if not hasattr(os, "sysconf"):
        return float("nan")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def code(root: Path = ROOT) -> str:
    """A hash of the code in MEASURED, 12 digits: comments, docstrings and layout do not count."""
    paths = sorted(path for folder in MEASURED for path in (root / folder).rglob("*.py"))
    said = [statements(p.read_text(encoding="utf-8")) for p in paths if p.name not in NOT_MEASURED]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def statements(source: str) -> str:
    """What Python reads in `source`, without docstrings.

    >>> statements('def f(x):\\n    "Twice x."\\n    return 2*x  # ') == statements("def f(x): return 2 * x")
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(tree)
