"""Section 9, where each trick ends: exercise 04.6, a pathwise gradient that sees a jump."""

import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def with_jump(
    slope, at: float, height: float, mu: float, scale: float, eps: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of E[h] in mu and scale, one per sample (S,), of an h that jumps by height at `at`."""
    z = mu + scale * eps
    edge = height * Normal(mu, scale).log_prob(torch.tensor(at)).exp()
    return slope(z) + edge, slope(z) * eps + edge * (at - mu) / scale


def _mended(in_mu, in_scale):
    """An answer that adds these functions of (edge, distance of the jump / scale, scale)."""

    def answer(slope, at, height, mu, scale, eps):
        z = mu + scale * eps
        edge = height * Normal(mu, scale).log_prob(torch.tensor(at)).exp()
        far = (at - mu) / scale
        return slope(z) + in_mu(edge, far, scale), slope(z) * eps + in_scale(edge, far, scale)

    return answer


Exercise(
    "04.6",
    with_jump,
    cases=[
        (torch.cos, 0.25, 2.0, 1.0, 0.5, normal(6)),
        (torch.ones_like, 1.5, -1.0, -0.5, 2.0, normal(5, seed=1)),
    ],
    mistakes=[
        Mistake(
            _mended(lambda e, far, s: 0 * e, lambda e, far, s: 0 * e),
            "That is the estimator that does not see the jump.",
        ),
        Mistake(
            _mended(lambda e, far, s: e, lambda e, far, s: 0 * e),
            "In μ it is right. In s the jump counts too: a wider q moves mass across it.",
        ),
        Mistake(
            _mended(lambda e, far, s: e, lambda e, far, s: e),
            "In μ it is right. When s grows, the sample that sits on the jump moves at the rate "
            "∂z/∂s = ε, and for that sample ε = (a − μ)/s.",
        ),
        Mistake(
            _mended(lambda e, far, s: -e, lambda e, far, s: -e * far),
            "The sign is turned round: with a step upwards, more mass to the right is a gain.",
        ),
        Mistake(
            _mended(lambda e, far, s: e, lambda e, far, s: -e * far),
            "In μ it is right. In s the sign is turned round: mass beyond the jump at a > μ grows with s.",
        ),
        Mistake(
            _mended(lambda e, far, s: e, lambda e, far, s: e * far * s),
            "In μ it is right. In s the factor is the noise of the sample at the jump, (a − μ)/s, not its "
            "distance.",
        ),
        Mistake(
            _mended(lambda e, far, s: e * s, lambda e, far, s: e * s * far),
            "You took the standard normal density at (a − μ)/s. The density of q at a is that over s.",
        ),
    ],
    nudge="Cut section 4's integration by parts at the jump: each side leaves a boundary term. For s, "
    "ask which ε brings a sample to the jump, and how fast it moves there.",
    formula="$$\\frac{\\partial}{\\partial\\lambda}\\mathbb E[h] = \\mathbb E\\Big[h'(z)\\,"
    "\\frac{\\partial z}{\\partial\\lambda}\\Big] + \\text{height}\\cdot q(a)\\cdot"
    "\\frac{\\partial z}{\\partial\\lambda}\\Big|_{z=a}$$",
)
