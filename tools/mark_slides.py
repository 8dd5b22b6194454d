"""Write the marks for slides into notebooks: which cell begins a slide, which waits, which is for the notes.

usage: python tools/mark_slides.py [NOTEBOOK ...]     (default: the lessons in notebooks/)

Only the cells' `slideshow` metadata changes. Every part of every cell is measured in a browser (chromium),
at the usual and the smallest size of text; then each section is cut into the fewest slides that fit, and
among equals at the best places. Run it again after a change of text: make_slides.py says what stands where.
"""

import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nbformat
from hide_answers import PREDICT
from make_slides import ROOT, copy_assets, deck, parts
from playwright.sync_api import sync_playwright

ROOM = 720 - 24 - 40  # the height of a slide less its padding, in px: see slides.css
USUAL, SMALLEST = 24, 20  # of the sizes of text that slides.js chooses from, in px
LINE = 25  # the height of a line of code, in px
DRAWING = re.compile(
    r"\b(ax|axes|fig|plt|draw\w*|PASTELS|COLOU?RS?|colou?rs?|[lh]w|alpha)\b"
    r"|\b(explore|show|text)\(|\b(alt|[xy]?label|title)=|annotate|arrow|patch"
)
MEASURE = """(sizes) => {
    const column = document.querySelector(".slides section section");
    return sizes.map((size) => {
        column.style.fontSize = `${size}px`;
        sizePictures(column, size);
        return [...column.querySelectorAll(".jp-Cell")].map((cell) => cell.getBoundingClientRect().height);
    });
}"""


@dataclass
class Part:
    """A piece of a cell: its place, what it is, and its height at both sizes."""

    cell: int
    number: int
    kind: str
    source: str
    heights: tuple[float, float] = (0, 0)
    mark: str = "-"


def kind_of(piece) -> str:
    """What a part is to a slide."""
    source = piece.source
    if piece.cell_type == "code":
        if source:
            return "code"
        return "picture" if "image/png" in piece.outputs[0].get("data", {}) else "output"
    heading = re.match(r"#+(?= )", source)
    if heading:
        return heading[0]
    for start, kind in [("<details>", "folded"), ("[Solution]", "solution"), ("**Back**", "links")]:
        if source.startswith(start):
            return kind
    return "item" if re.match(r"([-*]|\d+\.) ", source) else "prose"


def measured(page, notebook, folder: Path) -> list[Part]:
    """All parts of a notebook with their heights, as the browser draws them."""
    pieces = [(i, k, part) for i, cell in enumerate(notebook.cells) for k, part in enumerate(parts(cell))]
    found = [Part(i, k, kind_of(piece), piece.source) for i, k, piece in pieces]
    column = nbformat.from_dict({**notebook, "cells": [piece for _, _, piece in pieces]})
    for cell in column.cells:
        cell.source = re.sub(r"</?(details|summary)>", "", cell.source)
    (folder / "column.html").write_text(deck(column, "column"), encoding="utf-8")
    page.goto(f"{(folder / 'column.html').as_uri()}?measure")
    page.evaluate("drawn")
    heights = page.evaluate(MEASURE, [USUAL, SMALLEST])
    for part, large, small in zip(found, *heights, strict=True):
        # Blank lines before a block of code are drawn where it joins the block above.
        blank = LINE * (len(part.source) - len(part.source.lstrip("\n"))) if part.kind == "code" else 0
        part.heights = (large + blank, small + blank * SMALLEST / USUAL)
    return found


def put_aside(found: list[Part]) -> None:
    """Mark what a class need not see: set-up, hints, links, and drawing code that leaves no room."""
    first_section = next(part.cell for part in found if part.kind == "##")
    for cell in {part.cell for part in found}:
        here = [part for part in found if part.cell == cell]
        code = [part for part in here if part.kind == "code"]
        lines = [line for part in code for line in part.source.splitlines() if line.strip()]
        drawing = 2 * sum(bool(DRAWING.search(line)) for line in lines) >= len(lines)
        no_room = sum(part.heights[0] for part in here) > ROOM or len(code) == len(here)
        drawn = any(part.kind == "picture" for part in here)
        if code and cell < first_section and re.match("import |from ", code[0].source) and not drawn:
            aside(here, "skip")
        elif code and drawing and no_room and all(p.kind in ("code", "picture") for p in here):
            aside(code, "notes")
        if here[0].kind == "links":
            aside(here, "notes")
        aside([p for p in here if p.kind == "solution" or "<summary>Hint" in p.source], "notes")


