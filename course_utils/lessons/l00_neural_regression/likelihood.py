"""6 · Squared error is a likelihood."""

import math

import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l00_neural_regression.drawing import GUIDE, TRUTH, signed


def poll_miss() -> Poll:
    """What a network pays that misses by as much as the noise."""
    return Poll(
        "A network's mean squared miss is as large as the noise, σ², and it says its best variance. How far "
        "above the perfect network's is its mean NLL on new points?",
        [
            Option(
                "½ log 2 = 0.35 nats",
                True,
                "Its MSE is 2σ², and ½ log 2πe·MSE grows by ½ log 2, whatever σ is.",
            ),
            Option(
                "½ nat",
                False,
                "That is what it pays if it goes on saying σ²: MSE/2σ² grows from ½ to 1. Saying 2σ² is "
                "cheaper.",
            ),
            Option(
                "log 2 = 0.69 nats",
                False,
                "The logarithm of the MSE has ½ in front: it stands for log σ.",
            ),
            Option(
                "it depends on σ",
                False,
                "Only the ratio of the two MSEs counts: a logarithm turns it into a difference.",
            ),
        ],
    )


def laplace_score(residuals: Tensor) -> Tensor:
    """Mean NLL of residuals r under exp(-|r| / b) / 2b, with the best b for all of them."""
    return 1 + (2 * residuals.abs().mean()).log()


def _at_scale(residuals: Tensor, b: Tensor) -> Tensor:
    return residuals.abs().mean() / b + (2 * b).log()


Exercise(
    "00.2",
    laplace_score,
    cases=[(normal(9),), (3 * normal(6, 1, seed=1),), (normal(8, seed=2) + 1,)],
    mistakes=[
        Mistake(
            lambda r: (2 * r.abs().mean()).log(),
            "The 1 is missing: at the best b the mean of |r|/b is 1. Without that term b = 0 would be best.",
        ),
        Mistake(
            lambda r: 1 + r.abs().mean().log(),
            "The 2 of 1/(2b) is missing: every point is off by log 2 = 0.693 nats.",
        ),
        Mistake(
            lambda r: 0.5 * (2 * torch.pi * torch.e * r.square().mean()).log(),
            "That is the Gaussian's score. Take −log of e<sup>−|r|/b</sup>/(2b) instead.",
        ),
        Mistake(
            lambda r: _at_scale(r, (r.square().mean() / 2).sqrt()),
            "You chose b so that the density has the residuals' variance, 2b². The best b is where the "
            "derivative of the mean NLL in b is 0.",
        ),
        Mistake(
            lambda r: _at_scale(r, r.square().mean().sqrt()),
            "Your b is the root mean square. The mean NLL depends on the residuals through the mean of |r| "
            "alone, so its best b can only depend on that.",
        ),
        Mistake(
            lambda r: _at_scale(r, r.abs().median()),
            "Your b is a median. The <i>position</i> of this density is best at a median; its width b is "
            "best where the derivative in b is 0.",
        ),
        Mistake(
            lambda r: _at_scale(r, r.std()),
            "Your b is the standard deviation. The best b is where the derivative of the mean NLL in b is 0.",
        ),
        Mistake(
            lambda r: _at_scale(r, torch.ones_like(r.mean())),
            "That is b = 1. Put the best b in: where is the derivative of the mean NLL in b zero?",
        ),
        Mistake(
            lambda r: (1 + (2 * r.abs()).log()).mean(),
            "You gave every point its own b. There is one for all: take the mean of |r| before the "
            "logarithm.",
        ),
        Mistake(
            lambda r: -laplace_score(r),
            "That is the log-likelihood. The score is its negative: turn the sign.",
        ),
        Mistake(
            lambda r: laplace_score(r) * r.numel(),
            "That is the sum over the points. Nats are given per point: take the mean.",
        ),
    ],
    nudge="First −log of the density, for one r. Then the mean over all r: what of the residuals is left in "
    "it? Then its derivative in b.",
    formula="$$\\frac{\\mathrm{MAE}}{b} + \\log 2b, \\qquad -\\frac{\\mathrm{MAE}}{b^2} + "
    "\\frac1b = 0, \\qquad \\mathrm{MAE} = \\frac1N\\sum_n |r_n|$$",
)


