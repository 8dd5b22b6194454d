"""Turn notebooks into slides that work without a network: slides/NN_topic.html, for any browser.

usage: python tools/make_slides.py [NOTEBOOK ...]     (default: the lessons in notebooks/)

What stands on which slide is said by the cells' `slideshow` metadata, as in JupyterLab's property
inspector, and written there by mark_slides.py. nbconvert makes the slides; reveal.js, MathJax and the
fonts are copied out of installed packages. The folder slides/ can be copied to any machine.
"""

import base64
import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbconvert.exporters import SlidesExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parent.parent
LOOK = Path(__file__).resolve().parent / "slides"
LONG_OUTPUT = 25  # lines; a longer output may be cut at its blank lines
DETAILS = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*)</details>", re.DOTALL)
LINKS = [(r"\]\((\d\d_\w+)\.ipynb", r"](\1.html"), (r"\]\(solutions/", "](../notebooks/solutions/")]


def package(name: str) -> Path:
    """The folder of an installed package, which is not imported."""
    return Path(find_spec(name).origin).parent


def copy_assets(folder: Path) -> None:
    """Put all that the slides load into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    reveal = package("pyreveal") / "revealjs"
    scripts = ["reveal.js", "reveal.css", "plugin/notes.js"]
    sources = [reveal / "dist" / name for name in scripts]
    sources += [package("mathjax") / "static" / "mathjax" / "es5" / "tex-svg.js"]
    sources += [LOOK / "slides.css", LOOK / "slides.js"]
    for source in sources:
        shutil.copyfile(source, folder / source.name)
    code = HtmlFormatter(style="default").get_style_defs(".highlight")
    (folder / "code.css").write_text(code, encoding="utf-8")
    (folder / "fonts.css").write_text(fonts(reveal / "css/theme/fonts/source-sans-pro"), encoding="utf-8")


def fonts(source_sans: Path) -> str:
    """CSS that holds the fonts themselves: Firefox loads no font file for a page that is a file."""
    mono = package("matplotlib") / "mpl-data" / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    faces = [("DejaVu Sans Mono", mono, "normal", 400)]
    for name, style, weight in [
        ("regular", "normal", 400),
        ("italic", "italic", 400),
        ("semibold", "normal", 600),
        ("semibolditalic", "italic", 600),
    ]:
        faces.append(("Source Sans Pro", source_sans / f"source-sans-pro-{name}.woff", style, weight))
    rules = []
    for family, path, style, weight in faces:
        data = base64.b64encode(path.read_bytes()).decode()
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight};'
            f" src: url(data:font/{path.suffix[1:]};base64,{data}); }}\n"
        )
    return "".join(rules)


def blocks(source: str) -> list[str]:
    """Cut Markdown into its headings, paragraphs, list items, tables, fences and folded answers.

    >>> blocks("## Two\\n\\nOne\\nparagraph:\\n- a\\n- b\\n\\n  still b\\n\\n$$\\n\\nx\\n$$")
    ['## Two', 'One\\nparagraph:', '- a', '- b\\n\\n  still b', '$$\\n\\nx\\n$$']
    """
    found, end = [], None  # end: what closes the block that we are in, where a blank line does not
    blank = True
    for line in source.splitlines():
        item = re.match(r"([-*]|\d+\.) ", line)
        inside = found and (end or (re.match(r"  +\S", line) and re.match(r"([-*]|\d+\.) ", found[-1])))
        if line.strip() and not inside and (blank or item or line.startswith("```")):
            found.append(line)
        elif found and (line.strip() or inside or end):
            found[-1] += "\n" * (1 + (blank and not end)) + line
        if not end:
            opened = re.match(r"```|\$\$|<details>", line)
            closes = {"```": "```", "$$": "$$", "<details>": "</details>"}
            end = closes[opened[0]] if opened and closes[opened[0]] not in line[len(opened[0]) :] else None
        elif end in line:
            end = None
        blank = not line.strip() and not end
    return found


def paragraphs(text: str) -> list[str]:
    r"""Cut code or printed text at its blank lines; joined by line ends the pieces give it again.

    >>> paragraphs("a = 1\nb = 2\n\n\ndef f(): ...")
    ['a = 1\nb = 2', '\n\ndef f(): ...']
    """
    return re.split(r"(?<!\n)\n(?=\n)", text)


def parts(cell) -> list:
    """A cell as the pieces between which a slide may end: blocks of prose, or of code, and outputs."""
    if cell.cell_type != "code":
        return [part("markdown", block) for block in blocks(cell.source)]
    found = [part("code", text, execution_count=None, outputs=[]) for text in paragraphs(cell.source)]
    for output in cell.outputs:
        long = output.output_type == "stream" and output.text.count("\n") > LONG_OUTPUT
        for text in paragraphs(output.text.rstrip()) if long else [None]:
            piece = {**output, "text": text} if long else output
            found.append(part("code", "", execution_count=None, outputs=[piece]))
            found[-1].metadata["transient"] = {"remove_source": True}
    return found


def part(kind: str, source: str, **more):
    """A cell, without the id and the checks of nbformat's own, which take time."""
    return nbformat.from_dict({"cell_type": kind, "source": source, "metadata": {}, **more})


