"""Build the site: site/index.html, for any browser and any server, without a request to another place.

usage: python tools/make_site.py [FOLDER]     (default: site)

Sphinx with myst-nb makes the pages, out of copies of the notebooks with the outputs that they store; docs/
holds its settings, the first page and what the browser loads. Code that a page links to gets a page too,
and the sliders of `explore` figures go through pictures that draw_sliders.py has drawn before.
"""

import base64
import hashlib
import itertools
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path

import draw_sliders
import nbformat
import playground_data

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEEPER = sorted((ROOT / "notebooks" / "deeper").glob("*.ipynb"))
LINK = re.compile(r"(\]\()([^)\s:#]+)((?:#[^)\s]*)?\))")
HIDDEN = "---\nnosearch: true\nhtml_theme.sidebar_secondary.remove: true\n---\n"  # code is not searched


def image(source: str, alt: str) -> str:
    """A picture, which scrolls on its own where the window is narrow."""
    picture = f'<img class="dark-light" src="{source}" alt="{escape(alt)}" loading="lazy">'
    return f'<div class="scroll">{picture}</div>'


def figure_with_sliders(folder: str, states: dict, alt: str) -> str:
    """An `explore` figure for the page: site.js lets its sliders choose among the pictures in `folder`."""
    sliders = []
    for (name, labels), start in zip(states["labels"].items(), states["start"], strict=True):
        sliders.append(
            f'<label><span>{escape(name)}</span> <input type="range" min="0" max="{len(labels) - 1}"'
            f' value="{start}" aria-valuetext="{escape(labels[start])}" autocomplete="off"'
            f' data-labels="{escape(json.dumps(labels))}"> <output>{escape(labels[start])}</output></label>'
        )
    drawn = [len(labels) for labels in states["labels"].values()]
    some = drawn != states["all"]
    note = "<p>Here a slider stops at some of its steps; in JupyterLab it stops at all of them.</p>" * some
    first = image(f"{folder}/{'-'.join(map(str, states['start']))}.png", alt)
    return f'<div class="explore" data-folder="{folder}">{"".join(sliders)}{first}{note}</div>'


def note_on(text: str, home: str) -> str:
    """A sentence under the picture of a widget that is live only beside its kernel."""
    if text.startswith("playground, tokens: "):
        return f'<p>Type your own text on <a href="{home}index.html#playground">the first page</a>.</p>'
    if text.startswith("nearest words: "):
        return "<p>In JupyterLab there is a box here: type any word.</p>"
    return "<p>In JupyterLab this figure has sliders.</p>" * text.startswith("explore: ")


def shown_pictures(path: Path, cells: list, states: Path | None, out: Path) -> None:
    """Turn the stored pictures of a notebook into HTML with files, alternative texts and sliders."""
    home, numbers = "../" * len(path.relative_to(ROOT).parent.parts), itertools.count()
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):  # a table: its empty corner is no heading
            output.data = {"text/html": output.data["text/html"].replace("<th></th>", "<td></td>")}
        if "image/png" not in output.get("data", {}):
            continue
        alt, text = output.metadata["image/png"]["alt"], output.data["text/plain"]
        if states and text.startswith("explore: "):
            number = next(numbers)
            folder = f"pictures/{path.stem}-{number}"
            shutil.copytree(states / str(number), out / folder)
            found = json.loads((out / folder / "states.json").read_text(encoding="utf-8"))
            html = figure_with_sliders(home + folder, found, alt)
        else:
            png = base64.b64decode(output.data["image/png"])
            name = f"pictures/{hashlib.sha256(png).hexdigest()[:16]}.png"
            (out / name).write_bytes(png)
            html = image(home + name, alt) + note_on(text, home)
        output.data = {"text/html": f'<div class="picture">{html}</div>'}


def fold(cell) -> None:
    """Fold the answer of a cell that asks for a prediction first, and the code of one that only draws."""
    cell.metadata.pop("tags", None)
    shown = [bool(output.get("data", {}).get("image/png")) for output in cell.outputs]
    if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
        cell.metadata.update(tags=["hide-output"], mystnb={"code_prompt_show": "Show the answer"})
    elif shown and all(shown):
        cell.metadata.update(tags=["hide-input"], mystnb={"code_prompt_show": "Show the code of the figure"})


