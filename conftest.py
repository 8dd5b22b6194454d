"""What several test files need, which outputs are compared, and how the tests are spread over processes."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import sync_playwright
from xdist.scheduler import LoadFileScheduling

from helpers import corpus

settings.register_profile("no clock", deadline=None)  # a busy machine must not fail a test
settings.load_profile("no clock")
STARTUP = Path(__file__).with_name("tools") / "startup"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def pytest_configure(config):
    """A folder for what all test processes share: its name goes to them with the environment."""
    if not hasattr(config, "workerinput"):
        os.environ["SHARED_BY_TESTS"] = tempfile.mkdtemp()


def pytest_unconfigure(config):
    """End the processes that test processes started for one another: FILE.pid has the number of each."""
    if not hasattr(config, "workerinput"):
        shared = Path(os.environ.pop("SHARED_BY_TESTS"))
        for file in shared.glob("*.pid"):
            with suppress(OSError):
                os.kill(int(file.read_text()), signal.SIGTERM)
        shutil.rmtree(shared, ignore_errors=True)


def chromium(playwright) -> str | None:
    """The browser to drive: Debian's, without a window where it is there, or Playwright's own, or None."""
    own = playwright.chromium.executable_path
    there = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return there or (own if Path(own).exists() else None)


def leave_out_what_is_not_here(cells) -> None:
    """Leave out of the comparison each notebook cell with a tag `needs:NAME` whose download is not here.

    Such a cell runs all the same, and says in a sentence what it leaves out.
    """
    for cell in cells:
        names = [tag[6:] for tag in cell.cell.metadata.get("tags", []) if tag.startswith("needs:")]
        if not all((corpus.cache_folder() / name).exists() for name in names):
            cell.options["check"] = False


# Tests that take long, each a page: these are handed out one by one, and before all others.
ONE_BY_ONE = ("test_run_all_sliders_and_an_exercise[", "test_run_a_page_without_widgets_and_an_exercise[")
ONE_BY_ONE += ("test_the_solutions_pass[",)


class LongestFirst(LoadFileScheduling):
    """Give each process a file at a time: fixtures are made once, and the cells of a page keep their order.

    The files of tests/bpe go together, as they share vocabularies that take seconds to load. The tests named
    in `ONE_BY_ONE` go alone, whichever process is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if test.startswith(ONE_BY_ONE):
            return nodeid
        return "tests/bpe" if file.startswith("tests/bpe/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes():
    """One thread in each process, the kernels of its notebooks included: more would wait for one another.

    All of them start as `tools/startup` says. The library docs are collected here, once, while those look for
    tests: most pages begin with them.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    paths = [str(STARTUP), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    threading.Thread(target=corpus.load_library_docs).start()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """For `--dist loadfile`: in the order of the items, and not the file with the most tests first."""
    if config.getvalue("dist") == "loadfile":
        config.option.loadscopereorder = False
        return LongestFirst(config, log)
    return None


def in_order(items) -> list:
    """Pages first, as they take longest; then files with a slow test; the many short tests fill the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item) -> int:
        if type(item).__name__ == "IPyNbCell" or "kernels" in getattr(item, "fixturenames", ()):
            return 0
        return 1 if item.name.startswith(ONE_BY_ONE) else 2 if item.path in slow else 3

    return sorted(items, key=place)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    """Run a notebook once, and put first what takes long.

    `tests/test_browser.py` compares with nbval's own function what Lab, or a kernel, gave. So where that runs
    a notebook, nbval need not do it again. Without a browser nbval runs the lessons.
    """
    for item in items:
        for fixture, mark in (("browser", pytest.mark.browser), ("library_docs", pytest.mark.slow)):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    yield  # here -m and -k leave tests out
    runs = [item for item in items if item.get_closest_marker("runs_notebook")]
    if in_browser := [item for item in runs if "browser" in item.fixturenames]:
        with sync_playwright() as playwright:
            found = chromium(playwright)
        if not found and os.environ.get("BROWSER_TESTS") != "required":
            runs = [item for item in runs if item not in in_browser]
    run_there = {item.callspec.params["path"] for item in runs}
    cells = [item for item in items if type(item).__name__ == "IPyNbCell"]
    leave_out_what_is_not_here(cells)
    again = {cell for cell in cells if cell.path in run_there}
    if again:
        config.hook.pytest_deselected(items=list(again))
    items[:] = in_order([item for item in items if item not in again])


@pytest.fixture(scope="module")  # it leaves an event loop running, which tests of other modules may not have
def browser():
    """Chromium. The test is skipped where there is none, unless BROWSER_TESTS=required."""
    with sync_playwright() as playwright:
        path = chromium(playwright)
        if not path and os.environ.get("BROWSER_TESTS") != "required":
            pytest.skip("no chromium to drive: apt install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def close_figures():
    """No test leaves a figure open to the next one in its process."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture
def compare_what_is_here():
    """The function that takes cells without their downloads out of the comparison."""
    return leave_out_what_is_not_here
