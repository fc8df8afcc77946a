"""The system's Chromium and what drives it; without them, the tests that import this are skipped."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="no Playwright here: make test-browser"
)
NAMES = ["chromium", "chromium-browser", "google-chrome"]
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

if PROGRAM is None:
    pytest.skip("there is no Chromium here", allow_module_level=True)


@contextmanager
def started() -> Iterator:
    """The browser, without its sandbox, which a container may not allow: the pages are our own."""
    options = {"executable_path": PROGRAM, "args": ["--no-sandbox", "--disable-gpu", *QUIET]}
    with playwright.sync_playwright() as driver, driver.chromium.launch(**options) as browser:
        yield browser
