"""A browser, if there is one: `make test-browser` installs what drives it."""

import shutil

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), ""
)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser():
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright: see make test-browser")
    if not CHROMIUM:
        pytest.skip("there is no Chromium here")
    with driver.sync_playwright() as playwright:
        # Without its sandbox, which a container may not allow: these pages are our own.
        options = {"executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-gpu", *QUIET]}
        with playwright.chromium.launch(**options) as browser:
            yield browser
