"""The radial flow: push space away from a point, or pull it towards it."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import validate
from course_utils.flows.conditioner import Parameters
from course_utils.flows.layer import Layer

__all__ = ["Radial"]


class Radial(Layer):
    """x = z + β (z - z₀) / (α + r) with r = ‖z - z₀‖, α > 0 and β > -α.

    z₀ (D,), α (), γ = α + β (): free, or functions of the context, α and γ through a softplus.
    A point at distance r lands at distance R = r (γ + r) / (α + r), on the same ray, so
        log|det dx/dz| = (D - 1) log R/r + log dR/dr,  dR/dr = (r² + 2αr + αγ) / (α + r)²,
    and r is the positive root of r² + (γ - R) r - αR = 0.

    dim: D. context_dim: C. hidden: sizes of the network of the context. Starts at the identity,
    α = γ = 1, with a random z₀.

    Source: Rezende & Mohamed, "Variational inference with normalizing flows", ICML 2015, eq. 14
    and appendix A.2.
    """

    @validate.typed
    def __init__(self, dim: int, context_dim: int = 0, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__(dim, context_dim)
        one = torch.full((2,), math.log(math.e - 1))  # before the softplus
        self.theta = Parameters(torch.cat([torch.randn(dim), one]), context_dim, hidden)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x and log|det dx/dz|."""
        z_0, alpha, gamma = self._unpack()
        r = torch.linalg.vector_norm(z - z_0, dim=-1)
        stretch = (gamma + r) / (alpha + r)
        x = z_0 + (z - z_0) * stretch.unsqueeze(-1)
        return x, self._log_det(r, alpha, gamma)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z and log|det dx/dz|."""
        z_0, alpha, gamma = self._unpack()
        R = torch.linalg.vector_norm(x - z_0, dim=-1)
        p = R - gamma
        root = (p**2 + 4 * alpha * R).sqrt()
        # Both are the positive root; each is exact where the other subtracts like numbers.
        r = torch.where(p > 0, (p + root) / 2, 2 * alpha * R / (root + p.abs()))
        z = z_0 + (x - z_0) * ((alpha + r) / (gamma + r)).unsqueeze(-1)
        return z, self._log_det(r, alpha, gamma)

    def _unpack(self) -> tuple[Tensor, Tensor, Tensor]:
        """z₀ (..., D), α and γ (...)."""
        z_0, raw = self.theta(self.context).split([self.dim, 2], -1)
        alpha, gamma = F.softplus(raw).unbind(-1)
        return z_0, alpha, gamma

    def _log_det(self, r: Tensor, alpha: Tensor, gamma: Tensor) -> Tensor:
        stretch = (gamma + r) / (alpha + r)
        slope = (r**2 + 2 * alpha * r + alpha * gamma) / (alpha + r) ** 2
        return (self.dim - 1) * stretch.log() + slope.log()
