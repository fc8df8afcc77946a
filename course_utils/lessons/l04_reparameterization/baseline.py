"""Section 5, how noisy: how single estimates scatter, and the best baseline (exercise 04.3)."""

from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l04_reparameterization.estimators import MOVED, WEIGHED


def plot_scatter(pathwise: Tensor, score: Tensor) -> Picture:
    """Two thousand single estimates (S,) of each kind, side by side, about the mean they share."""
    fig, ax = style.subplots(height=3.6)
    jitter = normal(2000, seed=1).numpy() / 12
    spreads = []
    for place, (name, estimates, role) in enumerate(
        [("score function", score, WEIGHED), ("pathwise", pathwise, MOVED)]
    ):
        some = estimates[:2000].numpy()
        ax.plot(some, place + jitter, ".", color=role.color, markersize=3, alpha=0.5)
        spreads.append(f"{name}: {estimates.std():.1f}")
        ax.text(39, place + 0.27, f"standard deviation {estimates.std():.1f}", ha="right")
    ax.axvline(2, **style.ROLES["truth"].line)
    ax.set(xlim=(-12, 40), ylim=(-0.5, 1.5), xlabel="a single estimate of the gradient, 2")
    ax.set_yticks([0, 1], ["score function", "pathwise"])
    ax.set_title("Both are right on average")
    return figure(
        fig,
        alt="Two thousand single estimates by each estimator, scattered about the gradient 2; standard "
        f"deviations, {'; '.join(spreads)}. The score function's reach far to the right.",
    )


def best_baseline(reward: Tensor, score: Tensor) -> Tensor:
    """The b with the least variance of (reward - b) score, estimated from samples (S,)."""
    return (reward * score**2).mean() / (score**2).mean()


Exercise(
    "04.3",
    best_baseline,
    cases=[
        (normal(7, seed=4) ** 2, normal(7, seed=5)),
        (3 + normal(9, seed=6), 2 * normal(9, seed=7)),
    ],
    mistakes=[
        Mistake(
            lambda reward, score: reward.mean(),
            "The mean reward is the usual choice, often a good one. The best weighs every reward with "
            "its squared score: far from μ the score is large and noise costs most.",
        ),
        Mistake(
            lambda reward, score: (reward * score).mean() / score.mean(),
            "The weights are the <i>squared</i> scores. The mean score is 0 but for noise: never "
            "divide by it.",
        ),
        Mistake(
            lambda reward, score: (reward * score**2).mean(),
            "Divide by the mean squared score, so that the weights add up to 1.",
        ),
        Mistake(
            lambda reward, score: (reward * score).mean() / (score**2).mean(),
            "One factor of the score is missing above: (reward − b) score is squared as a whole.",
        ),
        Mistake(
            lambda reward, score: (
                (score * (reward * score - (reward * score).mean())).mean()
                / score.var(correction=0)
            ),
            "That allows for the mean score of these samples. Its expectation is 0, so the formula "
            "needs only E[h score²] and E[score²].",
        ),
        Mistake(
            lambda reward, score: (reward * score.abs()).mean() / score.abs().mean(),
            "The weights are the squared scores, not their absolute values.",
        ),
    ],
    nudge="Only E[(h − b)² score²] contains b. Differentiate it in b and set it to zero.",
    formula="$$b^* = \\frac{\\mathbb E[h\\,\\text{score}^2]}{\\mathbb E[\\text{score}^2]}$$",
)
