"""2 · Two noises in one gradient: the minibatch's and the sample's; exercise 06.4 (reach)."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

POINTS, DRAWS = style.ROLES["data"], style.ROLES["pathwise"]
BUDGETS = ((1000, 1), (100, 10), (10, 100))  # points in a minibatch, samples of z for each


def poll_budget() -> Poll:
    """How to spend a thousand decodings a step."""
    return Poll(
        "A step may decode 1000 samples of z. For which minibatch is the gradient's variance smallest?",
        [
            Option(
                "1000 points, one ε each",
                True,
                "Every decoding brings a new point and a new ε: both noises are averaged over 1000.",
            ),
            Option(
                "100 points, ten ε each",
                False,
                "ε is averaged over 1000 here too, but which points were drawn over 100 only.",
            ),
            Option(
                "10 points, a hundred ε each",
                False,
                "The worst: ε hardly matters any more, and ten points speak for all.",
            ),
            Option(
                "the same for all: there are 1000 decodings",
                False,
                "So it would be if the points were all alike.",
            ),
        ],
    )


def gradient_noise(gradients: Tensor, batch_size: int, num_samples: int) -> tuple[Tensor, Tensor]:
    """The variance of a minibatch's mean gradient that comes from its points, and from epsilon.

    gradients: (N, draws), of each of N data points with so many draws of epsilon.
    """
    within = gradients.var(1).mean()  # of one draw, about its point's mean
    between = gradients.mean(1).var() - within / gradients.shape[1]
    return between / batch_size, within / (batch_size * num_samples)


def _variant(
    correct: bool = True, over: str = "both", axis: int = 1, whole: bool = False
) -> Callable:
    """`gradient_noise` with one thing done differently."""

    def answer(gradients: Tensor, batch_size: int, num_samples: int) -> tuple[Tensor, Tensor]:
        within = gradients.var(axis).mean()
        spread = gradients.mean(axis).var()
        between = spread - correct * within / gradients.shape[axis]
        if whole:
            between = gradients.flatten().var()
        size = {"both": batch_size * num_samples, "points": batch_size, "draws": num_samples}[over]
        return between / batch_size, within / size

    return answer


Exercise(
    "06.4",
    gradient_noise,
    cases=[
        (normal(40, 5) + 0.3 * normal(40, 1, seed=1), 10, 2),
        (0.5 * normal(30, 4, seed=2) + normal(30, 1, seed=3), 7, 3),
    ],
    mistakes=[
        Mistake(
            _variant(correct=False),
            "Nearly. A point's mean over its draws still carries noise of ε, of variance within / draws: the "
            "variance of these means is too large by that.",
            tolerance=0.005,
        ),
        Mistake(
            _variant(over="points"),
            "The points' part is right. ε is drawn anew S times for each of B points: how many draws "
            "does the mean contain?",
        ),
        Mistake(
            _variant(over="draws"),
            "The points' part is right. The B points have ε of their own: their draws are averaged too.",
        ),
        Mistake(
            _variant(axis=0),
            "The axes are turned: rows are points, columns draws of ε. Of one point is a row.",
        ),
        Mistake(
            _variant(whole=True),
            "The first is all of the variance, with that of ε inside: take the variance of the points' "
            "own means.",
        ),
        Mistake(
            lambda gradients, batch_size, num_samples: (
                gradient_noise(gradients, batch_size, num_samples)[0],
                gradients.var() / (batch_size * num_samples),
            ),
            "The points' part is right. But the variance of all entries holds the spread of the points, "
            "too: take that of each row about its own mean.",
        ),
        Mistake(
            lambda gradients, batch_size, num_samples: tuple(
                part * factor
                for part, factor in zip(
                    gradient_noise(gradients, batch_size, num_samples),
                    (batch_size, batch_size * num_samples),
                    strict=True,
                )
            ),
            "These are the variances of one draw. Asked is that of the minibatch's mean: divide.",
        ),
        Mistake(
            lambda *case: gradient_noise(*case)[::-1],
            "The right two numbers in the wrong order: first what the choice of points brings.",
        ),
    ],
    nudge="Variance = variance of the means + mean of the variances. Take it over the rows; then ask "
    "what a mean over only so few draws does to the first term.",
    formula="$$\\operatorname{Var}\\Big[\\tfrac1B\\sum_{b}\\tfrac1S\\sum_s g_{bs}\\Big] = "
    "\\frac{\\operatorname{Var}_n \\mathbb E_\\varepsilon g_n}{B} + "
    "\\frac{\\mathbb E_n\\operatorname{Var}_\\varepsilon g_n}{BS}$$ $$"
    "\\operatorname{Var}_n \\bar g_n = \\operatorname{Var}_n\\mathbb E_\\varepsilon g_n + "
    "\\frac{\\mathbb E_n\\operatorname{Var}_\\varepsilon g_n}{\\text{draws}}$$",
)


def plot_noises(gradients: Tensor, split: Callable) -> Picture:
    """The variance of the mean gradient for each of BUDGETS, in its two parts."""
    parts = torch.tensor([[float(part) for part in split(gradients, *b)] for b in BUDGETS])
    parts = parts / parts[0].sum()
    fig, ax = style.subplots(height=3.6)
    for row, (points, draws) in enumerate(parts.tolist()):
        ax.barh(row, points, 0.7, **POINTS.area)
        ax.barh(row, draws, 0.7, left=points, **DRAWS.area)
        ax.text(points + draws, row, f"  {points + draws:.1f}", va="center")
    ax.set_yticks(range(3), [f"{B} points × {S} ε" for B, S in BUDGETS])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.12 * parts.sum(1).max().item()), xlabel="variance of the gradient, relative")
    ax.set_title("Which points (dark), and which ε (light)")
    told = "; ".join(
        f"{B} points with {S} sample{'s' * (S > 1)} each, {a:.2f} + {b:.2f}"
        for (B, S), (a, b) in zip(BUDGETS, parts.tolist(), strict=True)
    )
    return figure(
        fig,
        alt="Variance of the minibatch gradient, from the choice of points + from the samples of z, "
        f"relative to the first row: {told}. All three decode 1000 samples.",
    )
