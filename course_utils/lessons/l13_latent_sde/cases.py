"""The two series of the lesson: five points of an Ornstein-Uhlenbeck path, one of a double well."""

import math
from functools import cache

import torch
from torch import Tensor

from course_utils import filtering
from course_utils.diffusions import grid, sde

THETA = SIGMA = 1.0
FIVE = sde.Seen(
    torch.tensor([-0.2616, 0.3211, 0.0594, -0.3493, -0.5118], dtype=torch.float64),
    torch.arange(1, 6, dtype=torch.float64),
    0.4,
)
WELL, DT, NODES = sde.double_well(), 0.05, grid.nodes()


def one(y: float) -> sde.Seen:
    """The double well's single observation, at time 3."""
    value, time = torch.tensor([[y], [3.0]], dtype=torch.float64)
    return sde.Seen(value, time, 0.5)


def euler(dt: float) -> tuple:
    """The arguments of `filtering.kalman` for Euler's steps of the five points' model."""
    return _chain(1 - THETA * dt, SIGMA**2 * dt, FIVE.steps(dt))


def exact() -> tuple:
    """The same for the model itself, whose law at the five times is known: X_0, and five moves."""
    a = math.exp(-THETA)
    return _chain(a, SIGMA**2 * (1 - a**2) / (2 * THETA), torch.arange(1, 6))


def _chain(a: float, variance: float, steps: Tensor) -> tuple:
    y, mask = torch.zeros(2, int(steps[-1]) + 1, 1).double()
    y[steps, 0], mask[steps] = FIVE.y, 1.0
    numbers = (a, variance, 1.0, FIVE.scale**2)
    A, Q, C, R = (torch.tensor([[number]], dtype=torch.float64) for number in numbers)
    start = torch.zeros(1).double(), torch.full((1, 1), SIGMA**2 / (2 * THETA)).double()
    return y, filtering.LinearGaussian(A, Q, C, R, *start), mask.bool()


@cache
def evidence(dt: float) -> float:
    """log p(y) of Euler's chain, by Kalman's filter."""
    return filtering.kalman(*euler(dt)).log_evidence.item()


def segments(x: Tensor, dt: float, num: int) -> list:
    """The first paths of x (T + 1, P) as lines over time."""
    times = dt * torch.arange(len(x)).double()
    return [torch.stack([times, path], 1).numpy() for path in x.T[:num]]
