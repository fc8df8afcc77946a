import pytest


@pytest.fixture(scope="session")
def browser():
    import chromium  # here, so that where there is none the tests are skipped and nothing fails

    with chromium.started() as browser:
        yield browser
