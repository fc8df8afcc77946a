"""A hidden Markov chain on the nodes of a grid: forwards, backwards, and both."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import threshold

from course_utils import validate
from course_utils.portions import CACHED

__all__ = ["Filtered", "backward", "forward", "forward_backward", "transition"]

LOWEST, TINY = -1e300, 1e-150
# Masses below TINY count as 0. Products of two numbers above it are no denormals, which would make
# a matrix product a hundred times slower.
DEEP = -690.0  # 2 log TINY; the exponential of what is far below 0 takes five times as long


@validate.typed
def transition(
    nodes: Float[Tensor, "G"],
    weights: Float[Tensor, "G"],
    mean: Float[Tensor, "G"],
    scale: float | Float[Tensor, ""],
) -> Float[Tensor, "G G"]:
    """Masses of the step z' ~ N(mean(z), scale^2) from every node (row) to every node (column).

    weights: of a quadrature rule at the nodes. mean: where each node moves. The rule is good while
    the spacing of the nodes is at most `scale`; mass that leaves the grid is lost.
    """
    validate.finite(nodes=nodes, weights=weights, mean=mean)
    validate.positive(scale=scale)
    weights = weights / (scale * math.sqrt(2 * math.pi))

    def masses(mean: Tensor) -> Tensor:
        standard = (nodes - mean[:, None]) / scale
        return threshold(weights * (-0.5 * standard.square()).clamp(min=DEEP).exp(), TINY, 0.0)

    return torch.cat([masses(rows) for rows in mean.split(max(1, CACHED // len(nodes)))])


class Filtered(NamedTuple):
    """masses (*B, T, G): of every node at every step. log_evidence (*B): log p(y_1, ..., y_T)."""

    masses: Tensor
    log_evidence: Tensor


@validate.typed
def forward(
    start: Float[Tensor, "*#B G"],
    moves: Float[Tensor, "*S G G"],
    log_likelihood: Float[Tensor, "*B T G"],
) -> Filtered:
    """The filter p(z_t | y_1, ..., y_t) and the evidence, on the nodes of a grid.

    start: the mass of every node at step 1, before anything is seen.
    moves: from a node (row) to a node (column), see `transition`; (G, G), or (T - 1, G, G) where
        the steps differ.
    log_likelihood: log p(y_t | z_t = node); -inf is allowed, zeros where nothing was seen. Leading
        axes *B are series, or parameters of the likelihood.
    Source: Kitagawa, "Non-Gaussian state-space modeling of nonstationary time series", Journal of
    the American Statistical Association 82, 1987, sec. 3.
    """
    moves = _checked(moves, log_likelihood)
    _check_masses(start=start)
    predicted, evidence = start, log_likelihood.new_zeros(())
    filtered: list[Tensor] = []
    top = log_likelihood.amax(-1)
    below = (log_likelihood - top.clamp(min=LOWEST)[..., None]).clamp(min=DEEP)
    likelihood = threshold(below.exp(), TINY, 0.0)
    for t in range(log_likelihood.shape[-2]):
        if t > 0:
            predicted = filtered[-1] @ moves[t - 1]
        joint = predicted * likelihood[..., t, :]
        total = joint.sum(-1, keepdim=True)
        log_total = total.log() + top[..., t, None]
        if (total < TINY).any():  # what was seen is hundreds of nats off: again, in logs
            log_joint = _log(predicted) + log_likelihood[..., t, :]
            log_total = torch.logsumexp(log_joint, -1, keepdim=True)
            if not log_total.isfinite().all():
                raise ValueError(f"log_likelihood rules out every node in reach at step {t}")
            joint, total = (log_joint - log_total).exp(), torch.ones_like(total)
        filtered.append(threshold(joint / total, TINY, 0.0))
        evidence = evidence + log_total[..., 0]
    return Filtered(torch.stack(filtered, -2), evidence)


@validate.typed
def backward(
    moves: Float[Tensor, "*S G G"], log_likelihood: Float[Tensor, "*B T G"]
) -> Float[Tensor, "*B T G"]:
    """log h_t(node) = log p(y_t+1, ..., y_T | z_t = node): what is still to be seen says of z_t.

    h_T = 1. The observation at t itself is not in h_t: add log_likelihood for p(y_t, ..., y_T | z_t).
    The filter's masses times h_t are the smoother's. -inf where h is 0 but for TINY.
    Arguments as in `forward`.
    """
    moves = _checked(moves, log_likelihood)
    log_h = [torch.zeros_like(log_likelihood[..., 0, :])]
    for t in reversed(range(log_likelihood.shape[-2] - 1)):
        ahead = log_h[0] + log_likelihood[..., t + 1, :]
        top = ahead.amax(-1, keepdim=True)
        if not top.isfinite().all():
            raise ValueError(f"log_likelihood rules out every node at step {t + 1} or after it")
        log_h.insert(0, _log(threshold((ahead - top).exp(), TINY, 0.0) @ moves[t].mT) + top)
    return torch.stack(log_h, -2)


@validate.typed
def forward_backward(
    start: Float[Tensor, "*#B G"],
    moves: Float[Tensor, "*S G G"],
    log_likelihood: Float[Tensor, "*B T G"],
) -> Filtered:
    """The smoother p(z_t | y_1, ..., y_T) as masses, and the evidence; arguments as in `forward`."""
    masses, evidence = forward(start, moves, log_likelihood)
    log_joint = _log(masses) + backward(moves, log_likelihood)
    return Filtered(log_joint.softmax(-1), evidence)


def _log(mass: Tensor) -> Tensor:
    """log(mass), -inf for 0, with a gradient of 0 there where log's own is infinite."""
    positive = mass > 0
    return torch.where(positive, torch.where(positive, mass, 1.0).log(), -math.inf)


def _checked(moves: Tensor, log_likelihood: Tensor) -> Tensor:
    """moves as (T - 1, G, G), without a copy."""
    *_, T, G = log_likelihood.shape
    if T == 0 or G == 0:
        raise ValueError(
            f"log_likelihood must have steps and nodes, got shape {tuple(log_likelihood.shape)}"
        )
    if log_likelihood.isnan().any() or (log_likelihood == math.inf).any():
        raise ValueError("log_likelihood must be below infinity, and not NaN")
    if moves.shape not in ((G, G), (T - 1, G, G)):
        raise ValueError(
            f"moves must have shape {(G, G)} or {(T - 1, G, G)}, got {tuple(moves.shape)}"
        )
    validate.same_dtype(log_likelihood.dtype, moves=moves)
    if T > 1:
        _check_masses(moves=moves)
    return moves.expand(T - 1, G, G)


def _check_masses(**masses: Tensor) -> None:
    validate.finite(**masses)
    for name, mass in masses.items():
        if (mass < 0).any() or not (mass > 0).any():
            raise ValueError(f"{name} must be masses: 0 or more, and not all 0")
