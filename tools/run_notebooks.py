"""Execute notebooks from top to bottom in a fresh kernel and store their outputs, ready to commit.

usage: python tools/run_notebooks.py [NOTEBOOK ...]     (default: all below notebooks/)

A notebook is written back only where every cell ran. Answers to its questions are folded (hide_answers.py).
"""

import sys
import time
from pathlib import Path

import nbformat
from hide_answers import EVERY, fold
from nbclient import NotebookClient


def run(path: Path) -> float:
    """Execute the notebook at `path`, write it back, and return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {  # the same on every machine, and no widget state: GitHub refuses some of it
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=300,
        record_timing=False,
        coalesce_streams=True,  # else a line may be cut where the kernel happened to send it
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    seconds = time.perf_counter() - start
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"  # stable ids keep diffs small
        for output in cell.get("outputs", []):
            # A widget is live only beside its kernel; the picture next to it is what is stored.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    fold(notebook)
    nbformat.write(notebook, path)
    return seconds


if __name__ == "__main__":
    for path in [Path(a).resolve() for a in sys.argv[1:]] or EVERY:
        print(f"{path.name}: {run(path):.1f} s", flush=True)
