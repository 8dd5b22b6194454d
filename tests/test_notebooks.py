"""Every notebook is fit for its three kinds of reader: in JupyterLab, in a classroom, on GitHub.

No network, and no notebook is executed here (pytest --nbval does that). A new notebook is covered as it is.
"""

import base64
import contextlib
import io
import json
import re
import runpy
from pathlib import Path

import matplotlib.image
import pytest

from helpers import corpus
from lessons import exercises

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEEPER = sorted((ROOT / "notebooks" / "deeper").glob("*.ipynb"))
NOTEBOOKS = [*LESSONS, *DEEPER]
PAGES = [*NOTEBOOKS, *sorted(ROOT.glob("*.md")), *sorted((ROOT / "notebooks").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|tmp|Users|private|opt|var|github)/|\b[A-Z]:\\\\?\w")


def page_of(path):
    """The name under which a notebook's exercises, figures and checks stand: "03", or "03_train_fast"."""
    return path.name[:2] if path in LESSONS else path.stem


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cells(path, kind):
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def prose(path):
    return "\n\n".join(source(cell) for cell in cells(path, "markdown"))


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


def pictures(path):
    return [
        (o["data"]["image/png"], o["metadata"]) for o in outputs(path) if "image/png" in o.get("data", {})
    ]


def shown_text(path):
    """All text of the stored outputs; pictures left out, as base64 holds any letters."""
    kept = [{k: v for k, v in o.get("data", {}).items() if not k.startswith("image/")} for o in outputs(path)]
    return json.dumps([kept, [o.get("text", "") for o in outputs(path)]])


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks():
    assert NOTEBOOKS


@every_notebook
def test_it_was_executed_from_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_no_error_and_no_stderr_is_stored(path):
    assert not [o for o in outputs(path) if o["output_type"] == "error" or o.get("name") == "stderr"]


@every_notebook
def test_no_path_of_a_machine_is_stored(path):
    found = MACHINE_PATH.search(shown_text(path))
    assert not found, found


@every_notebook
def test_no_widget_state_is_stored(path):
    notebook = read(path)
    assert "widgets" not in notebook["metadata"]
    assert not [o for o in outputs(path) if any("widget" in mime for mime in o.get("data", {}))]


@every_notebook
def test_github_shows_it(path):
    assert path.stat().st_size <= 1_000_000
    assert not [
        o for o in outputs(path) if {"image/svg+xml", "application/javascript"} & set(o.get("data", {}))
    ]
    assert not re.search(r"```mermaid|> \[!\w+\]|<style|<script|\]\(#", prose(path))


@every_notebook
def test_each_figure_is_a_picture_with_alt_text_that_is_not_blank(path):
    for data, metadata in pictures(path):
        assert len(metadata.get("image/png", {}).get("alt", "")) > 20, "a figure has no alt text"
        pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(data)), format="png")
        assert pixels.shape[1] <= 1250, f"{pixels.shape[1]} pixels wide"
        assert pixels[..., :3].std() > 0.01, "a figure is blank"
        assert pixels.shape[2] == 3 or pixels[..., 3].min() == 1.0, "a figure has no opaque background"
    bare = [o for o in outputs(path) if "<Figure size" in str(o.get("data", {}).get("text/plain", ""))]
    assert all("image/png" in o["data"] for o in bare)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_relative_link_and_image_resolves(path):
    text = prose(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    links = {a or b for a, b in LINK.findall(re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL))}
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    missing = [link for link in local if not (path.parent / link.partition("#")[0]).exists()]
    assert not missing


@every_notebook
def test_it_opens_with_title_and_what_you_will_do_need_and_spend(path):
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    assert re.match(rf"# {path.name[:2]} · \w", source(first))
    opening = "\n".join(source(c) for c in read(path)["cells"][:4] if c["cell_type"] == "markdown").lower()
    for part in ("you will", "you need", "time"):
        assert part in opening


@every_notebook
def test_it_asks_and_sums_up(path):
    text = prose(path)
    assert text.count("Predict first") >= 1
    needed = ["## What you now know", "## Your turn"]
    for part in [*needed, "## Check yourself", "## In the wild"] if path in LESSONS else needed:
        assert part in text
    folded = re.findall(r"<details>\s*<summary>.*?</summary>(.)(.)", text, re.DOTALL)
    assert (folded or path in DEEPER) and all(pair == ("\n", "\n") for pair in folded), (
        "a blank line must follow the summary"
    )


def test_hardly_any_output_is_left_out_of_the_comparison_and_the_cell_says_why():
    left_out = [
        source(cell)
        for path in NOTEBOOKS
        for cell in cells(path, "code")
        if any("nbval" in tag for tag in cell["metadata"].get("tags", [])) or "NBVAL_" in source(cell)
    ]
    assert len(left_out) <= 3
    assert all("# Not compared" in code for code in left_out)


@every_notebook
def test_a_cell_that_needs_a_download_names_one_that_exists(path):
    tags = [tag for cell in cells(path, "code") for tag in cell["metadata"].get("tags", [])]
    assert {tag[6:] for tag in tags if tag.startswith("needs:")} <= set(corpus.DOWNLOADS)


@every_notebook
def test_each_exercise_has_its_task_check_hint_and_solution(path):
    everything = read(path)["cells"]
    checked = re.findall(
        r"^check\(\"([^\"]+)\"", "\n".join(source(c) for c in cells(path, "code")), re.MULTILINE
    )
    assert 3 <= len(checked) <= 6 if path in LESSONS else 1 <= len(checked) <= 4
    assert sorted(checked) == sorted(exercises.names(page_of(path))), "notebook and checks differ"
    solutions = f"{'' if path in LESSONS else '../'}solutions/{path.stem}.py"
    for name in checked:
        at = next(i for i, c in enumerate(everything) if f'check("{name}"' in source(c))
        task = source(everything[at - 1])
        assert f"### Exercise {name}: " in task
        assert "<summary>Hint</summary>" in task and f"]({solutions})" in task
        said = "".join(everything[at]["outputs"][0]["text"])
        assert said.startswith(f"{name}: {exercises.NOT_YET}"), "the stub must be stored, not an answer"


@pytest.mark.slow
@every_notebook
def test_the_solutions_pass(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(ROOT / "notebooks" / "solutions" / f"{path.stem}.py"), run_name="__main__")
    for name in exercises.names(page_of(path)):
        assert f"{name}: {exercises.RIGHT}." in printed.getvalue(), printed.getvalue()
    assert exercises.WRONG not in printed.getvalue()


@every_notebook
def test_the_readme_lists_it(path):
    assert str(path.relative_to(ROOT).as_posix()) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_plan_lists_the_deeper_pages_with_the_minutes_of_the_readme():
    readme = re.findall(r"deeper/(\w+)\.ipynb\) (\d+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    plan = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    planned = dict(re.findall(r"\(deeper/(\w+)\.ipynb\) \|[^|]+\| (\d+) \|", plan))
    assert planned == dict(readme) and planned.keys() == {path.stem for path in DEEPER}
