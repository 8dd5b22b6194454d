"""The answer to a *Predict first* waits: which outputs are folded in the notebooks."""

import sys
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from hide_answers import EVERY, PREDICT, answering, fold  # noqa: E402


def code(*texts):
    return new_code_cell("...", outputs=[new_output("stream", text=text) for text in texts])


def folded(notebook):
    return [n for n, cell in enumerate(notebook.cells) if cell.metadata.get("jupyter")]


def test_the_first_output_after_a_question_is_folded_and_no_other():
    asks, says = partial(new_markdown_cell, f"{PREDICT}.** How many?"), partial(new_markdown_cell, "Three.")
    cells = [code("1"), asks(), code(), code("2"), says(), code("3"), asks(), says(), code("4")]
    notebook = new_notebook(cells=cells)
    notebook.cells[0].metadata["jupyter"] = {"outputs_hidden": True}  # left from a question that is gone
    fold(notebook)
    assert folded(notebook) == answering(notebook.cells) == [3, 8]
    assert notebook.cells[3].metadata == {"jupyter": {"outputs_hidden": True}}


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_each_question_of_a_page_has_its_answer_folded(path):
    notebook = nbformat.read(path, as_version=4)
    asked = sum(PREDICT in cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert folded(notebook) == answering(notebook.cells), "run tools/hide_answers.py on it"
    assert len(folded(notebook)) == asked, "a question has no answer of its own"
    assert not any("check(" in notebook.cells[n].source for n in folded(notebook)), "an exercise is no answer"
