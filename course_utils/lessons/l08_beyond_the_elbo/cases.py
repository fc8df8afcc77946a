"""The lesson's small models: a posterior N(0, 1), two tilted Gaussians, and the ring's seam."""

import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils import deep

NODES = torch.linspace(-12, 12, 601, dtype=torch.float64)
WIDE = torch.linspace(-20, 20, 1001, dtype=torch.float64)  # for the seam's widest q


def standard(mean: float, scale: float) -> tuple[Tensor, Tensor]:
    """log w and q's mass at NODES, for the posterior N(0, 1), evidence 1 and q = N(mean, scale^2)."""
    log_q = Normal(mean, scale).log_prob(NODES)
    return Normal(0.0, 1.0).log_prob(NODES) - log_q, log_q.exp()


def correlated(rho: float, variance: float) -> tuple[Tensor, Tensor]:
    """log w and q's mass on a plane: the posterior has unit variances and correlation rho, q has
    none, and both variances as given. Evidence 1."""
    axis = torch.linspace(-7, 7, 71, dtype=torch.float64) * max(1.0, variance**0.5)
    a, b = torch.cartesian_prod(axis, axis).unbind(1)
    squares = (a**2 - 2 * rho * a * b + b**2) / (1 - rho**2)
    log_p = -squares / 2 - torch.tensor(1 - rho**2).double().log() / 2
    log_q = -(a**2 + b**2) / (2 * variance) - torch.tensor(variance).double().log()
    return log_p - log_q, log_q.exp()


def on_ring(degrees: float) -> Tensor:
    """The point of the unit circle at this angle, (1, 2)."""
    angle = torch.tensor([degrees], dtype=torch.float64).deg2rad()
    return torch.stack([angle.cos(), angle.sin()], 1)


def seam_log_joint() -> Tensor:
    """log p(x, z) at WIDE, for x at the ring's seam."""
    return deep.log_joint(on_ring(0.0), WIDE[:, None], deep.ring().double())[0]


def seam_weights(log_joint: Tensor, mean: float, scale: float) -> tuple[Tensor, Tensor]:
    """log w and q's mass at WIDE, for q = N(mean, scale^2)."""
    log_q = Normal(mean, scale).log_prob(WIDE)
    return log_joint - log_q, log_q.exp()
