"""6 · Learning W, μ and σ² in closed form: exercises 02.2, 02.3 and 02.4."""

from collections.abc import Callable
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
            lambda eigenvalues, sigma2: (eigenvalues - sigma2).sqrt() / eigenvalues,
            "That is the encoder E alone. The reconstruction is W E x: decode, too.",
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


def _variant(
    sigma2: str = "mean",
    constant: bool = True,
    trace: bool = True,
    scale: bool = True,
    lengths: bool = False,
    repeat: bool = True,
):
    """max_log_likelihood with one thing done differently."""

    def answer(eigenvalues: Tensor, latent_dim: int, num_points: int) -> Tensor:
        D, left_out = len(eigenvalues), eigenvalues[latent_dim:]
        noise = getattr(left_out, sigma2)()
        kept = eigenvalues[:latent_dim] - (noise if lengths else 0)
        log_det = kept.log().sum() + (D - latent_dim if repeat else 1) * noise.log()
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
            _variant(lengths=True),
            "λ − σ² is the squared length of a column of W. C = WWᵀ + σ²I adds the noise again: in "
            "this direction it has the variance λ.",
        ),
        Mistake(
            _variant(repeat=False),
            "C has the variance σ² in all D − H directions left out: log σ² counts that often.",
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


def best_log_likelihood(
    eigenvalues: Tensor, latent_dim: int, num_points: int, sigma2: float
) -> Tensor:
    """The largest log-likelihood when the noise variance is given and only W is fitted."""
    variances = eigenvalues.clamp(min=sigma2)  # of C; below sigma2 no column of W is worth it
    variances[latent_dim:] = sigma2
    return -num_points / 2 * (torch.log(2 * pi * variances) + eigenvalues / variances).sum()


def _given_noise(variances: Callable, trace: Callable = lambda e, v: (e / v).sum()) -> Callable:
    """best_log_likelihood with other variances of C, or another trace."""

    def answer(eigenvalues: Tensor, latent_dim: int, num_points: int, sigma2: float) -> Tensor:
        v = variances(eigenvalues, latent_dim, sigma2)
        return -num_points / 2 * (torch.log(2 * pi * v).sum() + trace(eigenvalues, v))

    return answer


def _variances(eigenvalues: Tensor, latent_dim: int, sigma2: float, least: float = 1.0) -> Tensor:
    """Those of C: the first latent_dim at least `least` times sigma2, the others sigma2."""
    rest = torch.full_like(eigenvalues[latent_dim:], sigma2)
    return torch.cat([eigenvalues[:latent_dim].clamp(min=least * sigma2), rest])


Exercise(
    "02.4",
    best_log_likelihood,
    cases=[(_SPECTRUM_A, 3, 100, 2.0), (_SPECTRUM_A, 2, 10, 0.1), (_SPECTRUM_B, 2, 7, 1.1)],
    mistakes=[
        Mistake(
            _given_noise(lambda e, h, s: _variances(e, h, s, least=0.0)),
            "A kept eigenvalue may lie below this σ². Then no real column of W gives C so little "
            "variance: the best length is 0, and C has σ² there.",
        ),
        Mistake(
            _given_noise(_variances, lambda e, v: len(e)),
            "log|C| is right. But Tr[C⁻¹S] is D only at the best σ²; at another one it is Σ λᵢ over "
            "the variance that C has in direction i.",
        ),
        Mistake(
            _given_noise(lambda e, h, s: _variances(e, h, s, least=0.0), lambda e, v: len(e)),
            "You put the given σ² into exercise 02.3. Two of its steps no longer hold: a kept λ may "
            "lie below σ², and Tr[C⁻¹S] is no longer D.",
        ),
        Mistake(
            _given_noise(lambda e, h, s: e.clamp(min=s)),
            "You let C follow every eigenvalue above σ². W has only H columns.",
        ),
        Mistake(
            lambda e, h, n, s: best_log_likelihood(e, h, 1, s),
            "That is the mean per data point. The likelihood of all of them is N times as much.",
        ),
    ],
    nudge="In each direction, C has one variance v and the data have λ: the bracket's share is "
    "log v + λ/v. Which v may C take in a direction that W has a column for, and which is best?",
    formula="$$-\\frac N2\\sum_i\\Big[\\log 2\\pi v_i + \\frac{\\lambda_i}{v_i}\\Big],\\qquad "
    "v_i = \\max(\\lambda_i,\\sigma^2)\\ \\text{for } i\\le H,\\quad v_i = \\sigma^2\\ \\text{for } i>H$$"
    "The share log v + λ/v falls until v = λ and rises after it.",
)
