"""p(x | y) of PPCA where only y = A x, or y = A x + noise, has been seen: in closed form.

    z | y       ~ N(m, (I + V^T R^-1 V)^-1)          V = A W,  R = sigma2 A A^T + noise^2 I
    x | z, y    ~ N(W z + mu + L (y - A (W z + mu)), sigma2 (I - L A)),   L = sigma2 A^T R^-1

so that x | y is Gaussian: the code's part, and what y tells of the pixels' own noise.
Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 2.3.3 and 12.2.
"""

from math import pi
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import ppca, validate

__all__ = ["Conditional", "block_means", "given"]


class Conditional(NamedTuple):
    """N(mean_n, covariance) for every y_n; the covariance, one for all y, may be singular."""

    mean: Float[Tensor, "N D"]
    covariance: Float[Tensor, "D D"]

    def sample(self, num_samples: int) -> Float[Tensor, "S N D"]:
        """Independent answers to every y, by torch's global generator."""
        validate.integer(1, num_samples=num_samples)
        values, vectors = torch.linalg.eigh(self.covariance)
        eps = torch.randn(num_samples, *self.mean.shape).to(self.mean)
        return self.mean + (eps * values.clamp(min=0).sqrt()) @ vectors.T

    @validate.typed
    def log_prob(self, x: Float[Tensor, "N D"], dim: int) -> Float[Tensor, "N"]:
        """log density in nats along the `dim` directions that y leaves open: those of the largest
        eigenvalues. Noiseless views of M rows leave D - M open.
        """
        validate.finite(x=x)
        validate.columns(self.mean[0], x=x)
        validate.integer(1, x.shape[1], dim=dim)
        values, vectors = torch.linalg.eigh(self.covariance)
        values = values[-dim:]
        validate.positive(**{"the least variance along dim directions": values[0]})
        along = (x - self.mean) @ vectors[:, -dim:]
        return -(along.square() / values + (2 * pi * values).log()).sum(1) / 2


@validate.typed
def given(
    model: ppca.PPCA, A: Float[Tensor, "M D"], y: Float[Tensor, "N M"], noise: float = 0.0
) -> Conditional:
    """p(x | y_n) for y = A x + noise eps, eps ~ N(0, I). noise: a standard deviation, 0 for none.

    The rows of A must be independent where there is no noise.
    """
    validate.finite(A=A, y=y)
    validate.columns(model.mu, A=A)
    validate.columns(A[:, 0], y=y)
    validate.not_negative(noise=noise)
    W, mu, sigma2 = model.W, model.mu, model.sigma2
    eye = torch.eye(len(mu)).to(W)
    R = sigma2 * A @ A.T + noise**2 * torch.eye(len(A)).to(W)
    validate.finite(**{"A A^T": R})
    if torch.linalg.cond(R) > 0.1 / torch.finfo(W.dtype).eps:
        raise ValueError("A must have independent rows; or noise must be above 0")
    V = A @ W
    L = torch.linalg.solve(R, sigma2 * A).T  # (D, M)
    precision = torch.eye(W.shape[1]).to(W) + V.T @ torch.linalg.solve(R, V)
    centred = y - mu @ A.T
    m = torch.linalg.solve(precision, V.T @ torch.linalg.solve(R, centred.T)).T  # E[z | y]
    mean = mu + m @ W.T + (centred - m @ V.T) @ L.T
    rest = W - L @ V  # how the code still moves x when y is held
    covariance = rest @ torch.linalg.solve(precision, rest.T) + sigma2 * (eye - L @ A)
    return Conditional(mean, (covariance + covariance.T) / 2)


@validate.typed
def block_means(side: int, block: int) -> Float[Tensor, "M D"]:
    """A (M, side^2): the means of block x block pixels of an image, rows of blocks from the top.

    A A^T = I / block^2.
    """
    validate.integer(1, block=block)
    validate.integer(block, side=side)
    if side % block:
        raise ValueError(f"block must divide side, {side}, got {block}")
    count = side // block
    ones = torch.ones(1, block, dtype=torch.float64) / block
    rows = torch.kron(torch.eye(count, dtype=torch.float64), ones)  # (count, side)
    return torch.kron(rows, rows)