def poll_uneven() -> Poll:
    """What noise that differs from point to point does to the two floors."""
    return Poll(
        "Half of the points have noise with σ = 0.05, half with 0.2, and the perfect network knows which. "
        "Compared with σ = 0.1 everywhere, its floors are …",
        [
            Option(
                "higher in squared error, higher in nats",
                False,
                "In nats every point is judged by its own width, and narrow ones gain what wide ones lose.",
            ),
            Option(
                "higher in squared error, the same in nats",
                True,
                "(0.05² + 0.2²)/2 is 2.1 times 0.1². The mean of log 0.05 and log 0.2 is log 0.1.",
            ),
            Option(
                "the same in squared error, lower in nats",
                False,
                "Squares are averaged, and 0.2² = 0.04 weighs more than 0.05² = 0.0025.",
            ),
            Option(
                "the same in both",
                False,
                "0.1 is the geometric mean of the two widths. The squares' mean is another.",
            ),
        ],
    )


def floor_in_nats(scales: Tensor) -> Tensor:
    """Mean entropy of normal noise whose standard deviations at the points are scales (N,)."""
    return 0.5 * (2 * math.pi * math.e * scales**2).log().mean()


Exercise(
    "00.3",
    floor_in_nats,
    cases=[(normal(6).exp(),), (normal(9, seed=1).exp() / 4,)],
    mistakes=[
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * math.e * scales).log().mean(),
            "You put σ where the formula has σ². <code>scales</code> are standard deviations: "
            "square them.",
        ),
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * math.e * scales.square().mean()).log(),
            "That is the floor of those who must give every point the same variance. Who knows the "
            "width at each point averages the logarithms, not the variances.",
        ),
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * math.e * scales.mean() ** 2).log(),
            "You averaged the widths before the logarithm. Each point has its own entropy: average "
            "those.",
        ),
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * scales**2).log().mean(),
            "The e is missing. Half a nat per point is the expected square itself: "
            "E(x − g)² / (2σ²) = ½ = ½ log e.",
        ),
        Mistake(
            lambda scales: (2 * math.pi * math.e * scales**2).log().mean(),
            "The ½ is missing: it comes from the square root in the normal density.",
        ),
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * math.e * scales**2).log2().mean(),
            "That is the floor in bits. For nats take the natural logarithm.",
        ),
        Mistake(
            lambda scales: -0.5 * (2 * math.pi * math.e * scales**2).log().mean(),
            "The sign is turned: the floor of the <i>negative</i> log-likelihood is +½ log 2πeσ².",
        ),
        Mistake(
            lambda scales: 0.5 * (2 * math.pi * math.e * scales**2).log().sum(),
            "That is the sum over the points. Nats are given per point: take the mean.",
        ),
        Mistake(
            lambda scales: scales.square().mean(),
            "That is the floor of the squared error. In nats every point has ½ log 2πeσ².",
        ),
    ],
    nudge="At one point the floor is ½ log 2πeσ² with that point's σ. What is it on average?",
    formula="$$\\frac1N\\sum_n\\tfrac12 \\log 2\\pi e \\sigma(z_n)^2$$ The mean is outside the logarithm.",
)


def plot_density(scale: float) -> Picture:
    """The density of the noise: area 1, and far higher than 1."""
    fig, ax = style.subplots()
    t = np.linspace(-0.6, 0.6, 601)
    density = np.exp(-((t / scale) ** 2) / 2) / (scale * math.sqrt(2 * math.pi))
    inside = 0.6 * density.max()
    ax.fill_between(t, density, color=TRUTH.color, alpha=0.25)
    ax.plot(t, density, **TRUTH.line)
    ax.axhline(1, **GUIDE)
    ax.text(0.59, 1.08, "density 1: $-\\log p$ = 0", ha="right", va="bottom")
    ax.text(0, 0.35 * density.max(), "area 1", ha="center")
    ax.text(
        0.13,
        inside,
        f"above 1: $-\\log p$ < 0,\ndown to {signed(-math.log(density.max()), 2)} nats",
        color=TRUTH.ink,
    )
    ax.set(xlim=(-0.6, 0.6), ylim=(0, 1.1 * density.max()), xlabel="$x - \\sin z$")
    ax.set(ylabel="density", title="A narrow density is high, so its nats are negative")
    return figure(
        fig,
        alt=f"The normal density with standard deviation {scale:g}. Its area is 1 and its height "
        f"{density.max():.2f}, so the negative logarithm there is {-math.log(density.max()):.2f} "
        f"nats. It is above 1 for deviations up to {np.abs(t[density > 1]).max():.2f}.",
    )
