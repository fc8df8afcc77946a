"""Sections 4 and 5, EM for PPCA and factor analysis: the noise of an M-step, and a round q."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal
from course_utils.lessons.l03_em_elbo.cases import random_covariance


def m_step_noise(x: Tensor, W: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """The best noise variance of each dimension (D,), for the new W and q_n = N(mean_n, covariance)."""
    miss = (x - mean @ W.T).square().mean(0)
    return miss + (W @ covariance @ W.T).diagonal()


def _after_the_regression(num_points: int, data_dim: int, latent_dim: int, seed: int) -> tuple:
    """Centred x, and W new as promised: then the noise has other right forms, too."""
    x = normal(num_points, data_dim, seed=seed)
    mean = normal(num_points, latent_dim, seed=seed + 2)
    x, mean = x - x.mean(0), mean - mean.mean(0)
    covariance = random_covariance(latent_dim, seed + 3)
    W = torch.linalg.solve(num_points * covariance + mean.T @ mean, mean.T @ x).T
    return x, W, mean, covariance


Exercise(
    "03.3",
    m_step_noise,
    cases=[_after_the_regression(8, 3, 2, seed=0), _after_the_regression(6, 4, 1, seed=4)],
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


def round_q(W: Tensor, sigma2: float) -> tuple[Tensor, Tensor]:
    """v of the best q_n = N(m_n, v I) for a decoder W (D, H), and the nats its bound falls short."""
    H = W.shape[1]
    precision = torch.eye(H, dtype=W.dtype) + W.T @ W / sigma2  # of the posterior
    v = H / precision.trace()
    return v, -(H * v.log() + precision.logdet()) / 2


def _round(v: Callable, gap: Callable | None = None) -> Callable:
    """round_q with another v of the posterior's precision, or another gap of both."""

    def answer(W: Tensor, sigma2: float) -> tuple[Tensor, Tensor]:
        H = W.shape[1]
        P = torch.eye(H, dtype=W.dtype) + W.T @ W / sigma2
        value = v(P)
        left = (value * P.trace() - H - H * value.log() - P.logdet()) / 2
        return value, left if gap is None else gap(P, value, left)

    return answer


def _best(P: Tensor) -> Tensor:
    return len(P) / P.trace()


Exercise(
    "03.4",
    round_q,
    cases=[(normal(4, 2, seed=6), 0.4), (normal(5, 3, seed=8), 1.7)],
    mistakes=[
        Mistake(
            _round(lambda P: P.inverse().trace() / len(P)),
            "That is the mean of the posterior's variances. Differentiate the ELBO: it contains v "
            "times a trace and H log v, so a trace of G⁻¹, not of G, decides.",
        ),
        Mistake(
            _round(lambda P: 1 / P.trace()),
            "Of log|vI| you took one log v. There are H of them, one for each latent.",
        ),
        Mistake(
            _round(lambda P: len(P) / (P.trace() - len(P))),
            "You left out the prior. The KL has Tr G in it, too: here Hv.",
        ),
        Mistake(
            _round(_best, lambda P, v, left: -left),
            "v is right. The gap is log p(x) minus the ELBO, and never negative.",
        ),
        Mistake(
            _round(_best, lambda P, v, left: 2 * left),
            "v is right. The gap lacks its ½: every term of a Gaussian KL has one.",
        ),
        Mistake(
            _round(_best, lambda P, v, left: len(P) * (v - 1 - v.log()) / 2),
            "v is right. But this is the KL to the <i>prior</i>, a cost inside the ELBO. The gap is "
            "the KL to the posterior.",
        ),
        Mistake(
            _round(_best, lambda P, v, left: left + len(P) / 2),
            "v is right. The gap lacks its −H/2: where vI is the posterior's covariance it must be 0.",
        ),
        Mistake(
            lambda *case: (round_q(*case)[0].sqrt(), round_q(*case)[1]),
            "The gap is right. Return the variance v, not its root.",
        ),
    ],
    nudge="Put G = vI into the ELBO of section 4 and keep what contains v: v Tr[WᵀW]/2σ², Hv/2 and "
    "½ log|vI|. For the gap, subtract the ELBO of the posterior itself; the means are the same.",
    formula="$$v = \\frac{H}{\\operatorname{Tr}G^{-1}},\\qquad G^{-1} = I+\\tfrac1{\\sigma^2}W^\\top W,"
    "\\qquad \\log p(x) - \\mathcal L = \\tfrac12\\big[\\log|G| - H\\log v\\big].$$",
)
