"""How fast this machine is now, so that a limit on CPU seconds means the same everywhere.

A processor that two programs share does half as much in a CPU second as one that is idle, and
processors differ. So tests count in seconds of work: what 2000 of the steps below take. On an idle
core of today that is about one CPU second.
"""

import time

import torch
from torch import nn

SECOND = 0.05  # CPU seconds of `training` where a second of work takes one


def training() -> float:
    """CPU seconds of a hundred steps such as the lessons take."""
    model = nn.Sequential(
        nn.Linear(2, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 2)
    )
    x, descent = (
        torch.linspace(-1, 1, 400).view(200, 2),
        torch.optim.SGD(model.parameters(), lr=0.01),
    )
    start = time.process_time()
    for _ in range(100):
        descent.zero_grad()
        (model(x) - x).square().mean().backward()
        descent.step()
    return time.process_time() - start


def slowness() -> float:
    """CPU seconds that a second of work takes here and now, at least 1."""
    training()  # what is done only once
    return max(1.0, sum(training() for _ in range(5)) / 5 / SECOND)