class Source:
    """The folder that Sphinx reads: as in the repository, but for links to code, which lead to pages."""

    def __init__(self, folder: Path, out: Path):
        self.folder, self.out, self.waiting, self.seen = folder, out, [], set()

    def linked(self, page: Path, match: re.Match) -> str:
        """A link on `page` as it is on the site; what it leads to will be on the site too."""
        before, address, after = match.groups()
        target = Path(os.path.normpath(page.parent / address))
        if not target.exists() or not target.is_relative_to(ROOT):
            return match[0]
        self.waiting.append(target)
        if target.is_dir():
            address = posixpath.join(address, "index.md")
        return before + re.sub(r"\.py$", ".md", address) + after

    def prose(self, page: Path, text: str) -> str:
        return LINK.sub(lambda match: self.linked(page, match), text)

    def write(self, target: Path, text: str) -> None:
        place = self.folder / target.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def notebook(self, path: Path, states: Path | None) -> None:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = self.prose(path, cell.source)
            else:
                fold(cell)
        shown_pictures(path, notebook.cells, states, self.out)
        self.write(path, nbformat.writes(notebook))

    def add(self, target: Path) -> None:
        """Put a page, or a file that a page links to, into the folder."""
        name = target.relative_to(ROOT)
        if target.is_dir():
            links = [f"- [{file.name}]({file.name})" for file in sorted(target.glob("*.py"))]
            page, heading = target / "index.md", f"# {name.as_posix()}\n\n"
            self.write(page, HIDDEN + heading + self.prose(page, "\n".join(links)))
        elif target.suffix == ".md":
            self.write(target, self.prose(target, target.read_text(encoding="utf-8")))
        else:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, self.folder / name)
            if target.suffix == ".py":
                self.write(target.with_suffix(".md"), page_of_code(name))

    def add_linked(self) -> None:
        """Add what pages link to, and what those link to, until nothing is missing."""
        while self.waiting:
            target = self.waiting.pop()
            if target not in self.seen and target.suffix != ".ipynb":
                self.seen.add(target)
                self.add(target)


def page_of_code(name: Path) -> str:
    """A page that shows a file; for a helper, before it, what its docstrings say."""
    file = f"```{{literalinclude}} /{name.as_posix()}\n:language: python\n```\n"
    if name.parts[0] != "helpers":
        return HIDDEN + f"# {name.as_posix()}\n\nA file of [From Text to Tensors](/index.md).\n\n{file}"
    module = ".".join(name.with_suffix("").parts)
    reference = f"```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
    return f"# {module}\n\n{reference}\n## The whole file\n\n{file}"


def lessons_and_their_pages() -> str:
    """The table of the first page: each lesson with its minutes, and the deeper pages after it."""
    rows = ["| number | lesson | minutes | deeper pages |", "|---|---|---|---|"]
    for path in LESSONS:
        number, title, minutes = facts(path)
        pages = [(page, *facts(page)) for page in DEEPER if page.stem.startswith(number)]
        links = [f"[{words}](notebooks/deeper/{page.name}) ({n})" for page, _, words, n in pages]
        rows.append(f"| {number} | [{title}](notebooks/{path.name}) | {minutes} | {'<br>'.join(links)} |")
    return "\n".join(rows)


def facts(path: Path) -> tuple[str, str, str]:
    """The number, the title and the minutes of a notebook."""
    text = path.read_text(encoding="utf-8")
    number, title = re.search(r'"# (\d\d) · (.+?)(?:\\n)?"', text).groups()
    return number, title, re.search(r"\*\*Time\*\* (?:about )?(\d+)", text)[1]


def write_source(folder: Path, out: Path, states: dict[Path, Path | None]) -> None:
    """Write what Sphinx reads into `folder`, and the pictures into `out`."""
    source = Source(folder, out)
    for path in [*LESSONS, *DEEPER]:
        source.notebook(path, states.get(path))
    first = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    first = first.replace("<!-- lessons -->", lessons_and_their_pages())
    source.write(ROOT / "index.md", source.prose(ROOT / "index.md", first))
    source.waiting += [*sorted((ROOT / "helpers").rglob("[a-z]*.py")), ROOT / "helpers" / "README.md"]
    source.add_linked()


def build(out: Path, states: dict[Path, Path | None]) -> None:
    """Make the site in the folder `out`, with sliders where `states` has the pictures of a notebook.

    The playground still lacks its vocabularies. It is made elsewhere, as myst-nb leaves a folder beside it.
    """
    with tempfile.TemporaryDirectory() as work:
        made = Path(work) / "site"
        scripts = shutil.ignore_patterns("data", "index.html", ".*")
        shutil.copytree(ROOT / "docs" / "playground", made / "playground", ignore=scripts)
        (made / "pictures").mkdir(parents=True)
        write_source(Path(work) / "source", made, states)
        flags = ["-W", "--keep-going", "-q", "-c", str(ROOT / "docs"), "-d", f"{work}/doctrees"]
        command = [sys.executable, "-m", "sphinx", *flags, f"{work}/source", str(made)]
        if failed := subprocess.run(command).returncode:
            raise SystemExit(failed)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, out)


def main(out: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        states = dict(zip(LESSONS, pool.map(draw_sliders.draw, LESSONS), strict=True))
    build(out, states)
    playground_data.write(out / "playground" / "data", playground_data.at_hand())
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out / 'index.html'}: {len(list(out.rglob('*.html')))} pages, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "site").resolve())
