import os

import pytest
import torch

# One thread, here and in the notebooks' kernels. Tensors of this size gain little from a second,
# and threads that wait for a core another process has make training ten times slower.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))

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
