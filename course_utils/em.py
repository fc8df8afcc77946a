"""Expectation maximisation as coordinate ascent on the ELBO, for any model with three methods.

A model needs `posterior(x)`, the exact q; `expected_log_joint(q, x)`, which is
E_q[log p(x_n, z_n)] per data point; and `maximise(x, q)`, the model with the largest sum of
them. Here they are PPCA and a mixture of Gaussians.

Source: Neal & Hinton, "A view of the EM algorithm that justifies incremental, sparse, and
other variants", in Learning in Graphical Models, 1998.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical, MultivariateNormal

from course_utils import pca, ppca, validate
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
    """E_q[log p(x_n, z_n)] + entropy of q_n, in nats per data point: at most log p(x_n).

    It holds what q holds and a few (N, D) or (N, C) at once, never their product.
    """
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

    The data enter the steps through S = U diag(lambda) U^T alone. So the D points
    sqrt(D lambda_d) u_d, whose mean square is S, stand for all N centred ones.

    In float64 whatever the dtype of x, and only sums of squares are taken, so that rounding
    can lower the log evidence of a step by 1e-12 of its size at most.

    start: the W and sigma2 to begin with (mu is always the mean of x); by default a random W
        and the mean variance.
    sigma2 stays above a millionth of the mean variance, as in `ppca.fit`.
    """
    mu, S = pca.moments(x)
    validate.varies(x=x)
    validate.integer(1, len(mu), latent_dim=latent_dim)
    validate.integer(0, num_steps=num_steps)
    variance = S.trace().item() / len(S)
    if start is None:
        W = torch.randn(len(S), latent_dim, dtype=x.dtype, device=x.device) * variance**0.5
        sigma2 = variance
    else:
        validate.columns(x[0], **{"start.W": start.W.T})
        if start.W.shape[1] != latent_dim:
            raise ValueError(f"latent_dim must be start's, {start.W.shape[1]}, got {latent_dim}")
        W, sigma2 = start.W, float(start.sigma2)
    eigenvalues, eigenvectors = torch.linalg.eigh(S)
    points = ((len(S) * eigenvalues.clamp(min=0)).sqrt() * eigenvectors).T.contiguous()
    model = PPCA(W.double(), torch.zeros_like(mu), sigma2)
    history = History([], [])
    for step in range(num_steps + 1):
        if step:
            W, sigma2 = ppca.regress(points, points @ model.E.T, model.G)
            model = PPCA(W, model.mu, max(sigma2, 1e-6 * variance))
        history.log_evidence.append(model.log_evidence(points).mean().item())
        history.sigma2.append(float(model.sigma2))
    return PPCA(model.W.to(x), mu.to(x), model.sigma2), history
