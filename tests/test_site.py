"""The site in a real browser, from a server of its own and without any other network.

It is built once, from the stored notebooks. Sliders go through the pictures that `make site` has drawn, where
these are here and no code has changed since; else through stand-ins, so that no notebook is run. SITE names a
site that is finished, to test that one: SITE=site pytest tests/test_site.py
"""

import doctest
import functools
import http.server
import os
import re
import sys
import threading
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import matplotlib.pyplot as plt
import nbformat
import pytest

from helpers import corpus
from helpers.bpe import BPETokenizer
from lessons.plots import explore

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

if not find_spec("sphinx_book_theme"):  # which is not imported here: only the process that is Sphinx needs it
    pytest.skip("no Sphinx to build the site", allow_module_level=True)
import draw_sliders  # noqa: E402
import make_site  # noqa: E402
import playground_data  # noqa: E402

LESSONS = [path.stem for path in make_site.LESSONS]
WITH_SLIDERS = [
    path.stem
    for path in make_site.LESSONS
    if any(map(draw_sliders.has_sliders, nbformat.read(path, as_version=4).cells))
]

# Load every picture now, also those far below, and name those without a text or that do not load.
FAULTY_PICTURES = """async () => {
    const faulty = async (img) => {
        img.loading = "eager";
        await img.decode().catch(() => {});
        return !img.naturalWidth || !img.alt;
    };
    const all = [...document.images];
    const found = await Promise.all(all.map(faulty));
    return { all: all.length, faulty: all.filter((img, i) => found[i]).map((img) => img.outerHTML) };
}"""

# What a reader of a figure with sliders sees, or hears: its picture, its text, the slider's value.
SEEN = """slider => {
    const img = slider.closest(".explore").querySelector("img");
    const shown = slider.nextElementSibling.textContent;
    const label = slider.getAttribute("aria-valuetext") === shown ? shown : "differs";
    return [img.src, img.alt, label, slider.value === slider.max];
}"""


# Thousands of words in the code of a page have one of few colours, and axe looks at each for milliseconds.
# Leave one in sight of each kind; the others become plain text. Equal are those with the same classes, also
# of all that they are in, as the style sheets know nothing else.
ONE_OF_EACH = """() => {
    const seen = new Set();
    for (const word of document.querySelectorAll(".highlight span:not(:has(*))")) {
        let kind = "";
        for (let it = word; it; it = it.parentElement) kind += `${it.tagName} ${it.className}, `;
        if (seen.has(kind)) word.replaceWith(...word.childNodes);
        else if (word.checkVisibility()) seen.add(kind);
    }
}"""


def bars(height, **_others):
    """A picture without axes, soon drawn."""
    fig = plt.figure(figsize=(2, 1))
    fig.add_artist(plt.Rectangle((0.1, 0), 0.8, height / 4))
    return fig


def stand_ins(notebook, folder: Path) -> Path:
    """States for each figure with sliders of `notebook`: its own sliders, another picture."""
    outputs = [o for cell in notebook.cells if draw_sliders.has_sliders(cell) for o in cell.outputs]
    texts = [o.data["text/plain"] for o in outputs if "image/png" in o.get("data", {})]
    for number, text in enumerate(texts):
        first, *others = re.findall(r"(\w+)=", text)
        sliders = {name: [1, 2] for name in others}
        figure = explore(lambda _first=first, **v: bars(v[_first]), alt="A bar", **{first: [1, 3]}, **sliders)
        draw_sliders.write_states(figure, folder / str(number))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The site, as `make site` makes it, with the smallest vocabulary."""
    if finished := os.environ.get("SITE"):
        return Path(finished).resolve()
    folder, states = tmp_path_factory.mktemp("site"), {}
    for path in make_site.LESSONS:
        notebook = nbformat.read(path, as_version=4)
        if path.stem in WITH_SLIDERS:
            kept = draw_sliders.kept(path)
            states[path] = kept if kept.exists() else stand_ins(notebook, folder / "states" / path.stem)
    make_site.build(folder / "out", states)
    ours = BPETokenizer.train(corpus.load_story(), 500)
    playground_data.write(folder / "out" / "playground" / "data", {"ours": ours})
    return folder / "out"


@pytest.fixture(scope="module")
def address(folder):
    """Where a server shows the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def context(browser):
    """Where all pages are opened: what one has loaded and compiled, as MathJax, the next ones have."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context, address, request):
    """A page; the test fails where it asks another server for something, or where it says an error."""
    page, faults, wanted = context.new_page(), [], getattr(request, "param", {})
    page.set_viewport_size(wanted.get("viewport", {"width": 1300, "height": 900}))
    page.emulate_media(color_scheme=wanted.get("color_scheme", "light"))

    def note(request):
        if not request.url.startswith((address, "data:")):
            faults.append(f"asked for {request.url}")

    page.on("request", note)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.close()
    assert faults == []


def test_nothing_is_left_beside_the_site(folder):
    assert not (folder.parent / "jupyter_execute").exists()  # of myst-nb


class Links(HTMLParser):
    """The ids of a page, what it links to, and what it loads."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.loads = set(), set(), set()
        self.feed(re.sub(r'<span class="\w+">|</span>', "", text))  # most tags only give code its colours

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found.get("id"), found.get("name")}
        self.links |= {found["href"]} if found.get("href") else set()
        if found.get("src") or (tag == "link" and found.get("rel") in ("stylesheet", "icon")):
            self.loads.add(found.get("src") or found["href"])


