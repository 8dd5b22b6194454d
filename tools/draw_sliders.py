"""Draw each `explore` figure of a notebook at the steps of its sliders, for a page without a kernel.

The notebook is run as far as its last slider, and each figure writes a picture for every step, or for some
of them where there are many. The pictures are kept in build/sliders, and drawn again only when code that
they depend on has changed. make_site.py puts them on the site.
"""

import hashlib
import itertools
import json
import os
import shutil
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "sliders"
STEPS = {1: 24, 2: 8, 3: 4}  # the most steps of a slider where a figure has one, two or three of them


def steps(counts: list[int], starts: list[int]) -> list[list[int]]:
    """Which steps of each slider are drawn: the first, the last, the start, and some evenly between.

    Sliders of equal length share their starts, so that they can be set to the same value.

    >>> steps([100], [7])[0][:4], steps([16, 16, 3], [3, 4, 0])
    ([0, 4, 7, 9], [[0, 3, 4, 5, 10, 15], [0, 3, 4, 5, 10, 15], [0, 1, 2]])
    """
    found = []
    for count in counts:
        most = min(count, STEPS[len(counts)])
        even = {round(i * (count - 1) / max(most - 1, 1)) for i in range(most)}
        found.append(sorted(even | {start for start, n in zip(starts, counts, strict=True) if n == count}))
    return found


def write_states(figure, folder: Path) -> None:
    """Draw the steps of an `explore` figure: a picture for each, named by its place on every slider."""
    from lessons.plots import png

    folder.mkdir(parents=True)
    sliders = list(figure.sliders.values())
    chosen = steps([len(slider.options) for slider in sliders], [slider.index for slider in sliders])
    for places in itertools.product(*map(enumerate, chosen)):
        options = [slider.options[i] for slider, (_, i) in zip(sliders, places, strict=True)]
        values = {name: choice.value for name, (_, choice) in zip(figure.sliders, options, strict=True)}
        name = "-".join(str(place) for place, _ in places)
        (folder / f"{name}.png").write_bytes(png(figure.draw(**values)))
    labels = [
        [str(slider.options[i][0]) for i in places] for slider, places in zip(sliders, chosen, strict=True)
    ]
    states = {
        "labels": dict(zip(figure.sliders, labels, strict=True)),
        "start": [places.index(slider.index) for slider, places in zip(sliders, chosen, strict=True)],
        "all": [len(slider.options) for slider in sliders],
    }
    (folder / "states.json").write_text(json.dumps(states), encoding="utf-8")


def record(folder: str) -> None:
    """In a kernel: let each `explore` figure, when it is shown, also write its pictures to `folder`."""
    from lessons.plots import Explorer

    shown, numbers = Explorer._repr_mimebundle_, itertools.count()

    def shown_and_written(figure, **options):
        write_states(figure, Path(folder) / str(next(numbers)))
        return shown(figure, **options)

    Explorer._repr_mimebundle_ = shown_and_written


def has_sliders(cell) -> bool:
    """Whether the output of a cell is an `explore` figure."""
    texts = [output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", [])]
    return any(text.startswith("explore: ") for text in texts)


def key(cells: list) -> str:
    """What changes with anything that the pictures of these cells depend on."""
    code = [path for top in ("helpers", "lessons") for path in sorted((ROOT / top).rglob("*.py"))]
    found = hashlib.sha256("\n".join(cell.source for cell in cells).encode())
    for path in [*code, ROOT / "data" / "story.txt", ROOT / "requirements.txt", Path(__file__)]:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def cells_to_run(path: Path) -> list:
    """The code of a notebook as far as its last figure with sliders; none where it has none."""
    cells = nbformat.read(path, as_version=4).cells
    last = max((n for n, cell in enumerate(cells) if has_sliders(cell)), default=-1)
    return [cell for cell in cells[: last + 1] if cell.cell_type == "code"]


def kept(path: Path) -> Path:
    """The folder for the pictures of a notebook; it is there if they have been drawn by the code of now."""
    return KEPT / f"{path.stem}-{key(cells_to_run(path))}"


def draw(path: Path) -> Path | None:
    """The folder with the pictures of a notebook's sliders, drawn now if need be; None if it has none."""
    cells, folder = cells_to_run(path), kept(path)
    if not cells or folder.exists():
        return folder if cells else None
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    hook = f"import sys\nsys.path.append({str(ROOT / 'tools')!r})\nimport draw_sliders\n"
    first = nbformat.v4.new_code_cell(hook + f"draw_sliders.record({str(unfinished)!r})")
    notebook = nbformat.v4.new_notebook(cells=[first, *cells])
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    if len(list(unfinished.glob("*/states.json"))) != sum(map(has_sliders, cells)):
        raise SystemExit(f"{path.name}: a figure with sliders could not be drawn at each of its steps")
    for old in folder.parent.glob(f"{path.stem}-????????????"):
        shutil.rmtree(old)
    unfinished.rename(folder)
    return folder
