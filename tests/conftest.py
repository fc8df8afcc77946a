import os

import pytest
import torch

# As many threads as the smallest machine has: more gain nothing on tensors of this size.
torch.set_num_threads(min(2, os.cpu_count() or 1))

SECONDS = pytest.StashKey[dict[str, float]]()  # how long each notebook ran


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def pytest_configure(config):
    config.stash[SECONDS] = {}


def pytest_terminal_summary(terminalreporter, config):
    if seconds := config.stash[SECONDS]:
        terminalreporter.section("seconds per notebook")
        for name, value in sorted(seconds.items()):
            terminalreporter.line(f"{value:6.1f}  {name}")
        terminalreporter.line(f"{sum(seconds.values()):6.1f}  together")
