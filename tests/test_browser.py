"""Each page is run once: its outputs are the stored ones, sliders move, an exercise answers.

The lessons in JupyterLab in a real browser; the deeper pages, which have no widgets, in a kernel alone.
Needs chromium, as a program of that name (Debian's package) or as Playwright's own
(`playwright install chromium`). Skipped where there is none, unless BROWSER_TESTS=required.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbval.plugin import IPyNbFile, get_sanitize_patterns
from playwright.sync_api import Locator, Page, expect

from helpers import corpus
from helpers.bpe import BPETokenizer
from lessons import exercises, neighbours

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
LESSONS, DEEPER = sorted(NOTEBOOKS.glob("*.ipynb")), sorted(NOTEBOOKS.glob("deeper/*.ipynb"))
CONFIG = NOTEBOOKS.parent / "tools" / "lab" / "config.py"
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")


# The commands behind File > Open, Run > Run All Cells, File > Save; each promise ends when the work is done.
RUN_AND_SAVE = """async path => {
    const app = window.jupyterapp;
    const notebook = await app.commands.execute('docmanager:open', { path });
    app.shell.activateById(notebook.id);
    await notebook.context.ready;
    await notebook.sessionContext.ready;
    await app.commands.execute('notebook:run-all-cells');
    await app.commands.execute('docmanager:save');
}"""
SHUT_DOWN_AND_CLOSE = """async () => {
    for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
        await widget.sessionContext?.shutdown();
        widget.dispose();  // does not ask whether to save
    }
}"""


def start(folder: Path, command: list, **options) -> subprocess.Popen:
    """Start a process that serves all test processes, and note its number: `conftest.py` ends it."""
    process = subprocess.Popen(command, **options)
    folder.with_suffix(".pid").write_text(str(process.pid))
    return process


def wait_for(process: subprocess.Popen, found, what: str):
    """What `found()` gives, as soon as it gives something."""
    while not (value := found()):
        assert process.poll() is None, f"{what} has ended"
        time.sleep(0.05)
    return value


def shared(name: str, make: Callable[[Path], None]) -> Path:
    """A folder for all test processes: the first that asks makes what is in it, the others wait for it."""
    folder = Path(os.environ["SHARED_BY_TESTS"]) / name
    try:
        folder.mkdir()
    except FileExistsError:
        pass  # another process makes it
    else:
        make(folder)
        (folder / "ready").touch()
    for _ in range(3600):
        if (folder / "ready").exists():
            return folder
        time.sleep(0.05)
    pytest.fail(f"{name} did not start")


def start_kernels(folder: Path) -> None:
    """Make `folder` one in which Jupyter finds how to start a kernel: on Linux by `warm_kernels`."""
    (folder / "kernels" / "python3").mkdir(parents=True)
    if sys.platform == "linux":
        address, script = folder / "socket", Path(__file__).with_name("warm_kernels.py")
        server = start(folder, [sys.executable, script, "serve", address])
        wait_for(server, address.exists, "the process that kernels are forked from")
        how = [sys.executable, str(script), "start", str(address), "{connection_file}"]
        spec = {"argv": how, "display_name": "Python 3 (ipykernel)", "language": "python"}
        (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec))


def start_lab(folder: Path) -> None:
    """Start JupyterLab on copies of the notebooks, and write its address to `folder`."""
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # All cells stay in the page, so that the test finds them, but what is out of sight is not laid out.
    (settings / "tracker.jupyterlab-settings").write_text(
        '{"windowingMode": "contentVisibility", "recordTiming": true}'
    )
    flags = "--no-browser --allow-root --expose-app-in-browser --IdentityProvider.token= --port=0".split()
    flags += [f"--config={CONFIG}", f"--ServerApp.root_dir={folder / 'notebooks'}"]
    paths = {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")}
    paths["JUPYTER_PATH"] = str(folder.with_name("kernels"))
    command, log = [sys.executable, "-m", "jupyter", "lab", *flags], folder / "log"
    with open(log, "w") as file:
        server = start(folder, command, env=os.environ | paths, stderr=file)
    asked = lambda: re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)/lab", log.read_text())
    port = wait_for(server, asked, "Lab")[1]  # it says its address once it answers
    (folder / "address").write_text(f"http://127.0.0.1:{port}/lab")


@pytest.fixture(scope="session")
def kernels():
    """The folder in which Jupyter finds how to start a kernel."""
    return shared("kernels", start_kernels)


@pytest.fixture(scope="session")
def lab(kernels):
    """The address of a JupyterLab on copies of the notebooks, and the folder of the copies."""
    folder = shared("lab", start_lab)
    return (folder / "address").read_text(), folder / "notebooks"


@pytest.fixture(scope="module")
def opened(browser, lab):
    """Lab in the browser, once for all notebooks: to load it takes longer than to run a short one."""
    page = browser.new_page(viewport={"width": 1400, "height": 600})
    page.set_default_timeout(180_000)
    page.goto(f"{lab[0]}/workspaces/{os.getpid()}?reset")  # a layout of its own
    page.wait_for_function("window.jupyterapp")
    page.evaluate("window.jupyterapp.restored.then(() => null)")  # before it not all commands are there
    page.add_style_tag(
        content="*, ::before, ::after { animation: none !important; transition: none !important }"
    )
    return page


@pytest.fixture
def page(opened):
    """Lab with no notebook open, and what is opened in it closed afterwards with its kernel."""
    yield opened
    opened.evaluate(SHUT_DOWN_AND_CLOSE)


def run_all(page, lab, path):
    """Open the notebook in Lab, run all its cells, save it, and return what was saved."""
    name = path.relative_to(NOTEBOOKS) if path.is_relative_to(NOTEBOOKS) else path
    page.evaluate(RUN_AND_SAVE, name.as_posix())
    return nbformat.read(lab[1] / name, as_version=4)


def compare(request: pytest.FixtureRequest, path: Path, code: list) -> None:
    """Hold the outputs that Lab saved against those stored in the notebook, with nbval's own comparison."""
    stored = IPyNbFile.from_parent(request.session, path=path)
    cells = list(stored.collect())
    request.getfixturevalue("compare_what_is_here")(cells)
    stored.sanitize_patterns.update(get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")))
    for cell, ran in zip(cells, code, strict=True):
        if not cell.options["skip"] and cell.options["check"]:
            same = cell.compare_outputs(ran.outputs, cell.cell.outputs)
            assert same, f"{path.name}, {cell.name}\n{ran.source}\n" + "\n".join(cell.comparison_traceback)


def seconds_to_first_figure(code) -> float:
    """From the start of the first cell to the end of the first that shows a picture, as Lab timed them."""
    first = next(c for c in code if any("image/png" in o.get("data", {}) for o in c.outputs))
    timed = [c.metadata.execution for c in (code[0], first)]
    start, end = timed[0]["iopub.status.busy"], timed[1]["shell.execute_reply"]
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def move_slider(page: Page, box: Locator) -> None:
    """Move the first slider of an `explore` figure by one step, and wait for another picture."""
    picture, slider = box.locator("img"), box.locator(".noUi-handle").first
    before = picture.get_attribute("src")
    slider.focus()
    at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    page.wait_for_function("([img, old]) => img.src !== old", arg=[picture.element_handle(), before])


def answer(page: Page, cell: Locator, source: str) -> str:
    """Type `source` over what is in a code cell, run it, and return what it prints."""
    cell.locator(".cm-content").first.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(source)
    cell.locator(".jp-OutputArea-output").first.evaluate("output => output.dataset.old = 'yes'")
    page.keyboard.press("ControlOrMeta+Enter")
    new = cell.locator(".jp-OutputArea-output:not([data-old])")
    new.first.wait_for()
    return new.first.inner_text()


def solution(path: Path, name: str) -> str:
    """What a learner could type who has solved exercise `name`: all up to its check, without other checks."""
    text = (NOTEBOOKS / "solutions" / f"{path.stem}.py").read_text(encoding="utf-8")
    call = re.search(rf'^ *(check\("{re.escape(name)}".*)', text, re.MULTILINE)
    before = text[: call.start()].partition("\nif __name__")[0]
    return re.sub(r"^check\(.*\n", "", before, flags=re.MULTILINE) + "\n" + call[1]


def nonsense(code: list) -> tuple[str, str]:
    """The first exercise that the page leaves to the reader: its name, and an answer to it that is wrong."""
    stub = next(cell.source for cell in code if re.search(r"(?m)^def .*: \.\.\.\n\n\ncheck\(", cell.source))
    return re.search(r'check\("([^"]+)"', stub)[1], stub.replace(": ...\n", ': return "nonsense"\n')


def check_said(name: str, wrong: str, right: str) -> None:
    """Hold what an exercise says to nonsense, and to its solution, against what it has to say."""
    assert wrong.startswith(f"{name}: {exercises.WRONG}. ") and ("nonsense" in wrong or "expected" in wrong)
    assert right.startswith(f"{name}: {exercises.RIGHT}.")


@pytest.mark.runs_notebook
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_run_all_sliders_and_an_exercise(request, page, lab, path, record_property):
    start = time.perf_counter()
    notebook = run_all(page, lab, path)
    record_property("seconds_of_run_all", round(time.perf_counter() - start, 1))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code), "a cell did not run"
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]
    compare(request, path, code)
    record_property("seconds_to_first_figure", round(seconds_to_first_figure(code), 1))

    shown = [output.get("data", {}).get("text/plain", "") for cell in code for output in cell.outputs]
    figures = [text for text in shown if text.startswith("explore: ")]
    boxes = page.locator(".jp-OutputArea-output .widget-vbox:has(img):has(.noUi-handle)")
    boxes.first.wait_for() if figures else None
    assert boxes.count() == len(figures)
    for i in range(boxes.count()):
        move_slider(page, boxes.nth(i))

    name, wrong = nonsense(code)
    cell = page.locator(".jp-Notebook .jp-CodeCell", has_text=f'check("{name}"')
    check_said(name, answer(page, cell, wrong), answer(page, cell, solution(path, name)))


