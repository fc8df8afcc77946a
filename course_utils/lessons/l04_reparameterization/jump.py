"""Section 9, where each trick ends: what a jump hides, and a gradient that sees it (04.6)."""

import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal


def plot_jump() -> Picture:
    """What a step of q carries over the jump of h, which no single sample reports."""
    z, before = torch.linspace(-2.2, 4.6, 500), Normal(1.0, 1.0)
    step = 0.4
    after = Normal(1.0 + step, 1.0)
    fig, ax = style.subplots(height=3.6)
    ax.plot(z, before.log_prob(z).exp(), **style.ROLES["q"].line)
    ax.plot(z, after.log_prob(z).exp(), **style.ROLES["q"].line | {"linewidth": 2, "alpha": 0.6})
    crossing = z[(z > -step) & (z < 0)]
    ax.fill_between(crossing, before.log_prob(crossing).exp(), **style.ROLES["pathwise"].area)
    ax.plot([-2.2, 0], [0, 0], color=style.INK)
    ax.plot([0, 4.6], [0.5, 0.5], color=style.INK)
    ax.text(4.6, 0.5, "$h$ jumps from 0 to 1", ha="right", va="bottom")
    ax.text(-0.5, 0.25, f"crosses:\n$\\approx q(0)\\cdot${step}", ha="right", va="center")
    ax.axvline(0, color=style.GUIDE, linewidth=1.5, linestyle=":")
    ax.set(xlim=(-2.2, 4.6), ylim=(-0.01, 0.6), yticks=[], xlabel="$z$")
    ax.set_title(f"$\\mu$ grows by {step}: what lies just left of 0 crosses over")
    share = (after.cdf(torch.tensor(0.0)) - before.cdf(torch.tensor(0.0))).abs().item()
    return figure(
        fig,
        alt="The density of q = N(1, 1), and q moved to the right by "
        f"{step}. h is 0 left of z = 0 and 1 right of it. A strip of mass {share:.3f} just left of 0 "
        f"crosses; its width is {step}, its height near q(0) = "
        f"{before.log_prob(torch.tensor(0.0)).exp():.3f}.",
    )


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
            lambda slope, at, height, mu, scale, eps: (
                with_jump(slope, at, height, mu, scale, eps)[0],
                with_jump(slope, at, height, mu, scale, eps)[0] * eps,
            ),
            "In μ it is right. In s you weigh the jump with each sample's own ε. Only the sample that sits "
            "on the jump moves mass across it, and its ε is (a − μ)/s.",
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
