"""Sections 4 and 5, EM for PPCA: its M-step, a regression, and its ELBO."""

from math import log, pi

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal
from course_utils.lessons.l03_em_elbo.cases import random_covariance


def m_step_W(x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """The best W (D, H) for centred x (N, D) and q_n = N(mean_n, covariance)."""
    second_moment = len(x) * covariance + mean.T @ mean  # sum of E[z z^T]: (H, H)
    return x.T @ mean @ torch.linalg.inv(second_moment)


Exercise(
    "03.3",
    m_step_W,
    cases=[
        (normal(8, 3), normal(8, 2, seed=1), random_covariance(2, 2)),
        (normal(6, 4, seed=3), normal(6, 1, seed=4), random_covariance(1, 5)),
    ],
    mistakes=[
        Mistake(
            lambda x, mean, covariance: x.T @ mean @ torch.linalg.inv(mean.T @ mean),
            "You regressed on the means alone. E[zzᵀ] = G + m mᵀ: the covariance belongs to it.",
        ),
        Mistake(
            lambda x, mean, covariance: x.T @ mean @ torch.linalg.inv(covariance + mean.T @ mean),
            "Every data point brings its own G: the sum over n has it N times.",
        ),
        Mistake(
            lambda x, mean, covariance: (
                (x.T @ mean @ torch.linalg.inv(len(x) * covariance + mean.T @ mean)).T
            ),
            "That is Wᵀ. W has one row per dimension of x.",
        ),
        Mistake(
            lambda x, mean, covariance: x.T @ mean,
            "Only the first factor. Divide by the sum of E[zzᵀ], as in least squares.",
        ),
    ],
    nudge="Least squares of x on z, with expectations in place of the z that nobody has seen.",
    formula="$$W = \\Big(\\sum_n x_n m_n^\\top\\Big)\\Big(\\sum_n G + m_n m_n^\\top\\Big)^{-1}$$",
)


def ppca_elbo(
    x: Tensor, W: Tensor, mu: Tensor, sigma2: float, mean: Tensor, covariance: Tensor
) -> Tensor:
    """ELBO per data point (N,) of q_n = N(mean_n, covariance), for x (N, D), mean (N, H)."""
    D, H = W.shape
    miss = (x - mu - mean @ W.T).square().sum(1)
    spread = torch.trace(W @ covariance @ W.T)
    fit = -(miss + spread) / (2 * sigma2) - D / 2 * log(2 * pi * sigma2)
    kl = (mean.square().sum(1) + covariance.trace() - H - covariance.logdet()) / 2
    return fit - kl


def _elbo_variant(spread: bool = True, kl: float = 1.0, scale: bool = False, const: bool = True):
    """ppca_elbo with one thing done differently."""

    def answer(
        x: Tensor, W: Tensor, mu: Tensor, sigma2: float, mean: Tensor, covariance: Tensor
    ) -> Tensor:
        D, H = W.shape
        noise = sigma2**0.5 if scale else sigma2
        miss = (x - mu - mean @ W.T).square().sum(1)
        extra = torch.trace(W @ covariance @ W.T) if spread else 0.0
        fit = -(miss + extra) / (2 * noise) - (D / 2 * log(2 * pi * noise) if const else 0.0)
        divergence = (mean.square().sum(1) + covariance.trace() - H - covariance.logdet()) / 2
        return fit - kl * divergence

    return answer


Exercise(
    "03.4",
    ppca_elbo,
    cases=[
        (
            normal(5, 4, seed=10),
            normal(4, 2, seed=6),
            normal(4, seed=7),
            0.4,
            normal(5, 2, seed=11),
            random_covariance(2, 12),
        ),
        (
            normal(6, 3, seed=13),
            normal(3, 1, seed=8),
            normal(3, seed=9),
            1.7,
            normal(6, 1, seed=14),
            random_covariance(1, 15),
        ),
    ],
    mistakes=[
        Mistake(
            _elbo_variant(spread=False),
            "You decoded the mean only. The expected error has the spread Tr[W G Wᵀ] too (lesson 02).",
        ),
        Mistake(_elbo_variant(kl=-1.0), "The KL is subtracted: straying from the prior costs."),
        Mistake(_elbo_variant(kl=0.0), "That is the expected log-likelihood. The KL is missing."),
        Mistake(
            _elbo_variant(const=False),
            "The constant −(D/2) log 2πσ² is missing; without it this is not a bound on log p(x).",
        ),
        Mistake(
            _elbo_variant(scale=True),
            "You took the root of <code>sigma2</code>. It already is the variance σ².",
        ),
    ],
    nudge="Expected log-likelihood minus KL. The first is in lesson 02, section 7; the second is above.",
    formula="$$\\mathcal L_n = -\\frac{\\lVert x_n-\\mu-Wm_n\\rVert^2 + \\operatorname{Tr}WGW^\\top}"
    "{2\\sigma^2} - \\frac D2\\log2\\pi\\sigma^2 - \\tfrac12\\big[\\lVert m_n\\rVert^2 + "
    "\\operatorname{Tr}G - H - \\log|G|\\big]$$",
)
