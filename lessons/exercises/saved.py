"""How far your own copies of the notebooks have come: the last word of each check, as it was saved."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from helpers import files
from lessons import exercises
from lessons.exercises.words import said

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"


def progress(folder: Path = NOTEBOOKS) -> list[tuple[str, str, str]]:
    """(notebook, exercise, state) for each exercise there is, by the outputs stored in `folder`.

    The name of a notebook does not matter, and there may be copies: in each the last word on an exercise
    counts, and of several notebooks the best. Notebooks in sub-folders count too, hidden folders do not.
    `folder` may be a single notebook. Raises `FileNotFoundError` if there is none of that name.
    """
    return _read_progress(folder)[0]


def report(folder: Path = NOTEBOOKS) -> None:
    """Print the table of `progress`, and which notebooks cannot be read."""
    rows, unread = _read_progress(folder)
    for row in rows:
        print("{:26} {:26} {}".format(*row))
    for line in unread:
        print(line)
    done = sum(state == exercises.RIGHT for _, _, state in rows)
    print(f"{done} of {len(rows)} exercises right. Save a notebook to bring this table up to date.")


def _read_progress(folder: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The rows of `progress`, and a line for each notebook that cannot be read."""
    best, unread, order = {}, [], [exercises.NOT_YET, exercises.WRONG, exercises.RIGHT]
    known, folder = exercises.all_names(), _existing(folder)
    paths, folder = ([folder], folder.parent) if folder.is_file() else (_notebooks(folder), folder)
    for path in paths:
        try:
            states = _states(json.loads(files.read_text(path)), known)
        except RecursionError:
            unread.append(f"{path.relative_to(folder)} cannot be read: it is nested too deeply")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            unread.append(f"{path.relative_to(folder)} cannot be read: {_what_is_wrong(path, error)}")
        else:
            for name, state in states.items():
                if name not in best or order.index(state) > order.index(best[name][1]):
                    best[name] = path.stem, state
    return [(best.get(n, ("-", ""))[0], n, best.get(n, ("", order[0]))[1]) for n in known], unread


def _existing(folder: Path) -> Path:
    """`folder`, if there is one: an install without -e has no notebooks beside the package."""
    folder = files.as_path("folder", folder)
    if not folder.exists():
        way_out = "give the one your notebooks are in"
        if folder == NOTEBOOKS:
            way_out = "name that of your own copies, python -m lessons.exercises FOLDER"
        raise FileNotFoundError(f"there is no folder {folder.absolute()}: {way_out}")
    return folder


def _notebooks(folder: Path) -> Iterator[Path]:
    for root, folders, names_there in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        there = [Path(root, n) for n in names_there if n.endswith(".ipynb") and n[0] != "."]
        yield from sorted(there, key=lambda path: path.stem)


def _states(notebook: dict, known: list[str]) -> dict[str, str]:
    """The state of each exercise of a notebook: the last word of its outputs, or not attempted."""
    source = "\n".join("".join(cell.get("source", "")) for cell in notebook["cells"])
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    shown = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    states = {name: exercises.NOT_YET for name in known if name in source}
    words = rf"(\d\d\.\w+): ({exercises.NOT_YET}|{exercises.RIGHT}|{exercises.WRONG})\."
    said_there = re.findall(words, "\n".join(map("".join, shown)))
    return states | {name: state for name, state in said_there if name in known}


def _what_is_wrong(path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or said(error)
    data = path.read_bytes()
    if not data.strip():
        return "it is empty"
    if re.search(rb"^(<{7}|>{7}) ", data, re.MULTILINE):
        return "it holds the marks of a merge conflict (<<<<<<<): choose one of the two versions"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no whole notebook; line {error.lineno} is no JSON ({error.msg})"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it has no list of cells"
