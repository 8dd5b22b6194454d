"""What several test files need, and how the tests are spread over processes."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def chromium(playwright) -> str | None:
    """The browser to drive: the program of that name (Debian's package), Playwright's own, or None."""
    own = playwright.chromium.executable_path
    return shutil.which("chromium") or (own if Path(own).exists() else None)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config, items):
    """Run a notebook once for both, nbval and the browser test, and group the tests for `--dist loadgroup`.

    The browser test compares with nbval's own function what Lab saved after Run All. So where it is about to
    run, nbval need not execute the same notebook again. Without a browser nbval does it.
    """
    in_browser = {item.callspec.params["path"] for item in items if item.get_closest_marker("runs_notebook")}
    if in_browser:
        with sync_playwright() as playwright:
            found = chromium(playwright)
        required = os.environ.get("BROWSER_TESTS") == "required"
        in_browser = in_browser if found or required else set()
    again = [item for item in items if type(item).__name__ == "IPyNbCell" and item.path in in_browser]
    if again:
        config.hook.pytest_deselected(items=again)
        items[:] = [item for item in items if item not in set(again)]
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if not item.get_closest_marker(
            "xdist_group"
        ):  # fixtures of a module are made once, cells have an order
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def browser():
    """Chromium. The test is skipped where there is none, unless BROWSER_TESTS=required."""
    with sync_playwright() as playwright:
        path = chromium(playwright)
        if not path and os.environ.get("BROWSER_TESTS") != "required":
            pytest.skip("no chromium to drive: apt install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
