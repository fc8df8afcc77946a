"""Hidden Markov chains: filters and smoothers on a grid, for linear Gaussian chains, by particles.

A chain z_1, ..., z_T, seen through y_1, ..., y_T. A step at which nothing was seen has likelihood
1: a row of zeros in `log_likelihood`, a row of False in `seen`. All log-evidences are in nats, of
the whole series.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils import validate

__all__ = [
    "Filtered",
    "LinearGaussian",
    "Moments",
    "Particles",
    "backward",
    "forward",
    "forward_backward",
    "kalman",
    "particle",
    "rts",
    "transition",
]


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
    standard = (nodes - mean[:, None]) / scale
    return weights * torch.exp(-0.5 * standard.square()) / (scale * math.sqrt(2 * math.pi))


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
    for t, seen in enumerate(log_likelihood.unbind(-2)):
        if t > 0:
            predicted = filtered[-1] @ moves[t - 1]
        log_joint = _log(predicted) + seen  # in logs: a count may be hundreds of nats off the mean
        log_mass = torch.logsumexp(log_joint, -1, keepdim=True)
        if not log_mass.isfinite().all():
            raise ValueError(f"log_likelihood rules out every node that is in reach at step {t}")
        filtered.append((log_joint - log_mass).exp())
        evidence = evidence + log_mass[..., 0]
    return Filtered(torch.stack(filtered, -2), evidence)


@validate.typed
def backward(
    moves: Float[Tensor, "*S G G"], log_likelihood: Float[Tensor, "*B T G"]
) -> Float[Tensor, "*B T G"]:
    """log h_t(node) = log p(y_t+1, ..., y_T | z_t = node): what is still to be seen says of z_t.

    h_T = 1. The observation at t itself is not in h_t: add log_likelihood for p(y_t, ..., y_T | z_t).
    The filter's masses times h_t are the smoother's. -inf where it is below the smallest number.
    Arguments as in `forward`.
    """
    moves = _checked(moves, log_likelihood)
    log_h = [torch.zeros_like(log_likelihood[..., 0, :])]
    for t in reversed(range(log_likelihood.shape[-2] - 1)):
        ahead = log_h[0] + log_likelihood[..., t + 1, :]
        top = ahead.amax(-1, keepdim=True)
        if not top.isfinite().all():
            raise ValueError(f"log_likelihood rules out every node at step {t + 1} or after it")
        log_h.insert(0, _log((ahead - top).exp() @ moves[t].mT) + top)
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


@validate.typed
@dataclass(frozen=True)
class LinearGaussian:
    """z_1 ~ N(mean, cov),  z_t+1 ~ N(A z_t, Q),  y_t ~ N(C z_t, R).

    A, Q, cov: (H, H). C: (D, H). R: (D, D). mean: (H,). Covariances, not scales.
    """

    A: Float[Tensor, "H H"]
    Q: Float[Tensor, "H H"]
    C: Float[Tensor, "D H"]
    R: Float[Tensor, "D D"]
    mean: Float[Tensor, "H"]
    cov: Float[Tensor, "H H"]

    def __post_init__(self) -> None:
        validate.finite(**vars(self))
        for name in ("A", "Q", "C", "R", "cov"):
            validate.same_dtype(self.mean.dtype, **{name: getattr(self, name)})
        for name in ("Q", "R", "cov"):
            matrix = getattr(self, name)
            if not torch.allclose(matrix, matrix.mT) or (torch.linalg.eigvalsh(matrix) < 0).any():
                raise ValueError(f"{name} must be a covariance: symmetric, no eigenvalue below 0")


class Moments(NamedTuple):
    """mean (*B, T, H) and cov (T, H, H) of the latents; log_evidence (*B)."""

    mean: Tensor
    cov: Tensor
    log_evidence: Tensor


@validate.typed
def kalman(
    y: Float[Tensor, "*B T D"],
    model: LinearGaussian,
    seen: Bool[Tensor, "T D"] | None = None,
) -> Moments:
    """The filter p(z_t | y_1, ..., y_t), and the evidence of what was seen.

    y: series of T steps; entries that were not seen may hold any finite number.
    seen: which entries were, the same for all series; all of them if None. The covariances know
        nothing of y, so all series share them.
    Source: Kalman, "A new approach to linear filtering and prediction problems", Journal of Basic
    Engineering 82, 1960.
    """
    validate.finite(y=y)
    if y.shape[-1] != len(model.C):
        raise ValueError(f"y must have {len(model.C)} columns, got shape {tuple(y.shape)}")
    validate.same_dtype(model.mean.dtype, y=y)
    if seen is None:
        seen = torch.ones(y.shape[-2:], dtype=torch.bool, device=y.device)
    mean, cov = model.mean.expand(*y.shape[:-2], -1), model.cov
    means, covs, evidence = [], [], y.new_zeros(y.shape[:-2])
    for t in range(y.shape[-2]):
        if t > 0:
            mean, cov = mean @ model.A.mT, model.A @ cov @ model.A.mT + model.Q
        if seen[t].any():
            C, R = model.C[seen[t]], model.R[seen[t]][:, seen[t]]
            off = y[..., t, seen[t]] - mean @ C.mT  # the innovation, and its Cholesky factor
            root, bad = torch.linalg.cholesky_ex(C @ cov @ C.mT + R)
            if bad:
                raise ValueError(f"model has no density at step {t}: its covariance is singular")
            gain = torch.cholesky_solve(C @ cov, root).mT  # (H, D)
            standard = torch.linalg.solve_triangular(root, off[..., None], upper=False)[..., 0]
            evidence = evidence - 0.5 * standard.square().sum(-1) - root.diagonal().log().sum()
            evidence = evidence - 0.5 * len(C) * math.log(2 * math.pi)
            mean = mean + off @ gain.mT
            left = torch.eye(len(cov)).to(cov) - gain @ C
            cov = left @ cov @ left.mT + gain @ R @ gain.mT  # Joseph's form keeps it a covariance
        means.append(mean)
        covs.append(cov)
    return Moments(torch.stack(means, -2), torch.stack(covs), evidence)


@validate.typed
def rts(
    y: Float[Tensor, "*B T D"],
    model: LinearGaussian,
    seen: Bool[Tensor, "T D"] | None = None,
) -> Moments:
    """The smoother p(z_t | y_1, ..., y_T), and the evidence; arguments as in `kalman`.

    Source: Rauch, Tung & Striebel, "Maximum likelihood estimates of linear dynamic systems", AIAA
    Journal 3, 1965.
    """
    filtered, covs, evidence = kalman(y, model, seen)
    means, smooth = [filtered[..., -1, :]], [covs[-1]]
    for t in reversed(range(y.shape[-2] - 1)):
        ahead = model.A @ covs[t] @ model.A.mT + model.Q
        gain = torch.linalg.solve(ahead, model.A @ covs[t]).mT
        off = means[0] - filtered[..., t, :] @ model.A.mT
        means.insert(0, filtered[..., t, :] + off @ gain.mT)
        smooth.insert(0, covs[t] + gain @ (smooth[0] - ahead) @ gain.mT)
    return Moments(torch.stack(means, -2), torch.stack(smooth), evidence)


class Particles(NamedTuple):
    """log_evidence: an estimate, unbiased for the evidence. effective (T,): of the particles."""

    log_evidence: Tensor
    effective: Tensor


@validate.typed
def particle(
    start: Callable[[int], Tensor],
    move: Callable[[Tensor], Tensor],
    log_likelihood: Callable[[int, Tensor], Tensor],
    num_steps: int,
    num_particles: int,
) -> Particles:
    """The bootstrap filter: move the particles, weigh them by what was seen, draw anew by weight.

    start: called with P, draws z_1 (P, ...). move: draws z_t+1 from z_t.
    log_likelihood: called with t = 0, ..., num_steps - 1 and z_t, gives log p(y_t | z_t), (P,).
    Source: Gordon, Salmond & Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state
    estimation", IEE Proceedings F 140, 1993; systematic resampling as in Kitagawa, 1996.
    """
    validate.integer(1, num_steps=num_steps, num_particles=num_particles)
    z, evidence, effective = start(num_particles), torch.zeros(()), []
    for t in range(num_steps):
        log_w = log_likelihood(t, z)
        if not isinstance(log_w, Tensor) or log_w.shape != (num_particles,):
            got = tuple(log_w.shape) if isinstance(log_w, Tensor) else log_w
            raise ValueError(f"log_likelihood must return shape ({num_particles},), got {got}")
        total = torch.logsumexp(log_w, 0)
        if not total.isfinite():
            raise ValueError(f"log_likelihood must leave some particle possible, none at step {t}")
        evidence = evidence + (total - math.log(num_particles))
        weight = (log_w - total).exp()
        effective.append(1 / weight.square().sum())
        if t < num_steps - 1:
            place = torch.arange(num_particles, device=z.device) + torch.rand((), device=z.device)
            chosen = torch.searchsorted(weight.cumsum(0), place / num_particles)
            z = move(z[chosen.clamp(max=num_particles - 1)])
    return Particles(evidence, torch.stack(effective))
