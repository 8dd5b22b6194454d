"""What is imported is declared, and the three lists of versions (declared, oldest, pinned) agree."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {
    canonicalize_name(found.name): found for found in map(Requirement, PROJECT["project"]["dependencies"])
}
OURS = {name.partition(".")[0] for name in PROJECT["tool"]["setuptools"]["packages"]}
BROUGHT = {"distributed": "dask"}  # dask[distributed] brings it


def pins(name):
    """{package: version} of the lines `package==version` in a file of requirements or constraints."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [re.match(r"([\w.-]+)(?:\[.*\])?==([\w.+]+)", line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


PINNED, OLDEST = pins("requirements.txt"), pins("constraints-oldest.txt")


def sources(path):
    """The Python source of a file: for a notebook each code cell, without the lines for IPython."""
    if path.suffix == ".py":
        return [path.read_text(encoding="utf-8")]
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", cell) for cell in cells]


def imports():
    """{top-level module from elsewhere: the files that import it}, of our packages and the notebooks."""
    found = {}
    for path in [p for top in (*OURS, "notebooks") for p in sorted((ROOT / top).rglob("*"))]:
        if path.suffix not in (".py", ".ipynb") or ".ipynb_checkpoints" in path.parts:
            continue
        for node in (node for source in sources(path) for node in ast.walk(ast.parse(source))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in {name.partition(".")[0] for name in names} - OURS - set(sys.stdlib_module_names):
                found.setdefault(top, []).append(str(path.relative_to(ROOT)))
    return found


def test_what_helpers_and_notebooks_import_is_what_is_declared():
    used, distributions = set(), importlib.metadata.packages_distributions()
    for module, files in imports().items():
        owners = {canonicalize_name(BROUGHT.get(name, name)) for name in distributions.get(module, [module])}
        assert owners & set(DECLARED), f"{module} is imported in {files[:3]}, but pyproject.toml lacks it"
        used |= owners
    assert set(DECLARED) <= used, "pyproject.toml declares what nothing imports"


@pytest.mark.parametrize("name", DECLARED)
def test_the_declared_bound_is_the_oldest_version_tested_and_the_pin_satisfies_it(name):
    bound = DECLARED[name].specifier
    assert str(bound) == f">={OLDEST[name]}"
    assert PINNED[name] in bound


def test_every_package_folder_is_declared():
    folders = {
        ".".join(p.parent.relative_to(ROOT).parts) for top in OURS for p in (ROOT / top).rglob("__init__.py")
    }
    assert folders == set(PROJECT["tool"]["setuptools"]["packages"])