def aside(found: list[Part], mark: str) -> None:
    for part in found:
        part.mark = mark


def begins(part: Part) -> str | None:
    """The mark of a part that always begins a new slide."""
    if part.kind in ("#", "##"):
        return "slide"
    return "subslide" if part.kind == "###" or re.match(r"\*\*[2-9]\. ?", part.source) else None


def cost_of_break(before: Part, after: Part) -> float:
    """How bad it is to begin a new slide between two parts, in slides."""
    if before.kind.startswith("#"):
        return 8
    if PREDICT in before.source:
        return -0.2
    if before.source.rstrip().endswith(":"):
        return 0.8
    if before.kind == after.kind == "code" and before.cell == after.cell:
        return 0.8 if after.source.lstrip("\n").startswith(" ") else 0.5
    if after.kind == "folded":
        return 0.5
    if after.kind in ("output", "picture"):
        return 0.9
    if after.kind == "item":
        return 0.6
    if before.kind in ("output", "picture") and after.kind == "prose":
        return 0.25
    return 0.1 if before.cell == after.cell else 0


def cost_of_slide(found: list[Part]) -> float:
    """What a slide with these parts costs: 1, and more where it is crowded or nearly empty."""
    large, small = (sum(heights) for heights in zip(*(part.heights for part in found), strict=True))
    if small > ROOM:
        return 1 + 100 * small / ROOM
    return 1 + 0.25 * (large > ROOM) + 0.3 * (large < 0.3 * ROOM)


def cut(section: list[Part]) -> list[int]:
    """Where the slides of a section begin: the cheapest way over all, from its end to its start."""
    best = {len(section): (0.0, [])}
    for i in reversed(range(len(section))):
        entry = cost_of_break(section[i - 1], section[i]) if i else 0
        best[i] = min(
            (entry + cost_of_slide(section[i:j]) + best[j][0], [i, *best[j][1]])
            for j in range(i + 1, len(section) + 1)
        )
    return best[0][1]


def sections(found: list[Part]) -> list[list[Part]]:
    """The parts on slides, cut where a new slide is certain."""
    cut_up = []
    for part in found:
        if part.mark == "-":
            mark = begins(part)
            if mark == "subslide" and sum(before.heights[0] for before in cut_up[-1]) < ROOM / 4:
                mark = None  # a heading and a line alone do not make a slide
            if mark:
                part.mark = mark
                cut_up.append([])
            cut_up[-1].append(part)
    return cut_up


def mark(found: list[Part]) -> None:
    """Give each part its mark."""
    put_aside(found)
    for section in sections(found):
        starts = cut(section)
        for i in starts[1:]:
            section[i].mark = "subslide"
        for start, end in zip(starts, [*starts[1:], len(section)], strict=True):
            hide_answers(section[start:end])
            if sum(part.heights[1] for part in section[start:end]) > ROOM:
                print(f"cell {section[start].cell} is taller than a slide", file=sys.stderr)


def hide_answers(slide: list[Part]) -> None:
    """What answers a question waits for a click, if it stands on the same slide."""
    asked = False
    for before, part in pairwise(slide):
        asked = asked or PREDICT in before.source
        if part.kind == "folded" or (asked and part.kind in ("code", "picture", "output")):
            part.mark, asked = "fragment", False


def write(notebook, found: list[Part]) -> None:
    """Put the marks into the cells' metadata, and nothing else."""
    for i, cell in enumerate(notebook.cells):
        cell.metadata.pop("slideshow", None)
        here = [part for part in found if part.cell == i]
        shown = [part for part in here if part.mark != "notes"] or here
        slideshow = {"slide_type": shown[0].mark}
        if slideshow["slide_type"] == "-":
            del slideshow["slide_type"]
        others = {
            str(part.number): part.mark
            for part in here
            if part.mark not in ("-", "skip") and part is not shown[0]
        }
        if others and shown[0].mark not in ("notes", "skip"):
            slideshow["parts"] = others
        if slideshow:
            cell.metadata["slideshow"] = slideshow


def main(paths: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        copy_assets(Path(name) / "assets")
        program = shutil.which("chromium") or shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        for path in paths:
            notebook = nbformat.read(path, as_version=4)
            found = measured(page, notebook, Path(name))
            mark(found)
            write(notebook, found)
            nbformat.write(notebook, path)
            slides = sum(part.mark in ("slide", "subslide") for part in found)
            print(f"{path.name}: {slides} slides", flush=True)
        browser.close()


if __name__ == "__main__":
    main([Path(a) for a in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb")))
