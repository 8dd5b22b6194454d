"""JupyterLab in a real browser: Run All leaves no error, and a slider changes its picture.

Needs chromium, as a program of that name (Debian's package) or as Playwright's own
(`playwright install chromium`). Skipped where there is none, unless BROWSER_TESTS=required.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Error, sync_playwright

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EVERY = sorted(NOTEBOOKS.glob("*.ipynb"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


# The commands behind Run > Run All Cells and File > Save; each promise ends when the work is done.
RUN_AND_SAVE = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    await app.shell.currentWidget.context.ready;
    await app.shell.currentWidget.sessionContext.ready;
    await app.commands.execute('notebook:run-all-cells');
    await app.commands.execute('docmanager:save');
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        except Error as error:
            if os.environ.get("BROWSER_TESTS") == "required":
                raise
            pytest.skip(f"no chromium to drive: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on copies of the notebooks, and the folder of the copies."""
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = folder.parent / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # All cells stay in the page, those out of sight too, so that the test finds them.
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = (
        f"--no-browser --allow-root --expose-app-in-browser --IdentityProvider.token= --port={port}".split()
    )
    with open(folder.parent / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *flags, f"--notebook-dir={folder}"],
            env=os.environ | {"JUPYTERLAB_SETTINGS_DIR": str(folder.parent / "settings")},
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/api")
            break
        time.sleep(0.5)
    yield f"{address}/lab", folder
    server.terminate()
    server.wait(timeout=30)


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(180_000)
    yield page
    page.close()


def run_all(page, lab, path):
    """Open the notebook in Lab, run all its cells, save it, and return what was saved."""
    address, folder = lab
    page.goto(f"{address}/tree/{path.name}?reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.evaluate(RUN_AND_SAVE)
    return nbformat.read(folder / path.name, as_version=4)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_run_all_leaves_no_error_and_sliders_change_their_pictures(page, lab, path):
    notebook = run_all(page, lab, path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code), "a cell did not run"
    assert not [o for cell in code for o in cell.outputs if o.output_type == "error"]

    figures = [cell for cell in code if "explore(" in cell.source and "def explore" not in cell.source]
    boxes = page.locator(".jp-OutputArea-output .widget-vbox:has(img)")
    boxes.first.wait_for() if figures else None
    assert boxes.count() == len(figures)
    for i in range(boxes.count()):
        picture, slider = boxes.nth(i).locator("img"), boxes.nth(i).locator(".noUi-handle").first
        before = picture.get_attribute("src")
        slider.focus()
        at_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        page.wait_for_function("([img, old]) => img.src !== old", arg=[picture.element_handle(), before])
