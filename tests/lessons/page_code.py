"""The code of a deeper page, as it stands there, for the tests of what that page builds."""

import ast
import json
from pathlib import Path

DEEPER = Path(__file__).resolve().parents[2] / "notebooks" / "deeper"
DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef


def definitions(body):
    """Of the statements of a cell: imports, functions and classes."""
    return [node for node in body if isinstance(node, DEFINITIONS)]


def run_page(page, chosen=definitions, **given):
    """The names that a page's cells define beside those `given`, where only the `chosen` statements run."""
    found = given
    for cell in json.loads((DEEPER / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            tree.body = chosen(tree.body)
            exec(compile(tree, page, "exec"), found)
    return found
