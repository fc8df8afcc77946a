"""A linear Gaussian chain: Kalman's filter, and the smoother of Rauch, Tung and Striebel."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils import validate

__all__ = ["LinearGaussian", "Moments", "kalman", "rts"]


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
