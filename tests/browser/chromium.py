"""The system's Chromium and what drives it; without them, the tests that import this are skipped."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


def outside(urls: list[str], folder: Path) -> list[str]:
    """The addresses that are neither files of this folder nor parts of the page itself."""
    found = []
    for url in urls:
        parts = urlsplit(url)
        inside = parts.scheme == "file" and Path(unquote(parts.path)).is_relative_to(folder)
        if not inside and parts.scheme not in ("data", "blob"):
            found.append(url)
    return found
