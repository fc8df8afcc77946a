"""Section 3, move the samples: the pathwise gradient."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def pathwise(slope, mu: float, scale: float, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of E[h] in mu and in scale, one per sample (S,); slope is h', eps is (S,)."""
    z = mu + scale * eps
    return slope(z), slope(z) * eps


def _cube_slope(z: Tensor) -> Tensor:
    return 3 * z**2


Exercise(
    "04.1",
    pathwise,
    cases=[
        (torch.cos, 0.5, 1.25, normal(6)),
        (_cube_slope, -1.0, 0.25, normal(5, seed=1)),
    ],
    mistakes=[
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale**2 * eps),
                slope(mu + scale**2 * eps) * eps,
            ),
            "You squared <code>scale</code>. It is a standard deviation already: z = μ + s ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale**0.5 * eps),
                slope(mu + scale**0.5 * eps) * eps,
            ),
            "You took a square root. <code>scale</code> is the standard deviation, not the variance.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (slope(mu + scale * eps),) * 2,
            "The gradient in μ is right. In s the chain rule gives the factor ∂z/∂s = ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (slope(eps), slope(eps) * eps),
            "The slope belongs at z = μ + s ε, where the sample is, not at ε.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps).mean(),
                (slope(mu + scale * eps) * eps).mean(),
            ),
            "Right on average, but return one gradient per sample: we want to see how they scatter.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps),
                slope(mu + scale * eps) * (mu + scale * eps),
            ),
            "In s the factor is ∂z/∂s. With z = μ + s ε that is ε, not z.",
        ),
        Mistake(
            lambda slope, mu, scale, eps: (
                slope(mu + scale * eps),
                slope(mu + scale * eps) * scale,
            ),
            "You multiplied by ∂z/∂ε = s. The gradient in s needs ∂z/∂s = ε.",
        ),
    ],
    nudge="Where does the sample go when ε is fixed? How fast does it move when μ, or s, grows?",
    formula="$$z = \\mu + s\\,\\varepsilon, \\qquad h'(z)\\,\\frac{\\partial z}{\\partial \\mu} = h'(z), "
    "\\qquad h'(z)\\,\\frac{\\partial z}{\\partial s} = h'(z)\\,\\varepsilon$$",
)
