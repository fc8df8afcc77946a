"""11, where the headline fails: three rings ranked, and the noise that the bound prefers."""

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Independent

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
    """log of the mean weight (N,) of samples, as many from each of K q: (S, N) and (K, S, N)."""
    log_mixture = log_q.logsumexp(0) - np.log(len(log_q))
    return (log_joint - log_mixture).logsumexp(0) - np.log(len(log_joint))


def unseen(x: Tensor, model: deep.Model, parts: list[Independent]) -> float:
    """Minus the log of the posterior's share within five standard deviations of a part's mean."""
    z = torch.linspace(-6, 6, 1201, dtype=x.dtype)
    weights = deep.log_joint(x, z[:, None], model).softmax(1)
    seen = sum(((z - q.mean).abs() < 5 * q.stddev).double() for q in parts)
    return -(weights * (torch.as_tensor(seen) > 0)).sum(1).log().mean().item()


def _weighted(
    log_density, end=lambda log_weights: log_weights.logsumexp(0) - np.log(len(log_weights))
):
    """tighter_bound with this log density of the samples, of log_q, or with another end."""
    return lambda log_joint, log_q: end(log_joint - log_density(log_q))


def _mixture(log_q: Tensor) -> Tensor:
    return log_q.logsumexp(0) - np.log(len(log_q))


def _own(log_q: Tensor) -> Tensor:
    """Of every sample the density of the part that it came from."""
    return torch.cat([part.chunk(len(log_q))[k] for k, part in enumerate(log_q)])


Exercise(
    "05.7",
    tighter_bound,
    cases=[
        (normal(6, 3, seed=1) - 2, normal(2, 6, 3, seed=2)),
        (normal(9, 2, seed=3) - 900, normal(3, 9, 2, seed=4) - 1),
        (normal(5, 4, seed=5) - 3, normal(1, 5, 4, seed=6)),
    ],
    mistakes=[
        Mistake(
            _weighted(_own),
            "You divided each sample by its own Gaussian's density. Then a sample of the first that falls "
            "in the second's lump gets an enormous weight. Together they were drawn from the average of "
            "the K densities.",
        ),
        Mistake(
            _weighted(lambda log_q: log_q.logsumexp(0)),
            "The sum of K densities integrates to K. The samples' density is their average.",
        ),
        Mistake(
            _weighted(lambda log_q: log_q.mean(0)),
            "You averaged the log densities of the Gaussians. It is the densities that are averaged.",
        ),
        Mistake(
            _weighted(_mixture, lambda log_weights: log_weights.mean(0)),
            "That averages logarithms: it is the ELBO again. Average the weights, then take the log.",
        ),
        Mistake(
            _weighted(_mixture, lambda log_weights: log_weights.logsumexp(0)),
            "You summed the weights. An average divides by S: subtract log S.",
        ),
        Mistake(
            _weighted(lambda log_q: 0.0),
            "z comes from q, not evenly from everywhere: each sample's p(x, z) is divided by q(z).",
        ),
        Mistake(
            _weighted(_mixture, lambda log_weights: log_weights.exp().mean(0)),
            "That is an estimate of p(x). The bound is its logarithm.",
        ),
        Mistake(
            _weighted(_mixture, lambda log_weights: log_weights.exp().mean(0).log()),
            "Right where it can be computed. But exp(−900) is 0 in the computer, and its log −∞: "
            "<code>logsumexp</code>.",
        ),
        Mistake(
            _weighted(_mixture, lambda weights: (weights.softmax(0) * weights).sum(0)),
            "You averaged the logarithms under the weights: that is no bound. Average the weights.",
        ),
        Mistake(
            _weighted(lambda log_q: -_mixture(log_q)),
            "q(z) divides: on logarithms, subtract log q.",
        ),
    ],
    nudge="A sample picked at random from all S came from each Gaussian with probability 1/K: what is its "
    "density? Then p(x) = E_q[p(x, z) / q(z)], and the logarithm comes last, as in section 2.",
    formula="$$\\log\\frac1S\\sum_s\\frac{p(x_n, z^{(s)})}{q(z^{(s)})}, \\qquad q = "
    "\\frac1K\\sum_k q_k$$ each as a <code>logsumexp</code>, less the log of how many.",
)


def mean_misfit(x: Tensor, q: Distribution, model: deep.Curve) -> float:
    """The best noise variance for these q_n: E_q ||x_n - g(z)||^2 per dimension, on average."""
    with torch.no_grad():
        misfit = exact.expectation(lambda z: (x - model.point(z)).square().sum(-1), q, 20)
    return misfit.mean().item() / x.shape[1]