@pytest.mark.browser  # like the test above, in place of nbval: without this mark nbval runs the pages
@pytest.mark.runs_notebook
@pytest.mark.parametrize("path", DEEPER, ids=lambda path: path.stem)
def test_run_a_page_without_widgets_and_an_exercise(request, kernels, path, record_property, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(kernels))
    notebook, start = nbformat.read(path, as_version=4), time.perf_counter()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs = []
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=180, coalesce_streams=True, resources=where)
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)  # raises the error of the cell
        assert "widget-view" not in str(notebook), "a page with widgets is for the browser"
        record_property("seconds_of_run_all", round(time.perf_counter() - start, 1))
        compare(request, path, code)
        record_property("seconds_to_first_figure", round(seconds_to_first_figure(code), 1))

        name, wrong = nonsense(code)
        typed = [nbformat.v4.new_code_cell(source) for source in (wrong, solution(path, name))]
        said = [client.execute_cell(cell, 0).outputs[0]["text"] for cell in typed]
        check_said(name, *said)


OPEN = "name => window.jupyterapp.commands.execute('docmanager:open', {path: name})"


def test_an_answer_stays_covered_until_its_cell_is_run(page, lab):
    cells = [
        nbformat.v4.new_markdown_cell("**Predict first.** How many?"),
        nbformat.v4.new_code_cell("print(3)"),
    ]
    cells[1].outputs = [nbformat.v4.new_output("stream", text="3\n")]
    cells[1].metadata["jupyter"] = {"outputs_hidden": True}  # as tools/hide_answers.py does
    cells += [nbformat.v4.new_markdown_cell("Three."), nbformat.v4.new_markdown_cell("And on.")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}  # or Lab would ask
    nbformat.write(notebook, lab[1] / "covered.ipynb")
    page.evaluate(OPEN, "covered.ipynb")
    code, answer, after = page.locator(".jp-CodeCell"), *page.locator(".jp-MarkdownOutput").all()[1:]
    cover = code.locator(".jp-OutputPlaceholder")
    cover.wait_for()
    said = cover.locator(".jp-Placeholder-contentContainer")
    assert (
        said.evaluate("it => getComputedStyle(it, '::before').content")
        == '"Your guess first. Then run this cell."'
    )
    assert not cover.locator(".jp-PlaceholderText").is_visible()
    expect(answer).to_have_css("filter", "blur(5px)")
    expect(after).to_have_css("filter", "none")
    code.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(code.locator(".jp-OutputArea-output")).to_have_text("3\n", timeout=180_000)
    expect(answer).to_have_css("filter", "none")


