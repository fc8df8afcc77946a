"""Sections 4 and 5, EM for PPCA and factor analysis: the noise of an M-step, and the ELBO."""

from math import log, pi

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal
from course_utils.lessons.l03_em_elbo.cases import random_covariance


def m_step_noise(x: Tensor, W: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """The best noise variance of each dimension (D,), for the new W and q_n = N(mean_n, covariance)."""
    miss = (x - mean @ W.T).square().mean(0)
    return miss + (W @ covariance @ W.T).diagonal()


Exercise(
    "03.3",
    m_step_noise,
    cases=[
        (normal(8, 3), normal(3, 2, seed=1), normal(8, 2, seed=2), random_covariance(2, 3)),
        (normal(6, 4, seed=4), normal(4, 1, seed=5), normal(6, 1, seed=6), random_covariance(1, 7)),
    ],
    mistakes=[
        Mistake(
            lambda x, W, mean, covariance: (x - mean @ W.T).square().mean(0),
            "You decoded the mean only. z is uncertain, and so is Wz: dimension d adds (WGWᵀ)_dd.",
        ),
        Mistake(
            lambda x, W, mean, covariance: m_step_noise(x, W, mean, covariance).mean(),
            "That is PPCA's one σ². Here every dimension keeps its own: do not average over d.",
        ),
        Mistake(
            lambda x, W, mean, covariance: (
                (x - mean @ W.T).square().mean(0) + torch.trace(W @ covariance @ W.T)
            ),
            "You gave every dimension the spread of all. The trace is their sum; dimension d has the "
            "diagonal element (WGWᵀ)_dd.",
        ),
        Mistake(
            lambda x, W, mean, covariance: m_step_noise(x, W, mean, covariance / len(x)),
            "You divided the spread by N. Every data point brings a G of its own, so the mean over n "
            "leaves it as it is.",
        ),
        Mistake(
            lambda x, W, mean, covariance: m_step_noise(x, W, mean, covariance).sqrt(),
            "These are standard deviations. Return the variances.",
        ),
        Mistake(
            lambda x, W, mean, covariance: (
                (x - mean @ W.T).square().sum(0) + (W @ covariance @ W.T).diagonal()
            ),
            "The squared error is to be averaged over the data points, not added up.",
        ),
    ],
    nudge="Differentiate −N/2 log ψ_d − 1/(2ψ_d) Σ_n E(x_nd − (Wz_n)_d)² in ψ_d: it is solved by a "
    "mean. What is the expectation of that square when z_n has mean m_n and covariance G?",
    formula="$$\\psi_d = \\frac1N\\sum_n \\mathbb E\\big(x_{nd} - (Wz_n)_d\\big)^2 "
    "= \\frac1N\\sum_n\\big(x_{nd} - (Wm_n)_d\\big)^2 + (WGW^\\top)_{dd}$$"
    "Its mean over $d$ is PPCA's $\\sigma^2$.",
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


def _elbo_variant(
    spread: bool = True,
    kl: float = 1.0,
    scale: bool = False,
    const: bool = True,
    H: bool = True,
    half: float = 2.0,
):
    """ppca_elbo with one thing done differently."""

    def answer(
        x: Tensor, W: Tensor, mu: Tensor, sigma2: float, mean: Tensor, covariance: Tensor
    ) -> Tensor:
        D, latent_dim = W.shape
        noise = sigma2**0.5 if scale else sigma2
        miss = (x - mu - mean @ W.T).square().sum(1)
        extra = torch.trace(W @ covariance @ W.T) if spread else 0.0
        fit = -(miss + extra) / (half * noise) - (D / 2 * log(2 * pi * noise) if const else 0.0)
        length = mean.square().sum(1) + covariance.trace() - (latent_dim if H else 0)
        return fit - kl * (length - covariance.logdet()) / 2

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
            _elbo_variant(kl=2.0),
            "The KL lacks its ½, which stands before all four terms.",
        ),
        Mistake(
            _elbo_variant(H=False),
            "The KL lacks its −H: with q the prior, m = 0 and G = I, it must be 0.",
        ),
        Mistake(
            _elbo_variant(half=1.0),
            "The expected squared error is divided by 2σ²; yours lacks the 2.",
        ),
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
