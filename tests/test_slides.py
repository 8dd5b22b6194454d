"""Every lesson is marked for slides, and its slides show all they hold, without a network.

The slides are walked through in a browser that may load files only.
"""

import doctest
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import make_slides  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MARKS = {"slide", "subslide", "fragment", "skip", "notes"}
# What makes a browser load something, in a page or a style sheet; a link to be clicked does not.
LOADS = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*?src="([^"]*)|<link\b[^>]*?href="([^"]*)|url\(([^)]*)"""
)

# Walk through all slides and fragments as a speaker does, and note what is too large for the frame.
WALK = """async () => {
    await started;
    const { width, height } = Reveal.getConfig();
    const found = { slides: 0, formulas: document.querySelectorAll("mjx-container").length, faults: [] };
    let before = null;
    for (;;) {
        const slide = Reveal.getCurrentSlide();
        if (slide !== before) found.slides++;
        before = slide;
        const where = `slide ${found.slides} (${slide.textContent.trim().slice(0, 40)}): `;
        if (slide.offsetHeight > height) found.faults.push(where + `${slide.offsetHeight} px high`);
        if (slide.scrollHeight > slide.offsetHeight) found.faults.push(where + "something hangs out below");
        if (slide.scrollWidth > width) found.faults.push(where + `${slide.scrollWidth} px wide`);
        for (const code of slide.querySelectorAll(".jp-InputArea-editor pre"))
            if (parseFloat(getComputedStyle(code).fontSize) < 16) found.faults.push(where + "small code");
        for (const image of slide.querySelectorAll("img"))
            if (!image.naturalWidth) found.faults.push(where + "a picture does not load");
        if (slide.querySelector("[data-mjx-error]")) found.faults.push(where + "a formula is wrong");
        if (Reveal.isLastSlide() && !Reveal.availableFragments().next) return found;
        Reveal.next();
    }
}"""


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The slides of all notebooks, as `make slides` makes them."""
    folder = tmp_path_factory.mktemp("slides")
    make_slides.build(NOTEBOOKS, folder)
    return folder


@pytest.fixture
def page(browser):
    """A page that may load files only, with a list of what else it asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page, asked = context.new_page(), []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            asked.append(request.url)

    context.on("request", note)
    context.on("requestfailed", lambda request: asked.append(request.url))
    page.asked = asked
    yield page
    context.close()


def test_the_examples_in_the_tool_hold():
    assert doctest.testmod(make_slides).failed == 0


@every_notebook
def test_its_cells_are_marked_and_each_section_begins_a_slide(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        slideshow = cell.metadata.get("slideshow", {})
        pieces = make_slides.parts(cell)
        numbers = {int(number) for number in slideshow.get("parts", {})}
        used = {slideshow["slide_type"]} if "slide_type" in slideshow else set()
        assert used | set(slideshow.get("parts", {}).values()) <= MARKS
        assert numbers <= set(range(len(pieces))), "run tools/mark_slides.py again: the cell has changed"
        for piece in make_slides.marked_parts(cell):
            if piece.cell_type == "markdown" and re.match("##? ", piece.source):
                assert piece.metadata.slideshow.slide_type == "slide", piece.source


def test_the_pages_load_nothing_from_a_network(folder):
    pages = [*folder.glob("*.html"), *folder.glob("assets/*.css")]
    assert len(pages) >= len(NOTEBOOKS)
    for page in pages:
        loaded = ["".join(groups).strip("\"'") for groups in LOADS.findall(page.read_text(encoding="utf-8"))]
        remote = [address for address in loaded if re.match(r"\w+:|//", address)]
        assert all(address.startswith("data:") for address in remote), page


@pytest.mark.browser
@every_notebook
def test_nothing_overflows_and_nothing_is_missing_without_a_network(page, folder, path):
    page.goto((folder / f"{path.stem}.html").as_uri())
    found = page.evaluate(WALK)
    assert found["faults"] == [], "run tools/mark_slides.py again, or shorten the cell"
    assert page.asked == []
    assert found["slides"] > 10
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    if re.search(r"\$[^$\n]+\$", re.sub(r"```.*?```|`[^`]*`", "", prose, flags=re.DOTALL)):
        assert found["formulas"] > 0


@pytest.mark.browser
def test_the_speaker_view_shows_the_notes_without_a_network(page, tmp_path):
    """On a few slides of its own, as the view shows them three times: now, next and with the notes."""
    cells = [
        new_markdown_cell(text, metadata={"slideshow": {"slide_type": mark}})
        for text, mark in [("# One", "slide"), ("Said, not shown", "notes"), ("## Two: $x^2$", "slide")]
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "made.ipynb")
    make_slides.build([tmp_path / "made.ipynb"], tmp_path)
    page.goto((tmp_path / "made.html").as_uri())
    page.evaluate("started")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    opened.value.get_by_text("Said, not shown").first.wait_for()
    assert page.asked == []
