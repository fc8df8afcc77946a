"""The ring, exactly: the posterior of a point on it, and the best Gaussian q of each."""

from functools import lru_cache
from math import pi
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils import deep, exact, vem

RING = deep.ring().double()
Z = torch.linspace(-4, 4, 401, dtype=torch.float64)  # where densities are drawn


class RingTable(NamedTuple):
    """Of x at 0, 1, ..., 360 degrees: evidence, ELBO, mean and scale of the best q, all (361,)."""

    evidence: Tensor
    elbo: Tensor
    mean: Tensor
    scale: Tensor


def ring_points(degrees: Tensor) -> Tensor:
    """Noise-free points of the ring at these angles from the seam: (N, 2)."""
    angle = degrees.double() * pi / 180
    return torch.stack([angle.cos(), angle.sin()], 1)


@lru_cache(maxsize=1)
def ring_table() -> RingTable:
    """The best Gaussian q round the ring, from the highest mode of each posterior."""
    x = ring_points(torch.arange(361))
    mode = deep.mode(x, RING)
    start = vem.gaussian(torch.cat([mode, torch.full_like(mode, -5.0)], 1), 1)
    q, elbo = vem.best_q(x, RING, start, num_steps=150)
    evidence = deep.log_evidence(x, RING)
    return RingTable(evidence, elbo, q.mean[:, 0], q.stddev[:, 0])


def ring_posterior(degrees: float) -> Tensor:
    """p(z | x) on Z for x at this angle."""
    x = ring_points(torch.tensor([degrees]))
    return exact.posterior(lambda z: deep.log_joint(x, z, RING), Z)[0]
