"""8, a model of your own: counts with an unknown rate; exercise 14.6."""

from math import log

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake


def log_evidence(counts: Tensor, a: float, b: float) -> Tensor:
    """log p(x_1, ..., x_n): rate ~ Gamma(a, b), counts Poisson(rate). counts (n,), in float64."""
    n, total = len(counts), counts.sum()
    gammas = torch.lgamma(a + total) - torch.lgamma(torch.tensor(a, dtype=torch.float64))
    return gammas - torch.lgamma(counts + 1).sum() + a * log(b) - (a + total) * log(b + n)


def _off(change: float) -> Tensor:
    return torch.tensor(change, dtype=torch.float64)


_ONE = torch.tensor([3.0, 5, 4, 0], dtype=torch.float64)
Exercise(
    "14.6",
    log_evidence,
    cases=[(_ONE, 2.0, 1.5), (torch.tensor([12.0, 9.0], dtype=torch.float64), 6.5, 0.5)],
    mistakes=[
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) + torch.lgamma(counts + 1).sum(),
            "The factorials of the counts are lost. The posterior does not need them, p(x) does.",
        ),
        Mistake(
            lambda counts, a, b: (
                log_evidence(counts, a, b) + (a + counts.sum()) * log((b + len(counts)) / (b + 1))
            ),
            "The posterior's rate is b + n: every count lowers the uncertainty once.",
        ),
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) - a * log(b),
            "The prior's constant has bᵃ in it.",
        ),
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) + torch.lgamma(_off(a)),
            "The prior's constant has Γ(a) in it.",
        ),
        Mistake(
            lambda counts, a, b: torch.distributions.Poisson(_off(a / b)).log_prob(counts).sum(),
            "This knows the rate: a / b is only its mean. The evidence averages the likelihood over "
            "all rates.",
        ),
        Mistake(
            lambda counts, a, b: sum(
                log_evidence(counts[i : i + 1], a, b) for i in range(len(counts))
            ),
            "Every count has a rate of its own here. They share one, and so inform each other.",
        ),
    ],
    nudge="The posterior is Gamma(a + Σx, b + n). Prior times likelihood over posterior is the same "
    "number at every rate: collect what does not depend on it.",
    formula="$$\\frac{b^a}{\\Gamma(a)}\\cdot\\frac{\\Gamma(a+\\sum_i x_i)}"
    "{(b+n)^{a+\\sum_i x_i}}\\cdot\\prod_i\\frac1{x_i!}$$",
)
