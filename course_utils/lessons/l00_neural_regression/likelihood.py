"""6 · Squared error is a likelihood."""

import math

import numpy as np
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l00_neural_regression.cases import number
from course_utils.lessons.l00_neural_regression.drawing import GUIDE, TRUTH, signed


def gaussian_nll(x: Tensor, mean: Tensor, sigma2: Tensor) -> Tensor:
    """-log N(x | mean, sigma2) in nats, one for every entry of x."""
    return 0.5 * (x - mean).square() / sigma2 + 0.5 * (2 * math.pi * sigma2).log()


Exercise(
    "00.2",
    gaussian_nll,
    cases=[
        (normal(6), normal(6, seed=1), number(0.25)),
        (normal(4, 1, seed=2), normal(4, 1, seed=3), number(3.0)),
    ],
    mistakes=[
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * ((x - mean) / sigma2) ** 2 + sigma2.log() + 0.5 * math.log(2 * math.pi)
            ),
            "You use σ² as if it were σ. <code>sigma2</code> is the variance already: do not square "
            "it again.",
        ),
        Mistake(
            lambda x, mean, sigma2: 0.5 * (x - mean).square() / sigma2,
            "The term ½ log 2πσ² is missing. It says what a wide density costs; without it the best "
            "variance would be infinite.",
        ),
        Mistake(
            lambda x, mean, sigma2: 0.5 * (x - mean).square() / sigma2 + 0.5 * sigma2.log(),
            "The 2π is missing: every point is off by ½ log 2π = 0.919 nats.",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * (x - mean).square() / sigma2 + (2 * math.pi * sigma2).log()
            ),
            "The ½ in front of the logarithm is missing: it comes from the square root in the "
            "density.",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                (x - mean).square() / sigma2 + 0.5 * (2 * math.pi * sigma2).log()
            ),
            "The ½ in front of the square is missing: the exponent is (x − g)² / (2σ²).",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * (x - mean).square() / sigma2 + 0.5 * (2 * math.pi * sigma2.sqrt()).log()
            ),
            "You have log σ with a ½ in front. log √(2πσ²) is ½ log 2πσ², or ½ log 2π + log σ: the "
            "root is taken once.",
        ),
        Mistake(
            lambda x, mean, sigma2: (
                0.5 * (x - mean).square() / sigma2 + sigma2.log() + 0.5 * math.log(2 * math.pi)
            ),
            "Your log σ is <code>sigma2.log()</code>. <code>sigma2</code> is the variance: log σ is half "
            "of its logarithm.",
        ),
        Mistake(
            lambda x, mean, sigma2: -gaussian_nll(x, mean, sigma2),
            "That is the log-likelihood. The loss is its negative: turn the sign.",
        ),
        Mistake(
            lambda x, mean, sigma2: gaussian_nll(x, mean, sigma2).mean(),
            "That is the mean over the points. Return one number per point; whoever calls the "
            "function takes the mean.",
        ),
        Mistake(
            lambda x, mean, sigma2: gaussian_nll(x, mean, sigma2).sum(),
            "That is the sum over the points. Return one number per point; whoever calls the "
            "function takes the mean.",
        ),
    ],
    nudge="Take −log of the density: the exponential gives a square, the factor in front a logarithm.",
    formula="$$-\\log \\mathcal N(x \\mid g, \\sigma^2) = \\frac{(x - g)^2}{2\\sigma^2} + "
    "\\tfrac12 \\log 2\\pi\\sigma^2$$",
)


def poll_perfect() -> Poll:
    """What the test negative log-likelihood of a perfect network tends to."""
    return Poll(
        "A perfect network, endless data. Its negative log-likelihood per test point tends to …",
        [
            Option("0", False, "Zero has no special place: a density can be above 1 or below."),
            Option(
                "−∞",
                False,
                "That would need the error to vanish, and MSE never falls below σ².",
            ),
            Option(
                "½ log 2πeσ²",
                True,
                "The best MSE is σ², and ½ log 2πe·MSE is the NLL there. The noise alone decides.",
            ),
            Option(
                "a number that depends on the width",
                False,
                "A perfect network is the sine, however it is built. Width decides how close "
                "a real one comes.",
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
