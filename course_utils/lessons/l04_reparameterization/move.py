"""Section 3, move the samples: noise becomes samples; exercise 04.1, the gradient of the ELBO."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l04_reparameterization.estimators import MOVED


def plot_noise_to_samples() -> Picture:
    """The same nine noises become samples of three q: a shift moves all alike, a width does not."""
    eps = torch.distributions.Normal(0.0, 1.0).icdf(torch.linspace(0.1, 0.9, 9)).numpy()
    names = ["$\\mu=1$\n$s=1$", "$\\mu=2$\n$s=1$", "$\\mu=1$\n$s=2$"]
    fig, panels = style.subplots(3, height=3.6, sharey=True)
    for ax, name, (mu, scale) in zip(panels, names, ((1, 1), (2, 1), (1, 2)), strict=True):
        for noise in eps:
            ends = [noise, mu + scale * noise]
            ax.plot(ends, [0, 1], color=MOVED.color, linewidth=2)
        ax.plot(eps, 0 * eps, **style.ROLES["prior"].dots)
        ax.plot(mu + scale * eps, 0 * eps + 1, **style.ROLES["q"].dots)
        ax.text(2.2, 0.08, name, va="bottom")
        ax.set(xlim=(-2.2, 4.2), ylim=(-0.15, 1.15), xticks=[-2, 0, 2, 4])
        ax.axvline(1, color=style.PALE, linewidth=1, zorder=0)
    panels[0].set(yticks=[0, 1], yticklabels=["noise $\\varepsilon$", "sample $z$"])
    fig.suptitle(
        "$\\mu$ moves every sample by 1, $s$ moves each by its $\\varepsilon$", ha="left", x=0.02
    )
    listed = ", ".join(f"{noise:.2f}" for noise in eps)
    return figure(
        fig,
        alt=f"Nine noises, {listed}, and lines to the samples they become. For mu 1 and s 1 all lines "
        "are parallel; for mu 2 they are parallel and lean more; for s 2 they fan out.",
    )


def elbo_gradient(slope, mu: Tensor, log_variance: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the ELBO in mu and log s^2, one per sample; slope is d log p(x, z)/dz."""
    scale = (log_variance / 2).exp()
    z = mu + scale * eps
    # Along the path -log q(z) = eps^2/2 + log s + const: no mu, and log s is half of log s^2.
    return slope(z), slope(z) * scale * eps / 2 + 0.5


def _from(in_mu, in_log_variance):
    """An answer made of functions of the slope g at the sample, of s and of eps."""

    def answer(slope, mu, log_variance, eps):
        scale = (log_variance / 2).exp()
        g = slope(mu + scale * eps)
        return in_mu(g, scale, eps), in_log_variance(g, scale, eps)

    return answer


def _s_squared(chain: float, entropy: float):
    """An answer that takes exp(log s^2) for s; chain: of the part in log s^2."""

    def answer(slope, mu, log_variance, eps):
        scale = log_variance.exp()
        g = slope(mu + scale * eps)
        return g, g * scale * eps * chain + entropy

    return answer


def _averaged(slope, mu, log_variance, eps):
    return tuple(part.mean() for part in elbo_gradient(slope, mu, log_variance, eps))


def _cube_slope(z: Tensor) -> Tensor:
    return 3 * z**2


Exercise(
    "04.1",
    elbo_gradient,
    cases=[
        (torch.cos, *torch.tensor([0.5, 0.25], dtype=torch.float64), normal(6)),
        (_cube_slope, *torch.tensor([-1.0, -2.0], dtype=torch.float64), normal(5, seed=1)),
    ],
    mistakes=[
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * s * e / 2),
            "That climbs E[log p(x, z)] alone. The ELBO has −log q(z) too: put z = μ + s ε into it, "
            "and see what is left that depends on log s².",
        ),
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * s * e + 1),
            "That is the gradient in log s. The parameter is log s² = 2 log s.",
        ),
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * e + 1 / s),
            "That is the gradient in s. The parameter is log s²: multiply by ds/d(log s²) = s/2.",
        ),
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * s * e / 2 + 1),
            "The path is right. But −log q(z) = ε²/2 + log s + const, and log s is <i>half</i> of "
            "log s².",
        ),
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * s * e / 2 - 0.5),
            "The sign of the entropy's part is turned round: a wider q has <i>more</i> entropy.",
        ),
        Mistake(
            _from(lambda g, s, e: g + e / s, lambda g, s, e: (g + e / s) * s * e / 2),
            "Right on average: you differentiated −log q(z) through z only. μ and s stand in it "
            "directly, too. Put z = μ + s ε in first, then differentiate. (Section 8 leaves the "
            "direct part out on purpose.)",
        ),
        Mistake(
            _from(lambda g, s, e: g - e / s, lambda g, s, e: g * s * e / 2 - (e**2 - 1) / 2),
            "You differentiated −log q(z) with z held fixed. But z moves with μ and s: put "
            "z = μ + s ε in first, then differentiate.",
        ),
        Mistake(
            _from(lambda g, s, e: g, lambda g, s, e: g * e / 2 + 0.5),
            "In log s² the sample moves at the rate ∂z/∂(log s²) = s ε/2: a factor s is missing.",
        ),
        Mistake(
            _s_squared(0.5, 0.5),
            "exp(log s²) is the variance. The sample is z = μ + s ε, with s = exp(½ log s²).",
        ),
        Mistake(
            _s_squared(1.0, 1.0),
            "You differentiated rightly, but what you took for s: exp(log s²) is the variance. With "
            "s = exp(½ log s²) the chain rule brings its ½ as well.",
        ),
        Mistake(
            _s_squared(1.0, 0.5),
            "exp(log s²) is the variance, not s: it stands in the sample and in ∂z/∂(log s²). "
            "s = exp(½ log s²).",
        ),
        Mistake(
            _averaged,
            "Right on average, but return one gradient per sample: we want to see how they scatter.",
        ),
    ],
    nudge="First write log p(x, z) − log q(z) with z = μ + s ε everywhere, as a function of μ, s and ε "
    "alone. What is left of log q? Only then differentiate.",
    formula="$$\\log q(\\mu + s\\varepsilon) = -\\tfrac12\\varepsilon^2 - \\tfrac12\\log s^2 - "
    "\\tfrac12\\log 2\\pi, \\qquad \\frac{\\partial z}{\\partial \\log s^2} = \\frac{\\partial s}"
    "{\\partial \\log s^2}\\,\\varepsilon, \\qquad s = e^{\\frac12\\log s^2}$$",
)
