"""3 · Turn it round, by algebra: exercise 02.1, the posterior when every dimension has its noise."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def posterior(x: Tensor, W: Tensor, mu: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, H) and covariance (H, H) of p(z | x_n) for x (N, D), W (D, H), mu, noise (D,)."""
    scaled = W / noise[:, None]  # each dimension weighed by its precision
    covariance = torch.linalg.inv(torch.eye(W.shape[1], dtype=W.dtype) + W.T @ scaled)
    return (x - mu) @ scaled @ covariance, covariance


def _eye(W: Tensor) -> Tensor:
    return torch.eye(W.shape[1], dtype=W.dtype)


def _precision(W: Tensor, noise: Tensor) -> Tensor:
    return _eye(W) + W.T @ (W / noise[:, None])


def _without_prior(x: Tensor, W: Tensor, mu: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    scaled = W / noise[:, None]
    covariance = torch.linalg.inv(W.T @ scaled)
    return (x - mu) @ scaled @ covariance, covariance


Exercise(
    "02.1",
    posterior,
    cases=[
        (normal(6, 4), normal(4, 2, seed=1), normal(4, seed=2), normal(4, seed=3).exp()),
        (normal(5, 3, seed=4), normal(3, 1, seed=5), normal(3, seed=6), normal(3, seed=7).exp()),
    ],
    mistakes=[
        Mistake(
            lambda x, W, mu, noise: (posterior(x, W, mu, noise)[0], _precision(W, noise)),
            "The mean is right, but the covariance is the <i>inverse</i> of what stands between "
            "zᵀ and z. The larger that matrix, the surer we are.",
        ),
        Mistake(
            lambda x, W, mu, noise: posterior(x, W, mu, noise.square()),
            "You squared <code>noise</code>. It already holds the variances.",
        ),
        Mistake(
            lambda x, W, mu, noise: posterior(x, W, mu, noise.sqrt()),
            "You used standard deviations. <code>noise</code> holds the variances, and the formula "
            "divides by these.",
        ),
        Mistake(
            lambda x, W, mu, noise: posterior(x, W, mu, 1 / noise),
            "You multiplied by the variances. Divide: a noisy dimension must count less.",
        ),
        Mistake(
            lambda x, W, mu, noise: posterior(x, W, 0 * mu, noise),
            "You forgot to subtract μ from x.",
        ),
        Mistake(
            _without_prior,
            "You left out the prior: without its −½zᵀz this is least squares, with nothing drawn "
            "to 0. Add the identity.",
        ),
        Mistake(
            lambda x, W, mu, noise: (
                (x - mu) @ W @ posterior(x, W, mu, noise)[1],
                posterior(x, W, mu, noise)[1],
            ),
            "The covariance is right. In the mean, too, every dimension of x − μ is divided by its "
            "variance: the linear term has Ψ⁻¹ as well.",
        ),
        Mistake(
            lambda x, W, mu, noise: (
                (x - mu) @ (W / noise[:, None]),
                posterior(x, W, mu, noise)[1],
            ),
            "The covariance is right. Yours is G⁻¹m, the linear term; multiply by G to get m.",
        ),
        Mistake(
            lambda x, W, mu, noise: posterior(x, W, mu, noise.mean().expand_as(noise)),
            "You averaged the noise. That is PPCA again: here each dimension keeps its own variance.",
        ),
    ],
    nudge="Write the exponent again, with one misfit for each dimension: "
    "−½ Σ_d (x_d − μ_d − (Wz)_d)² / ψ_d. Which matrix now stands where I/σ² stood?",
    formula="With $\\Psi$ the diagonal matrix of the variances, "
    "$$G^{-1} = I + W^\\top\\Psi^{-1}W,\\qquad m_n = G\\,W^\\top\\Psi^{-1}(x_n-\\mu).$$"
    "<code>W / noise[:, None]</code> is $\\Psi^{-1}W$; in rows, the mean is $(x-\\mu)\\,\\Psi^{-1}W\\,G$.",
)
