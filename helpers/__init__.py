"""The subject of the series, finished: what the notebooks build, fast and checked."""

import importlib

MOVED = {name: f"lessons.{name}" for name in ("compare", "exercises", "plots")}
MOVED["shard_files"] = "helpers.shards.record"


def __getattr__(name: str):
    """Modules under the names that they had before, for code that was written then."""
    if name not in MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(MOVED[name])
