"""`helpers` stay small enough to be read in an evening, and stand on nothing but the ground."""

import ast
from pathlib import Path

HELPERS = sorted((Path(__file__).resolve().parent.parent / "helpers").rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in HELPERS}


def test_helpers_hold_at_most_3300_lines():
    """Lines with something on them, docstrings and comments included: an empty line takes no reading."""
    lines = [line for path in HELPERS for line in path.read_text(encoding="utf-8").splitlines()]
    assert 2000 < sum(map(bool, map(str.strip, lines))) <= 3300


def test_no_function_of_helpers_has_over_40_lines():
    nodes = [(path.name, node) for path, tree in TREES.items() for node in ast.walk(tree)]
    functions = [(file, node) for file, node in nodes if isinstance(node, ast.FunctionDef)]
    lengths = {(file, node.name): node.end_lineno - node.lineno + 1 for file, node in functions}
    assert len(lengths) > 150 and max(lengths.values()) <= 40, max(lengths, key=lengths.get)


def test_helpers_import_nothing_of_lessons():
    nodes = [node for tree in TREES.values() for node in ast.walk(tree)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert "numpy" in names and not [name for name in names if name.partition(".")[0] == "lessons"]