PLAYGROUND = """from helpers import corpus
from helpers.bpe import BPETokenizer
from lessons.playground import playground
small = BPETokenizer.train(corpus.load_story(), 1024)
playground("the train", {"small": small, "bytes": BPETokenizer([])}, alt="two rows of tokens")"""
TITLES = "box => [...box.querySelectorAll('.widget-html-content span')].map(span => span.title)"


def test_the_playground_shows_the_tokens_of_what_one_types_and_pastes(page, lab):
    """Typed: three scripts and a lone newline. Pasted: an emoji of five code points, and 100 kB."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PLAYGROUND)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}  # or Lab would ask
    nbformat.write(notebook, lab[1] / "playground.ipynb")
    run_all(page, lab, Path("playground.ipynb"))
    box = page.locator(".jp-OutputArea-output .widget-vbox")
    area, shown = box.locator("textarea"), box.element_handle()
    tokenizers = [BPETokenizer.train(corpus.load_story(), 1024), BPETokenizer([])]

    def read_back(text: str) -> None:
        """Wait until the ids of `text` are there, and hold the tokens and the counts against it."""
        ids = [tokenizer.encode(text) for tokenizer in tokenizers]
        drawn = [f"id {i}, " for each in ids for i in each[:1000]]
        page.wait_for_function(
            "([box, drawn]) => { const titles = (" + TITLES + ")(box);"
            " return titles.length === drawn.length && titles.every((t, n) => t.startsWith(drawn[n])); }",
            arg=[shown, drawn],
        )
        titles = page.evaluate(TITLES, shown)
        rows = [titles[: len(ids[0][:1000])], titles[len(ids[0][:1000]) :]]
        for name, row, each in zip(("small", "bytes"), rows, ids, strict=True):
            joined = b"".join(bytes.fromhex(title.partition("bytes ")[2]) for title in row)
            assert joined == text.encode()[: len(joined)] and len(row) == min(len(each), 1000)
            assert f"{name}: {len(each):,} token" in box.inner_text()

    read_back("the train")
    for text in ("umbrella, <b>", "Результаты", "खोज परिणाम"):
        area.fill("")
        area.press_sequentially(text)
        read_back(text)
    area.fill("")
    area.press("Enter")
    read_back("\n")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for text in ("👩‍👩‍👧", ("the café " * 100 + "\n") * 100):
        area.fill("")
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        area.press("ControlOrMeta+V")
        read_back(text)


WORDS = """import numpy as np
words = ["red", "green", "row", "<b>", "float32", "float64"]
vocab, draw = {word: i for i, word in enumerate(words)}, np.random.default_rng(0)
vectors, spots = draw.normal(size=(6, 5)), draw.normal(size=(6, 2))"""
WORD_PLAYGROUND = """from lessons.neighbours import word_playground
word_playground("red", vectors, vocab, dict(zip(words, spots)), alt="six words")"""


def test_a_typed_word_shows_its_neighbours_and_an_unknown_one_is_said(page, lab):
    cells = [nbformat.v4.new_code_cell(source) for source in (WORDS, WORD_PLAYGROUND)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}  # or Lab would ask
    nbformat.write(notebook, lab[1] / "words.ipynb")
    run_all(page, lab, Path("words.ipynb"))
    exec(WORDS, here := {})
    box = page.locator(".jp-OutputArea-output .widget-vbox")
    field, said, picture = (box.locator(name) for name in ("input", ".widget-html-content", "img"))

    def says(word: str) -> str:
        """Wait until the sentence on `word` is there, and return where the picture is."""
        sentence, _ = neighbours.answer(word, here["vectors"], here["vocab"])
        expect(said).to_have_text(sentence, timeout=180_000)
        return picture.get_attribute("src")

    seen = [says("red")]
    for word in ("green", "<b>"):
        field.fill("")
        field.press_sequentially(word)
        expect(picture).not_to_have_attribute("src", seen[-1], timeout=180_000)
        seen.append(says(word))
    field.fill("flaot32")
    assert says("flaot32") == seen[-1]  # an unknown word leaves the picture as it is
    assert "not among the 6 words. Near spellings: float32." in said.inner_text()
    field.fill("red")
    says("red")


def ran(output: str) -> list:
    return [nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("stream", text=output)])]


def test_the_comparison_passes_over_what_is_measured_and_over_nothing_else(request, tmp_path):
    path = tmp_path / "01_stored.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=ran("7 ids in ≈ 0.25 s\n")), path)
    compare(request, path, ran("7 ids in ≈ 11.5 s\n"))
    for changed in ("8 ids in ≈ 0.25 s\n", "7 ids in ≈ 0.25 ms\n", "7 ids in 0.25 s\n", ""):
        with pytest.raises(AssertionError, match=r"01_stored\.ipynb, Cell 0"):
            compare(request, path, ran(changed))


def test_a_cell_that_needs_a_download_is_compared_only_where_that_is_here(request, tmp_path, monkeypatch):
    monkeypatch.setenv("TEXT_TO_TENSORS_DATA", str(tmp_path))
    path, cells = tmp_path / "01_stored.ipynb", ran("20,479 characters\n")
    cells[0].metadata["tags"] = ["needs:the-verdict.txt"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    compare(request, path, ran("It is not here.\n"))
    (tmp_path / "the-verdict.txt").touch()
    with pytest.raises(AssertionError, match="Cell 0"):
        compare(request, path, ran("It is not here.\n"))