def test_every_link_on_it_leads_somewhere_and_all_it_loads_is_its_own(folder):
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    pages = {path: page for path, page in pages.items() if "_static" not in path.parts}
    assert len(pages) > 100
    dead = []
    for path, page in pages.items():
        assert not [address for address in page.loads if urlsplit(address).netloc], path
        for link in page.links | page.loads:
            there = urlsplit(urljoin(path.as_uri(), link))
            if there.scheme != "file":
                continue
            target = Path(unquote(there.path))
            known = pages[target].ids if target in pages and there.fragment else {there.fragment}
            if not target.is_file() or unquote(there.fragment) not in known:
                dead.append(f"{path.relative_to(folder)}: {link}")
    assert dead == []


@pytest.mark.parametrize("name", LESSONS)
def test_the_pictures_of_a_lesson_load_with_their_texts_and_its_sliders_move_them(page, address, name):
    page.goto(f"{address}notebooks/{name}.html")
    pictures = page.evaluate(FAULTY_PICTURES)
    assert pictures["all"] >= 3 and pictures["faulty"] == []
    page.evaluate("for (const answer of document.querySelectorAll('details')) answer.open = true")
    sliders = page.locator(".explore input")
    assert (sliders.count() > 0) == (name in WITH_SLIDERS)
    for slider in sliders.all():
        src, alt, label, at_end = slider.evaluate(SEEN)
        slider.focus()
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        moved_src, moved_alt, moved_label, _ = slider.evaluate(SEEN)
        assert moved_src != src and moved_label != label and moved_alt != alt
        assert f" {moved_label}" in moved_alt
    assert page.evaluate(FAULTY_PICTURES)["faulty"] == []


@pytest.mark.parametrize("name", ["index", "notebooks/07_stride_and_batching", "helpers/windows"])
@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}}], indirect=True, ids=["phone"])
def test_no_page_is_wider_than_a_phone(page, address, name):
    page.goto(f"{address}{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("index", {"color_scheme": "light"}),
        ("index", {"color_scheme": "dark"}),
        ("notebooks/03_bpe_from_scratch", {"color_scheme": "light"}),
        ("notebooks/07_stride_and_batching", {"color_scheme": "dark"}),
    ],
    indirect=["page"],
)
def test_contrast_and_landmarks_are_right_for_every_reader(page, address, name):
    axe = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")
    page.goto(f"{address}{name}.html")
    page.add_script_tag(path=axe)
    page.wait_for_load_state("networkidle")
    page.evaluate(ONE_OF_EACH)
    found = page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")["violations"]
    named = [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found]
    assert named == []


def test_the_search_finds_byte_pair_encoding(page, address):
    page.goto(f"{address}search.html?q=byte-pair")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a").evaluate_all("links => links.map((link) => link.pathname)")
    assert "/notebooks/03_bpe_from_scratch.html" in links


def test_the_keyboard_alone_reaches_the_playground_and_the_sliders(page, address):
    for name, wanted in [
        ("index", "#playground textarea"),
        (f"notebooks/{WITH_SLIDERS[-2]}", ".explore input"),
    ]:
        page.goto(f"{address}{name}.html")
        page.wait_for_selector(wanted)
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                break
        else:
            pytest.fail(f"no Tab leads to {wanted}")


def test_formulas_are_set_without_a_network(page, address):
    page.goto(f"{address}notebooks/06_positional_encodings.html")
    page.wait_for_selector("mjx-container svg")
    assert page.locator("[data-mjx-error]").count() == 0


def test_what_tells_an_answer_is_covered_until_the_answer_is_shown(page, address):
    page.goto(f"{address}notebooks/03_bpe_from_scratch.html")
    answer = page.locator("div.cell.tag_hide-output").first
    below = answer.locator("xpath=following-sibling::p[1]")
    assert below.evaluate("it => getComputedStyle(it).filter") == "blur(5px)"
    answer.locator("summary").click()
    assert below.evaluate("it => getComputedStyle(it).filter") == "none"


def test_an_answer_waits_for_a_click_and_the_code_of_a_figure_too():
    text, picture = [
        nbformat.v4.new_output("display_data", {kind: "x"}) for kind in ("text/plain", "image/png")
    ]
    tags = {}
    for name, outputs in {"text": [text], "figure": [picture], "both": [text, picture]}.items():
        cell = nbformat.v4.new_code_cell("1", outputs=outputs, metadata={"tags": ["needs:a file"]})
        make_site.fold(cell)
        tags[name] = cell.metadata.get("tags")
    assert tags == {"text": None, "figure": ["hide-input"], "both": None}
    answer = nbformat.v4.new_code_cell("1", outputs=[picture], metadata={"jupyter": {"outputs_hidden": True}})
    make_site.fold(answer)
    assert answer.metadata["tags"] == ["hide-output"]


FIGURE = """import matplotlib.pyplot as plt
from lessons.plots import explore
def draw(n):
    return plt.figure(figsize=(n, 1))
explore(draw, alt="A figure", start={"n": 2}, n=[1, 2, 3])"""


def test_a_notebook_is_run_as_far_as_its_last_slider_and_only_once(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_sliders, "KEPT", tmp_path / "kept")
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "explore: n=2"}, execution_count=1)
    cells = [nbformat.v4.new_code_cell(FIGURE, outputs=[shown]), nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "made.ipynb")
    folder = draw_sliders.draw(tmp_path / "made.ipynb")
    assert sorted(path.name for path in folder.glob("0/*")) == ["0.png", "1.png", "2.png", "states.json"]
    before = {path: path.stat().st_mtime_ns for path in folder.glob("0/*")}
    assert draw_sliders.draw(tmp_path / "made.ipynb") == folder
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("0/*")}


def test_the_examples_in_the_tools_hold():
    assert doctest.testmod(draw_sliders).failed == 0
