"""Data whose sample mean and covariance are known exactly, and the distance of a Gaussian to it."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Planted", "planted"]

NOISE = 0.3  # the variance outside the first H dimensions: not 1, where some algorithms begin


class Planted(NamedTuple):
    """x (N, D) has mean mu (D,) and covariance V diag(variances) V^T exactly, but for rounding.

    All variances after the first H are equal, so PPCA and factor analysis with H latents both have
    the covariance as their maximum of the likelihood, and nothing is left but an algorithm's error.
    """

    x: Tensor
    mu: Tensor
    variances: Tensor
    V: Tensor

    def kl(self, mean: Tensor, covariance: Tensor) -> float:
        """KL(N(mu, S) || N(mean, covariance)) in nats: what a fit lacks, per data point."""
        root = torch.linalg.cholesky(covariance)
        stretched = torch.linalg.solve_triangular(root, self.V * self.variances.sqrt(), upper=False)
        off = torch.linalg.solve_triangular(root, (mean - self.mu)[:, None], upper=False)
        log_ratio = 2 * root.diagonal().log().sum() - self.variances.log().sum()
        squares = stretched.square().sum() - len(self.mu) + off.square().sum()
        return ((squares + log_ratio) / 2).item()

    def log_prob(self, x: Tensor) -> Tensor:
        """Of N(mu, S), in the directions that are known to be its own."""
        z = (x - self.mu) @ self.V
        return -(z.square() / self.variances + (2 * torch.pi * self.variances).log()).sum(1) / 2


def planted(num_points: int, data_dim: int, latent_dim: int, seed: int = 0) -> Planted:
    """In float64. The first latent_dim variances fall from 4 times the rest to 1.5 times."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    columns = normal(num_points, data_dim)
    columns = torch.linalg.qr(columns - columns.mean(0)).Q * num_points**0.5
    V, mu = torch.linalg.qr(normal(data_dim, data_dim)).Q, normal(data_dim)
    variances = torch.full((data_dim,), NOISE, dtype=torch.float64)
    variances[:latent_dim] = NOISE * torch.linspace(4, 1.5, latent_dim, dtype=torch.float64)
    return Planted(columns * variances.sqrt() @ V.T + mu, mu, variances, V)
