"""Fold the answers: in JupyterLab an output that answers "Predict first" waits until its cell is run.

usage: python tools/hide_answers.py [NOTEBOOK ...]     (default: all below notebooks/)

Only the cells' `jupyter` metadata changes. Lab shows three dots in place of such an output, and the output
itself as soon as the cell has run, or at a click. GitHub and the slides show it as ever.
"""

import sys
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EVERY = sorted(NOTEBOOKS.glob("*.ipynb")) + sorted(NOTEBOOKS.glob("deeper/*.ipynb"))
PREDICT = "**Predict first"


def answering(cells: list) -> list[int]:
    """The numbers of the cells that answer: after each question, the first code cell with an output."""
    found, asked = [], False
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            asked = asked or PREDICT in cell.source
        elif asked and cell.outputs:
            found.append(number)
            asked = False
    return found


def fold(notebook) -> None:
    """Mark the outputs that answer a question as hidden, and no others."""
    answers = answering(notebook.cells)
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("jupyter", None)
        if number in answers:
            cell.metadata["jupyter"] = {"outputs_hidden": True}


def main(paths: list[Path]) -> None:
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        fold(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main([Path(a) for a in sys.argv[1:]] or EVERY)
