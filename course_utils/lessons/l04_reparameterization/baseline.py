"""Section 5, how noisy: a baseline costs nothing, and which is the best."""

from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


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
