"""11, where the headline fails: three rings ranked, and the noise that the bound prefers."""

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from course_utils import deep, exact
from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l05_variational_em.colors import APPROXIMATION, BOUND, TRUTH


def plot_ranking(names: list[str], evidence: Tensor, elbo: Tensor) -> Picture:
    """Three models by evidence and by the best bound."""
    fig, ax = style.subplots(height=3.6)
    places = np.arange(len(names))[::-1]
    ax.barh(places, evidence - elbo, 0.25, elbo, **APPROXIMATION.area)
    ax.plot(evidence, places, "s", color=TRUTH.color, markersize=13)
    ax.plot(elbo, places, "D", color=BOUND.color, markersize=12)
    ax.set_yticks(places, names)
    ax.text(evidence[0], 0.45 + places[0], "evidence", color=TRUTH.ink, ha="center")
    ax.text(elbo[0], 0.45 + places[0], "best ELBO", color=BOUND.ink, ha="center")
    ax.set(xlabel="nats per point", ylim=(-0.5, len(names) - 0.1))
    ax.set_xlim(elbo.min().item() - 0.1, evidence.max().item() + 0.1)
    ax.locator_params("x", nbins=5)
    ax.set_title("What each model is, and what its bound says")
    rows = zip(names, evidence.tolist(), elbo.tolist(), strict=True)
    text = "; ".join(f"{name}: evidence {e:.3f}, best ELBO {b:.3f}" for name, e, b in rows)
    return figure(fig, alt=f"In nats per point, {text}.")


def plot_rounds(path: list[list[float]]) -> Picture:
    """Evidence and bound after each round of variational EM, as changes since the first."""
    change = 1000 * (np.array(path) - path[0])
    fig, ax = style.subplots(height=3.8)
    for column, role, marker in ((0, TRUTH, "s"), (1, BOUND, "D")):
        ax.plot(change[:, column], color=role.color, marker=marker, markersize=12, linewidth=3)
    ax.axhline(0, color=style.GUIDE, linewidth=1)
    last = len(path) - 1
    ax.text(last + 0.15, change[-1, 0], "evidence", color=TRUTH.ink, va="center")
    ax.text(last + 0.15, change[-1, 1], "bound", color=BOUND.ink, va="center")
    ax.set(xlim=(-0.2, last + 1.2), xticks=range(last + 1), xlabel="rounds")
    ax.set(ylabel="change, thousandths\nof a nat", title="From the highest evidence onwards")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    return figure(
        fig,
        alt=f"Over {last} rounds the bound rises by {change[-1, 1]:.2f} thousandths of a nat per point "
        f"while the evidence changes by {change[-1, 0]:.2f}.",
    )


def tighter_bound(log_joint: Tensor, log_q: Tensor) -> Tensor:
    """log of the mean weight p(x_n, z) / q_n(z) (N,) of samples from q_n; both (S, N)."""
    return (log_joint - log_q).logsumexp(0) - np.log(len(log_q))


Exercise(
    "05.7",
    tighter_bound,
    cases=[
        (normal(6, 3, seed=1) - 2, normal(6, 3, seed=2)),
        (normal(9, 2, seed=3) - 4, normal(9, 2, seed=4) - 1),
    ],
    mistakes=[
        Mistake(
            lambda log_joint, log_q: (log_joint - log_q).mean(0),
            "That averages logarithms: it is the ELBO again. Average the weights, then take the log.",
        ),
        Mistake(
            lambda log_joint, log_q: (log_joint - log_q).logsumexp(0),
            "You summed the weights. An average divides by S: subtract log S.",
        ),
        Mistake(
            lambda log_joint, log_q: log_joint.logsumexp(0) - np.log(len(log_q)),
            "z comes from q, not evenly from everywhere: each sample's p(x, z) is divided by q(z).",
        ),
        Mistake(
            lambda log_joint, log_q: (log_joint - log_q).exp().mean(0),
            "That is an estimate of p(x). The bound is its logarithm.",
        ),
        Mistake(
            lambda log_joint, log_q: ((log_joint - log_q).softmax(0) * (log_joint - log_q)).sum(0),
            "You averaged the logarithms under the weights: that is no bound. Average the weights.",
        ),
        Mistake(
            lambda log_joint, log_q: (log_joint + log_q).logsumexp(0) - np.log(len(log_q)),
            "q(z) divides: on logarithms, subtract log q.",
        ),
    ],
    nudge="p(x) = ∫ p(x, z) dz = E_q[p(x, z) / q(z)]: an expectation under q, which samples estimate. "
    "The logarithm comes last, as in section 2.",
    formula="$$\\log\\frac1S\\sum_s\\exp\\big[\\log p(x_n, z^{(s)}) - \\log q(z^{(s)})\\big]$$ "
    "<code>logsumexp</code> over samples, less log S.",
)


def mean_misfit(x: Tensor, q: Distribution, model: deep.Curve) -> float:
    """The best noise variance for these q_n: E_q ||x_n - g(z)||^2 per dimension, on average."""
    with torch.no_grad():
        misfit = exact.expectation(lambda z: (x - model.point(z)).square().sum(-1), q, 20)
    return misfit.mean().item() / x.shape[1]
