"""8, a model of your own: counts with an unknown rate; exercises 14.6 and 14.7."""

import torch
from torch import Tensor
from torch.distributions import Gamma, Independent, Poisson

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture


def scored(r: Tensor, counts: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """log p(r) and log p(counts | r), both (S,).

    r: S rates, of density proportional to r^(a-1) e^(-b r). counts: (n,), Poisson, given r independent.
    """
    likelihood = Independent(Poisson(r[:, None].expand(len(r), len(counts))), 1)
    return Gamma(a, b).log_prob(r), likelihood.log_prob(counts)


def plot_rates(r: Tensor, log_w: Tensor, counts: Tensor, a: Tensor, b: Tensor) -> Picture:
    """Draws r (S,) of the guide, as they are and by their weights, and the exact posterior."""
    fig, ax = style.subplots()
    q, truth = style.ROLES["q"], style.ROLES["truth"]
    grid = torch.linspace(0.05, 8, 300, dtype=torch.float64)
    posterior = Gamma(a + counts.sum(), b + len(counts))
    options = {"bins": 60, "range": (0, 8), "density": True}
    ax.hist(r, histtype="step", color=q.color, linestyle="--", lw=2, label="draws", **options)
    ax.hist(r, weights=log_w.softmax(0), label="draws, weighed", alpha=0.5, **q.area, **options)
    ax.plot(grid, posterior.log_prob(grid).exp(), **truth.line, label="exact posterior")
    ax.set(xlabel="rate r, clicks an hour", ylabel="density", xlim=(0, 8))
    ax.set_title("A rough guide, set right by its weights")
    ax.legend()
    mean = (log_w.softmax(0) * r).sum().item()
    return figure(
        fig,
        alt=f"The guide's draws of the rate have mean {r.mean().item():.2f}; weighed, "
        f"{mean:.2f}; the exact posterior's is {posterior.mean.item():.2f} clicks an hour.",
    )


def _numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


_COUNTS = _numbers(3, 5, 4, 0)
_PAIR = torch.tensor(2.0, dtype=torch.float64), torch.tensor(1.5, dtype=torch.float64)
_OTHER = torch.tensor(6.5, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
Exercise(
    "14.6",
    scored,
    cases=[
        (_numbers(0.5, 2, 7), _COUNTS, *_PAIR),
        (_numbers(1.0, 4, 9, 2), _numbers(12, 9, 0, 1), *_OTHER),
    ],
    mistakes=[
        Mistake(
            lambda r, counts, a, b: (
                Gamma(a, 1 / b).log_prob(r),
                Poisson(r[:, None]).log_prob(counts).sum(1),
            ),
            "b is a rate here, e^(−br); you have taken it for a scale. torch's Gamma takes a rate.",
        ),
        Mistake(
            lambda r, counts, a, b: (
                Gamma(a, b).log_prob(r),
                Poisson(r[:, None]).log_prob(counts).mean(1),
            ),
            "The mean over the counts. Each is a piece of data: their log-probabilities add up.",
        ),
        Mistake(
            lambda r, counts, a, b: (Gamma(a, b).log_prob(r), Poisson(r[:, None]).log_prob(counts)),
            "Every count has a score of its own. They are one event, given one r: sum them "
            "(section 4).",
        ),
        Mistake(
            lambda r, counts, a, b: (
                Gamma(a, b).log_prob(r),
                Poisson(r[:, None]).log_prob(counts).sum(0),
            ),
            "Summed over the S rates, not over the counts.",
        ),
        Mistake(
            lambda r, counts, a, b: (
                Gamma(a, b).log_prob(r),
                Poisson(r.mean()).log_prob(counts).sum().expand(len(r)),
            ),
            "One rate for all samples, their mean. Every r has a likelihood of its own.",
        ),
    ],
    nudge="Give every one of the S rates a row: r[:, None]. What is summed, and over which dimension?",
    formula="$$\\log\\mathrm{Gamma}(r_s\\mid a, b)\\qquad\\sum_i\\log\\mathrm{Poisson}(x_i\\mid r_s)$$",
)


def log_evidence(counts: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """log p(x_1, ..., x_n): r ~ Gamma(a, b), counts Poisson(r). counts (n,), a, b (): in float64."""
    n, total = len(counts), counts.sum()
    gammas = torch.lgamma(a + total) - torch.lgamma(a) - torch.lgamma(counts + 1).sum()
    return gammas + a * torch.log(b) - (a + total) * torch.log(b + n)


Exercise(
    "14.7",
    log_evidence,
    cases=[(_COUNTS, *_PAIR), (_numbers(12, 9), *_OTHER)],
    mistakes=[
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) + torch.lgamma(counts + 1).sum(),
            "The factorials of the counts are lost. The posterior does not need them, p(x) does.",
        ),
        Mistake(
            lambda counts, a, b: (
                log_evidence(counts, a, b)
                + (a + counts.sum()) * torch.log((b + len(counts)) / (b + 1))
            ),
            "The posterior's rate is b + n: every count lowers the uncertainty once.",
        ),
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) - a * torch.log(b),
            "The prior's constant has bᵃ in it.",
        ),
        Mistake(
            lambda counts, a, b: log_evidence(counts, a, b) + torch.lgamma(a),
            "The prior's constant has Γ(a) in it.",
        ),
        Mistake(
            lambda counts, a, b: Poisson(a / b).log_prob(counts).sum(),
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
