"""6 · Learning W, μ and σ² in closed form: exercises 02.2, 02.3 and 02.4."""

from collections.abc import Callable
from math import pi

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
            lambda eigenvalues, sigma2: (eigenvalues - sigma2) / sigma2,
            "You divided by σ² alone. M = σ²I + WᵀW has the squared length of the column in it too: "
            "at the maximum it is λ.",
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


def gain(eigenvalues: Tensor, latent_dim: int) -> Tensor:
    """Nats per point that the maximum rises with one latent more, from eigenvalues (D,), falling."""
    left_out = eigenvalues[latent_dim:]
    before = len(left_out) * left_out.mean().log()
    after = left_out[0].log() + (len(left_out) - 1) * left_out[1:].mean().log()
    return (before - after) / 2


_SPECTRUM_A = torch.tensor([5.0, 3.0, 1.0, 0.4, 0.2], dtype=torch.float64)
_SPECTRUM_B = torch.tensor([2.0, 0.9, 0.3], dtype=torch.float64)


def _gain(
    noise: Callable = torch.mean, kept: float = 1.0, again: bool = True, repeat: bool = True
) -> Callable:
    """gain with one thing done differently."""

    def answer(eigenvalues: Tensor, latent_dim: int) -> Tensor:
        left_out = eigenvalues[latent_dim:]
        old, new = noise(left_out), noise(left_out[1:] if again else left_out)
        J = len(left_out) if repeat else 1
        after = kept * left_out[0].log() + (J - 1 if repeat else 1) * new.log()
        return (J * old.log() - after) / 2

    return answer


def _noise_held(eigenvalues: Tensor, latent_dim: int) -> Tensor:
    ratio = eigenvalues[latent_dim] / eigenvalues[latent_dim:].mean()
    return (ratio - 1 - ratio.log()) / 2


Exercise(
    "02.3",
    gain,
    cases=[(_SPECTRUM_A, 2), (_SPECTRUM_B, 1), (_SPECTRUM_A, 1)],
    mistakes=[
        Mistake(
            _noise_held,
            "You gave the new direction its variance and held σ². But what is left out has become "
            "less: the maximum is taken over σ² as well.",
        ),
        Mistake(
            _gain(again=False),
            "In both maxima you used one σ², and the bracket's last two terms add up to D only at its "
            "best one. What is left out has become less, so the second σ² is another mean.",
        ),
        Mistake(
            _gain(noise=torch.sum),
            "σ² is the mean of the eigenvalues left out, not their sum. Before and after, that is a "
            "mean of different numbers.",
        ),
        Mistake(
            _gain(kept=0.0),
            "You followed log σ² alone. The direction that W now takes has left the noise, but log|C| "
            "still contains the logarithm of its variance λ.",
        ),
        Mistake(
            _gain(repeat=False),
            "log|C| contains log σ² once for every direction left out: D − H times before, one time "
            "less after.",
        ),
        Mistake(
            lambda *case: 2 * gain(*case),
            "Twice too much: ℓ is −N/2 times the bracket.",
        ),
        Mistake(
            lambda *case: -gain(*case),
            "The sign is turned: ℓ is <i>minus</i> half the bracket, and one latent more can only "
            "raise its maximum.",
        ),
    ],
    nudge="Write the bracket at its best for H and for H + 1 latents and subtract. Everything that does "
    "not change cancels; Tr[C⁻¹S] does too, for it is D at both maxima.",
    formula="With $J = D-H$ eigenvalues left out, of which $\\lambda_{H+1}$ is the first, "
    "$$\\tfrac12\\Big[J\\log\\bar\\lambda_J - \\log\\lambda_{H+1} - (J-1)\\log\\bar\\lambda_{J-1}\\Big],$$"
    "where $\\bar\\lambda_J$ is the mean of the $J$ and $\\bar\\lambda_{J-1}$ that of the others.",
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
            "You put the given σ² into the formula for the best one. Two of its steps no longer hold: "
            "a kept λ may lie below σ², and Tr[C⁻¹S] is no longer D.",
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
