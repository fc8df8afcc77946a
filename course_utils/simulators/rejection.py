"""Inference by simulating and comparing: rejection ABC, its adjustment, synthetic likelihood."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.distributions import MultivariateNormal

from course_utils import validate

__all__ = ["Adjusted", "accept", "adjust", "cost", "synthetic"]


class Adjusted(NamedTuple):
    """z (A, H): moved to the observed summaries. weight (A,): of each, 1 at them, 0 at the farthest."""

    z: Tensor
    weight: Tensor


@validate.typed
def accept(
    s: Float[Tensor, "N C"], observed: Float[Tensor, "C"], num_accepted: int
) -> Int[Tensor, "A"]:
    """Indices of the simulations whose summaries are nearest to the observed ones, nearest first.

    Distances are Euclidean in units of each summary's standard deviation over the simulations.
    Source: Beaumont, Zhang & Balding, "Approximate Bayesian computation in population genetics",
    Genetics 162, 2002.
    """
    validate.finite(s=s, observed=observed)
    validate.integer(1, len(s), num_accepted=num_accepted)
    scale = s.std(0, correction=0).clamp(min=1e-12)
    distance = ((s - observed) / scale).square().sum(1)
    return distance.topk(num_accepted, largest=False).indices


@validate.typed
def adjust(
    z: Float[Tensor, "A H"], s: Float[Tensor, "A C"], observed: Float[Tensor, "C"]
) -> Adjusted:
    """The accepted z moved along a local linear regression on s, to the observed summaries.

    z_i - B^T (s_i - s_o), with a weight by Epanechnikov's kernel in the regression and afterwards.
    Source: Beaumont et al. 2002.
    """
    validate.finite(z=z, s=s, observed=observed)
    if len(z) <= s.shape[1] + 1:
        raise ValueError(f"z must have more rows than {s.shape[1]} summaries + 1, got {len(z)}")
    scale = s.std(0, correction=0).clamp(min=1e-12)
    off = (s - observed) / scale
    squares = off.square().sum(1)
    if not squares.isfinite().all():
        raise ValueError("observed must be near s: squares of the distances overflow")
    weight = (1 - squares / squares.max().clamp(min=1e-300)).clamp(min=0)
    design = torch.cat([torch.ones_like(off[:, :1]), off], 1)
    normal = design.mT @ (weight[:, None] * design)
    ridge = 1e-8 * torch.eye(len(normal)).to(normal) * normal.diagonal().mean().clamp(min=1e-300)
    slopes = torch.linalg.solve(normal + ridge, design.mT @ (weight[:, None] * z))
    return Adjusted(z - off @ slopes[1:], weight)


@validate.typed
def synthetic(s: Float[Tensor, "G R C"], observed: Float[Tensor, "N C"]) -> Float[Tensor, "N G"]:
    """log N(s_o | mean_g, cov_g), from R simulations at each of G parameters, in nats.

    Source: Wood, Nature 466, 2010.
    """
    validate.finite(s=s, observed=observed)
    if s.shape[1] < s.shape[2] + 2:
        raise ValueError(f"s must have {s.shape[2] + 2} simulations a parameter, got {s.shape[1]}")
    mean = s.mean(1)
    off = s - mean[:, None]
    cov = off.mT @ off / (s.shape[1] - 1)
    floor = 1e-6 * s.flatten(0, 1).var(0).clamp(min=1e-12)
    return MultivariateNormal(mean, cov + floor.diag()).log_prob(observed[:, None])


@validate.typed
def cost(dim: int, variance: float, epsilon: float) -> float:
    """Simulations per accepted one, for z ~ N(0, I), s ~ N(z, variance I), a Gaussian kernel of sd
    epsilon: E[exp(-|s - s_o|^2 / 2 epsilon^2)]^-1, averaged over s_o too, itself simulated. A given
    s_o may need many times more.

    s - s_o ~ N(0, 2 (1 + variance) I), so each dimension contributes the same factor.
    """
    validate.integer(1, dim=dim)
    validate.positive(variance=variance, epsilon=epsilon)
    return float(((2 * (1 + variance) + epsilon**2) / epsilon**2) ** (dim / 2))
