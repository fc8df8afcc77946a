"""Section 8, the same three functions: a mixture of Poissons; exercise 03.6, its M-step."""

import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

DATA, TRUTH, MODEL = (style.ROLES[role] for role in ("data", "truth", "model"))
WEIGHTS, RATES = torch.tensor([0.6, 0.4]).double(), torch.tensor([3.0, 9.0]).double()


def calls() -> tuple[Tensor, Tensor]:
    """200 telephones, quiet ones (3 calls an hour) and busy ones (9): counts (N,) and hours (N,)."""
    generator = torch.Generator().manual_seed(0)
    hours = 0.2 + 2 * torch.rand(200, generator=generator, dtype=torch.float64)
    kinds = torch.multinomial(WEIGHTS, 200, replacement=True, generator=generator)
    return torch.poisson(RATES[kinds] * hours, generator=generator), hours


def poisson_m_step(counts: Tensor, hours: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """The best weights (C,) and rates (C,) for q (N, C), from counts (N,) in so many hours (N,)."""
    weights = q.mean(0)
    rates = (q * counts[:, None]).sum(0) / (q * hours[:, None]).sum(0)
    return weights, rates


def _case(size: int, components: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    hours = normal(size, seed=seed).exp()
    counts = (4 * normal(size, seed=seed + 1).exp()).round()
    return counts, hours, normal(size, components, seed=seed + 2).softmax(1)


def _ratio(top: Tensor, bottom: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    return q.mean(0), (q * top[:, None]).sum(0) / (q * bottom[:, None]).sum(0)


Exercise(
    "03.6",
    poisson_m_step,
    cases=[_case(9, 2, 0), _case(7, 3, 10)],
    mistakes=[
        Mistake(
            lambda x, t, q: _ratio(x, torch.ones_like(t), q),
            "The weights are right. Your rates are calls per telephone, not per hour: the expected "
            "count is γₖtₙ, and tₙ stays in the derivative of −γₖtₙ.",
        ),
        Mistake(
            lambda x, t, q: _ratio(x / t, torch.ones_like(t), q),
            "The weights are right. You averaged the rates xₙ/tₙ, so that a telephone watched for a "
            "minute counts as much as one watched for a day. Set the derivative to zero: "
            "Σ qₙ(k) (xₙ/γₖ − tₙ) = 0.",
        ),
        Mistake(
            lambda x, t, q: (q.mean(0), (x @ q) / t.sum()),
            "The weights are right. Below, too, a telephone's hours count as much as it belongs to "
            "the kind: qₙ(k) tₙ.",
        ),
        Mistake(
            lambda x, t, q: (q.sum(0), _ratio(x, t, q)[1]),
            "The rates are right. The weights must add up to 1: Nₖ/N.",
        ),
        Mistake(
            lambda x, t, q: (t @ q / t.sum(), _ratio(x, t, q)[1]),
            "The rates are right. The weights count telephones, not hours: γₖ and tₙ stand in "
            "p(x | z), while πₖ stands in p(z) alone.",
        ),
        Mistake(
            lambda x, t, q: (q.mean(0), _ratio(t, x, q)[1]),
            "The weights are right. Your rates are upside down: hours per call.",
        ),
    ],
    nudge="Of log p(xₙ, k) only log πₖ + xₙ log γₖ − γₖtₙ contains parameters. Weigh it with qₙ(k), "
    "add it up over n, and differentiate in γₖ.",
    formula="$$\\sum_n q_n(k)\\Big[\\frac{x_n}{\\gamma_k} - t_n\\Big] = 0 \\quad\\Rightarrow\\quad "
    "\\gamma_k = \\frac{\\sum_n q_n(k)\\,x_n}{\\sum_n q_n(k)\\,t_n}, \\qquad "
    "\\pi_k = \\frac1N\\sum_n q_n(k)$$All calls of the kind, over all its hours.",
)


def plot_counts(
    counts: Tensor, hours: Tensor, start: Tensor, end: Tensor, climb: list[float]
) -> Picture:
    """Counts (N,) against hours (N,), the rates (C,) before and after EM, and the likelihood."""
    fig, (left, right) = style.subplots(2)
    left.plot(hours, counts, **DATA.dots | {"alpha": 0.5, "markersize": 5})
    ends = np.array([0, 2.25])
    for rates, linestyle in ((start, "--"), (end, "-")):
        for rate in rates.tolist():
            left.plot(ends, rate * ends, **MODEL.line | {"linestyle": linestyle})
    left.set(xlabel="hours watched", ylabel="calls", xlim=(0, 2.25), ylim=(-0.5, 31))
    left.set_title("Before (dashed), after")
    right.plot(climb, **TRUTH.line)
    right.set(xlabel="EM step", ylabel="log p, nats per telephone", title="Up, and never down")
    slow, fast = sorted(end.tolist())
    return figure(
        fig,
        alt=f"Calls against hours for {len(counts)} telephones, in two fans; the lines of the two rates "
        f"move into them, to {slow:.2f} and {fast:.2f} calls an hour, while the log evidence rises from "
        f"{climb[0]:.2f} to {climb[-1]:.2f} nats per telephone.",
    )
