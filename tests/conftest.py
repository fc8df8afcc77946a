import os

import pytest
import torch

# One thread, here and in the notebooks' kernels. Tensors of this size gain little from a second,
# and threads that wait for a core another process has make training ten times slower.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "xdist_group(name): tests that one worker runs (xdist's own)"
    )


def notebook(item):
    """The lesson a test runs, if it runs one."""
    return getattr(item, "callspec", None) and item.callspec.params.get("run")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Spread over workers by file, whose tests share what its fixtures train, and by notebook.

    The notebooks come first, the longest of them ahead: what is left at the end is short.
    """
    for item in items:
        path = notebook(item) or item.path
        item.add_marker(pytest.mark.xdist_group(path.stem))
    items.sort(key=lambda item: -notebook(item).stat().st_size if notebook(item) else 0)


def pytest_terminal_summary(terminalreporter):
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    seconds = dict(p[1] for r in reports for p in r.user_properties if p[0] == "CPU seconds")
    if seconds:
        terminalreporter.section("CPU seconds of each notebook")
        for name, value in sorted(seconds.items()):
            terminalreporter.line(f"{value:6.1f}  {name}")
        terminalreporter.line(f"{sum(seconds.values()):6.1f}  together")
