"""Expectation maximisation as coordinate ascent on the ELBO, for any model with three methods.

A model needs `posterior(x)`, the exact q; `expected_log_joint(q, x)`, which is
E_q[log p(x_n, z_n)] per data point; and `maximise(x, q)`, the model with the largest sum of
them. Here they are PPCA and a mixture of Gaussians.

Source: Neal & Hinton, "A view of the EM algorithm that justifies incremental, sparse, and
other variants", in Learning in Graphical Models, 1998.
"""

from dataclasses import dataclass
from math import log, pi

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical, MultivariateNormal

from course_utils import validate
from course_utils.mixture import Mixture
from course_utils.ppca import PPCA

__all__ = ["History", "e_step", "elbo", "fit", "m_step"]

Model = PPCA | Mixture
Posterior = MultivariateNormal | Categorical


@validate.typed
def e_step(model: Model, x: Float[Tensor, "N D"]) -> Posterior:
    """The best q for this model: the exact posterior of every data point, batch shape (N,)."""
    return model.posterior(x)


@validate.typed
def m_step(x: Float[Tensor, "N D"], q: Posterior) -> Model:
    """The best model for this q: argmax of the expected log joint, in closed form.

    q: batch shape (N,); a multivariate Gaussian gives a PPCA, a categorical a mixture.
    """
    if isinstance(q, Categorical):
        return Mixture.maximise(x, q)
    return PPCA.maximise(x, q)


@validate.typed
def elbo(model: Model, q: Posterior, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
    """E_q[log p(x_n, z_n)] + entropy of q_n, in nats per data point: at most log p(x_n)."""
    return model.expected_log_joint(q, x) + q.entropy()  # type: ignore[arg-type]


@dataclass(frozen=True)
class History:
    """One entry a step, the start first: mean log evidence in nats per data point, and sigma2."""

    log_evidence: list[float]
    sigma2: list[float]


@validate.typed
def fit(
    x: Float[Tensor, "N D"], latent_dim: int, num_steps: int, start: PPCA | None = None
) -> tuple[PPCA, History]:
    """PPCA by num_steps of EM, on the sample covariance alone: a step costs the same for any N.

    Both steps in one, with S the covariance and M = sigma2 I + W^T W
    (Tipping & Bishop 1999, appendix B):
        W <- S W (sigma2 I + M^-1 W^T S W)^-1
        sigma2 <- Tr[S - S W M^-1 W_new^T] / D
    start: the W and sigma2 to begin with (mu is always the mean of x); by default a random W
        and the mean variance.
    sigma2 stays above a millionth of the mean variance, as in `ppca.fit`.
    """
    validate.finite(x=x)
    validate.integer(1, x.shape[1], latent_dim=latent_dim)
    validate.integer(0, num_steps=num_steps)
    mu = x.mean(0)
    centred = x - mu
    S = centred.T @ centred / len(x)
    variance = S.trace().item() / len(S)
    validate.positive(**{"the variance of x": variance})
    if start is None:
        W = torch.randn(len(S), latent_dim, dtype=x.dtype) * variance**0.5
        sigma2 = variance
    else:
        validate.columns(mu, **{"start.W": start.W.T})
        if start.W.shape[1] != latent_dim:
            raise ValueError(f"latent_dim must be start's, {start.W.shape[1]}, got {latent_dim}")
        W, sigma2 = start.W, float(start.sigma2)
    evidence, noise = [], [sigma2]
    for step in range(num_steps + 1):
        SW = S @ W
        M = W.T @ W + sigma2 * torch.eye(W.shape[1], dtype=W.dtype)
        solved = torch.linalg.solve(M, W.T @ SW)  # M^-1 W^T S W
        evidence.append(_log_evidence(S, M, solved, sigma2))
        if step == num_steps:
            break
        W_new = torch.linalg.solve(
            solved + sigma2 * torch.eye(len(M), dtype=W.dtype), SW, left=False
        )
        left = S.trace() - (torch.linalg.solve(M, W_new.T) * SW.T).sum()
        W, sigma2 = W_new, max(left.item() / len(S), 1e-6 * variance)
        noise.append(sigma2)
    return PPCA(W, mu, sigma2), History(evidence, noise)


def _log_evidence(S: Tensor, M: Tensor, solved: Tensor, sigma2: float) -> float:
    """Mean log N(x_n | mu, C) from S: log|C| = log|M| + (D - H) log sigma2, and so on."""
    D, H = len(S), len(M)
    log_det = torch.logdet(M).item() + (D - H) * log(sigma2)
    trace = (S.trace() - solved.trace()).item() / sigma2  # Tr[C^-1 S]
    return -0.5 * (D * log(2 * pi) + log_det + trace)
