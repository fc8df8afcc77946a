import gc
import os
import re
import sys

import pytest
import torch
from xdist.scheduler import LoadScopeScheduling

# jsonschema, which nbformat loads, would have this build a parser of internationalised addresses,
# which no notebook has: two seconds in every process. Told that it is missing, it does without.
sys.modules["rfc3987_syntax"] = None

# One thread, here and in the notebooks' kernels. Tensors of this size gain little from a second,
# and threads that wait for a core another process has make training ten times slower.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))


@pytest.fixture(autouse=True)
def as_in_a_notebook():
    """A seed, and distributions that check their arguments: zuko's import turns that off."""
    # Without a GPU torch.manual_seed keeps the whole stack, as text, for the day there is one.
    torch.default_generator.manual_seed(0)
    torch.distributions.Distribution.set_default_validate_args(True)


@pytest.fixture(scope="session")
def browser():
    import chromium  # of the folder browser, whose tests alone ask for this

    with chromium.started() as browser:
        yield browser


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False  # the order below, not the groups with most tests first
    return ByFile(config, log)


class ByFile(LoadScopeScheduling):
    """A worker runs whole files, whose tests share what their fixtures train, or whole lessons.

    xdist's own "loadgroup" groups nothing under pytest 9.2, where its names for groups get lost.
    """

    def _split_scope(self, nodeid: str) -> str:
        lesson = re.search(r"test_(?:notebooks|runs)\.py::.*\[.*(\d\d_\w+)", nodeid)
        return lesson[1] if lesson else nodeid.split("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The longest files first, notebooks ahead: what is left at the end is short."""

    def length(item) -> int:
        notebook = getattr(item, "callspec", None) and item.callspec.params.get("run")
        return (notebook or item.path).stat().st_size

    items.sort(key=length, reverse=True)


def pytest_collection_finish(session):
    gc.freeze()  # what is loaded stays: looking through it for garbage takes a tenth of the time


def pytest_terminal_summary(terminalreporter):
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    seconds = dict(p[1] for r in reports for p in r.user_properties if p[0] == "CPU seconds")
    if seconds:
        terminalreporter.section("Seconds of work in each notebook, its kernel's start included")
        for name, value in sorted(seconds.items()):
            terminalreporter.line(f"{value:6.1f}  {name}")
        terminalreporter.line(f"{sum(seconds.values()):6.1f}  together")
