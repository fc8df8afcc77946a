"""2, two losses: what a summary throws away, and exercise 12.2."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture

TRUTH, GAP, MISSED = (style.ROLES[name] for name in ("truth", "approximation", "amortisation"))


def poll_mean() -> Poll:
    """Ask what a perfect flow on the mean alone learns."""
    return Poll(
        "The flow is now shown ȳ and nothing else of the ten numbers. With endless simulations, its "
        "q(θ | ȳ) for their standard deviation …",
        [
            Option(
                "is the prior's",
                False,
                "Nearly. But a ȳ far from 0 is likelier where the spread is large: the prior of μ is "
                "as wide as it.",
            ),
            Option(
                "is a true posterior, of somebody who saw ȳ only",
                True,
                "The same derivation with ȳ in the place of y: Bayes' rule for what was shown.",
            ),
            Option("is wrong: too narrow", False, "The loss punishes that at once."),
        ],
    )


def plot_parts(rows: dict[str, tuple[float, float]]) -> Picture:
    """A bar a set of summaries: what they discard, then what the flow misses."""
    fig, ax = style.subplots(height=3.4)
    for place, (thrown, missed) in enumerate(rows.values()):
        ax.barh(-place, thrown, 0.5, **GAP.area)
        ax.barh(-place, missed, 0.5, left=thrown, **MISSED.area)
        words = f"{thrown:.3f} + {missed:.3f}"
        ax.text(thrown + missed + 0.01, -place, words, va="center", color=style.INK)
    ax.set_yticks([-place for place in range(len(rows))], list(rows))
    ax.set(xlim=(0, 0.65), ylim=(-len(rows) + 0.4, 1.2), xlabel="nats above H(θ | y)")
    ax.text(0.0, 0.55, "..  the summaries discard", color=GAP.ink)
    ax.text(0.34, 0.55, "\\\\  the flow misses", color=MISSED.ink)
    ax.set_title("Two losses, one sum")
    said = "; ".join(
        f"{name}: {thrown:.3f} nats discarded, {missed:.3f} missed"
        for name, (thrown, missed) in rows.items()
    )
    return figure(fig, alt=f"Two parts of the loss above its floor. {said}.")


def update(mean: Tensor, n: int, kappa: float, a: float, b: float) -> tuple:
    """(kappa, m, a, b) of theta given the mean of n numbers; before, m is 0."""
    variance = 1 / kappa + 1 / n  # of the mean, in units of 1 / tau
    return kappa + n, n * mean / (kappa + n), a + 0.5, b + mean**2 / (2 * variance)


_NUMBER = torch.tensor(1.7, dtype=torch.float64)
Exercise(
    "12.2",
    update,
    cases=[(_NUMBER, 10, 1.0, 3.0, 3.0), (-0.4 * _NUMBER, 4, 2.0, 1.5, 0.7)],
    mistakes=[
        Mistake(
            lambda mean, n, kappa, a, b: (
                kappa + n,
                n * mean / (kappa + n),
                a + n / 2,
                update(mean, n, kappa, a, b)[3],
            ),
            "a + n/2 is for n numbers. You were shown one, so τ has one square root in its likelihood.",
        ),
        Mistake(
            lambda mean, n, kappa, a, b: (kappa + n, n * mean / (kappa + n), a + 0.5, b),
            "The shrinkage term is lost: a mean far from 0 speaks for a large spread, so b must grow.",
        ),
        Mistake(
            lambda mean, n, kappa, a, b: (
                kappa + n,
                n * mean / (kappa + n),
                a + 0.5,
                b + n * mean**2 / 2,
            ),
            "That takes μ for 0. Before y, the mean varies by 1/κ as well as by 1/n.",
        ),
        Mistake(
            lambda mean, n, kappa, a, b: (
                kappa + n,
                n * mean / (kappa + n),
                a + 0.5,
                b + mean**2 / (1 / kappa + 1 / n),
            ),
            "b without its ½: the exponent of a Gaussian is half a square.",
        ),
        Mistake(
            lambda mean, n, kappa, a, b: (kappa + n, mean, *update(mean, n, kappa, a, b)[2:]),
            "m is not shrunk: the prior's 0 counts as κ numbers, the data as n.",
        ),
        Mistake(
            lambda mean, n, kappa, a, b: (
                kappa + 1,
                mean / (kappa + 1),
                a + 0.5,
                b + mean**2 / (2 * (1 / kappa + 1)),
            ),
            "One number, yes, but n times as precise as one y: its variance is 1/(nτ).",
        ),
    ],
    nudge="Given τ, how is ȳ distributed when μ is averaged out? A single Gaussian number, whose "
    "precision is proportional to τ: what does it do to a Gamma?",
    formula="$$\\bar y\\mid\\tau\\ \\sim\\ \\mathcal N\\big(0,\\ (1/\\kappa+1/n)/\\tau\\big),\\quad "
    "\\text{so } p(\\tau\\mid\\bar y)\\propto\\tau^{a-1}e^{-b\\tau}\\ \\tau^{1/2}e^{-\\tau(\\dots)}$$",
)