def marked_parts(cell) -> list:
    """The parts of a cell, each with its own mark, those for the notes last.

    The cell's mark is that of its first part on the slide. The mark of another part stands under its number
    in `parts`, which JupyterLab leaves alone; a part without one goes on where the one before it is.
    """
    pieces, slideshow = parts(cell), cell.metadata.get("slideshow", {})
    marks = {int(number): mark for number, mark in slideshow.get("parts", {}).items()}
    shown = [i for i in range(len(pieces)) if marks.get(i) != "notes"]
    mark = slideshow.get("slide_type", "-")
    if mark in ("skip", "notes"):
        marks = dict.fromkeys(range(len(pieces)), mark)
    elif shown:
        marks[shown[0]] = mark
    for i, piece in enumerate(pieces):
        piece.metadata["slideshow"] = {"slide_type": marks.get(i, "-")}
        if marks.get(i) in ("fragment", "notes"):
            piece.source = DETAILS.sub(r"\2", piece.source).strip()
    return sorted(joined(pieces), key=lambda piece: piece.metadata.slideshow.slide_type == "notes")


def joined(pieces: list) -> list:
    """Code, or printed text, that stays on one slide as one block again."""
    found = []
    for piece in pieces:
        before, mark = found[-1] if found else None, piece.metadata.slideshow.slide_type
        if before and (mark == "-" or mark == before.metadata.slideshow.slide_type == "notes"):
            if continues(piece.source):
                before.source += "\n" + piece.source
                continue
            if printed(before) and continues(printed(piece)):
                before.outputs[0].text += "\n" + printed(piece)
                continue
        piece.source = piece.source.strip("\n")
        found.append(piece)
    return found


def printed(piece) -> str:
    """The text that a part of a code cell prints, if any."""
    return piece.outputs[0].get("text", "") if piece.get("outputs") else ""


def continues(text: str) -> bool:
    """Whether the text is a paragraph after the first: see `paragraphs`."""
    return text.startswith("\n")


class Exporter(SlidesExporter):
    """nbconvert's exporter as far as the template.

    It would read the page again to look for pictures without a text and for its own names of classes, which
    are not there: that takes longer than all the rest.
    """

    def from_notebook_node(self, nb, resources=None, **more):
        resources = self._init_resources(resources)
        kinds = WidgetsDataTypeFilter(notebook_metadata={}, parent=self, resources=resources)
        self.register_filter("filter_data_type", kinds)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python", parent=self))
        return TemplateExporter.from_notebook_node(self, nb, resources, **more)


@cache
def exporter() -> Exporter:
    """The exporter with a template of our own."""
    made = Exporter(exclude_input_prompt=True, exclude_output_prompt=True, optimistic_validation=True)
    made.raw_template = (LOOK / "deck.html.j2").read_text(encoding="utf-8")
    return made


def deck(notebook, title: str) -> str:
    """The page of one notebook, whose cells are parts with marks of their own."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"part-{number}"
        if cell.cell_type == "markdown":
            for old, new in LINKS:
                cell.source = re.sub(old, new, cell.source)
    notebook.metadata["title"] = title
    return exporter().from_notebook_node(notebook)[0]


def title_of(notebook) -> str:
    """The text of the first heading."""
    return re.search(r"^# (.+)", notebook.cells[0].source, re.MULTILINE)[1]


def build(paths: list[Path], folder: Path) -> None:
    """Write the slides of the notebooks at `paths`, and what they load, into `folder`."""
    copy_assets(folder / "assets")
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if not any("slideshow" in cell.metadata for cell in notebook.cells):
            raise SystemExit(f"{path} has no marks for slides: run python tools/mark_slides.py {path} first")
        title = title_of(notebook)
        notebook.cells = [piece for cell in notebook.cells for piece in marked_parts(cell)]
        (folder / f"{path.stem}.html").write_text(deck(notebook, title), encoding="utf-8")
        print(folder / f"{path.stem}.html", flush=True)


if __name__ == "__main__":
    build([Path(a) for a in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "slides")
