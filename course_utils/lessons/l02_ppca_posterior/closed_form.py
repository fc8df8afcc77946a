"""6 · Learning W, μ and σ² in closed form: exercises 02.2 and 02.3."""

from math import log, pi

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake


def shrinkage(eigenvalues: Tensor, sigma2: float) -> Tensor:
    """The factor by which W E[z|x] multiplies each kept component, for eigenvalues (H,)."""
    return 1 - sigma2 / eigenvalues


Exercise(
    "02.2",
    shrinkage,
    cases=[
        (torch.tensor([5.0, 2.0, 1.0], dtype=torch.float64), 0.5),
        (torch.tensor([3.0, 0.7], dtype=torch.float64), 0.09),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, sigma2: eigenvalues / (eigenvalues + sigma2),
            "That would be right if λ were the length of w squared. But λ = ‖w‖² + σ² already contains "
            "the noise.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: sigma2 / eigenvalues,
            "That is the part that is lost; the factor is 1 minus it.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: (1 - sigma2 / eigenvalues).sqrt(),
            "You took a root too many: E gives √(λ − σ²)/λ, W gives √(λ − σ²); their product has no root.",
        ),
        Mistake(
            lambda eigenvalues, sigma2: eigenvalues - sigma2,
            "That is the square of the length of the column of W. Divide by M = λ.",
        ),
    ],
    nudge="At the maximum WᵀW = Λ − σ²I. What then is M = σ²I + WᵀW, and what is W M⁻¹ Wᵀ?",
    formula="$$W E = U_H(\\Lambda-\\sigma^2 I)\\Lambda^{-1}U_H^\\top \\quad\\Rightarrow\\quad "
    "1-\\frac{\\sigma^2}{\\lambda_i}$$",
)


def max_log_likelihood(eigenvalues: Tensor, latent_dim: int, num_points: int) -> Tensor:
    """The largest log-likelihood of num_points data points with eigenvalues (D,), descending."""
    D = len(eigenvalues)
    sigma2 = eigenvalues[latent_dim:].mean()
    log_det = eigenvalues[:latent_dim].log().sum() + (D - latent_dim) * sigma2.log()
    return -num_points / 2 * (D * log(2 * pi) + log_det + D)


_SPECTRUM_A = torch.tensor([5.0, 3.0, 1.0, 0.4, 0.2], dtype=torch.float64)
_SPECTRUM_B = torch.tensor([2.0, 0.9, 0.3], dtype=torch.float64)


def _variant(sigma2: str = "mean", constant: bool = True, trace: bool = True, scale: bool = True):
    """max_log_likelihood with one thing done differently."""

    def answer(eigenvalues: Tensor, latent_dim: int, num_points: int) -> Tensor:
        D, left_out = len(eigenvalues), eigenvalues[latent_dim:]
        noise = getattr(left_out, sigma2)()
        log_det = eigenvalues[:latent_dim].log().sum() + (D - latent_dim) * noise.log()
        inside = log_det + D * trace + D * log(2 * pi) * constant
        return -inside / 2 * (num_points if scale else 1)

    return answer


Exercise(
    "02.3",
    max_log_likelihood,
    cases=[(_SPECTRUM_A, 2, 100), (_SPECTRUM_B, 1, 7)],
    mistakes=[
        Mistake(
            _variant(sigma2="sum"),
            "σ² is the mean of the eigenvalues left out, not their sum.",
        ),
        Mistake(
            _variant(trace=False),
            "The last term is missing: at the maximum Tr[C⁻¹S] is D, not 0.",
        ),
        Mistake(
            _variant(constant=False),
            "The constant D log 2π is missing. Without it the number is no log-density.",
        ),
        Mistake(
            _variant(scale=False),
            "That is the mean per data point. The likelihood of all of them is N times as much.",
        ),
    ],
    nudge="C has H eigenvalues λᵢ and D − H equal to σ². What are log|C| and Tr[C⁻¹S]?",
    formula="$$-\\frac N2\\Big[D\\log 2\\pi + \\sum_{i\\le H}\\log\\lambda_i + (D-H)\\log\\sigma^2 + D\\Big],"
    "\\qquad \\sigma^2 = \\frac1{D-H}\\sum_{i>H}\\lambda_i$$",
)
