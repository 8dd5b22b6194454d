"""What several test files need."""

import os
import shutil

import pytest
from playwright.sync_api import Error, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def browser():
    """Chromium: the program of that name (Debian's package), or Playwright's own.

    The test is skipped where there is none, unless BROWSER_TESTS=required.
    """
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        except Error as error:
            if os.environ.get("BROWSER_TESTS") == "required":
                raise
            pytest.skip(f"no chromium to drive: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()
