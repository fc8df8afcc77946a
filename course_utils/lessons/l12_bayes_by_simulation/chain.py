"""4, a likelihood by quadrature: counts of a population, and exercise 12.3."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l12_bayes_by_simulation.world import MODEL, draw_exact
from course_utils.simulators.ricker import Exact

TRUTH, DATA, PRIOR = (style.ROLES[name] for name in ("truth", "data", "prior"))


def poll_intractable() -> Poll:
    """Ask what the likelihood is an integral over."""
    return Poll(
        "p(y | θ) of 50 counts is an integral over 50 unseen populations. With 500 nodes an axis, a "
        "plain grid needs 500⁵⁰ evaluations. How many does one need that knows that n_t+1 depends on "
        "n_t alone?",
        [
            Option("500⁵⁰ still", False, "Most of these products share all but one factor."),
            Option("50 · 500", False, "Each node is reached from every node of the step before."),
            Option(
                "50 · 500²",
                True,
                "A matrix with 500² entries a step. The sums are done one axis at a time.",
            ),
        ],
    )


def plot_series(y: Tensor, z: Tensor) -> Picture:
    """Series of counts, one panel each."""
    fig, axes = style.subplots(2, sharey=True)
    said = []
    for n, ax in enumerate(axes):
        log_r, log_phi = MODEL.theta(z[n]).tolist()
        ax.plot(range(1, y.shape[1] + 1), y[n], color=style.GUIDE, linewidth=1.5)
        ax.plot(range(1, y.shape[1] + 1), y[n], **DATA.dots | {"markersize": 5})
        ax.set(xlabel="t", title=f"log r = {log_r:.2f}, log φ = {log_phi:.2f}")
        said.append(
            f"log r {log_r:.2f} and log phi {log_phi:.2f}: mean {y[n].mean():.0f}, "
            f"{int((y[n] == 0).sum())} zeros, highest {int(y[n].max())}"
        )
    axes[0].set(ylabel="count", ylim=(-5, y.max().item() * 1.05))
    return figure(fig, alt=f"Two series of 50 counts that boom and crash. {'; '.join(said)}.")


def plot_exact(exact: Exact, z: Tensor, n: int) -> Picture:
    """The exact posterior of a series, beside the prior, with the true parameters."""
    fig, ax = style.subplots(width=7.5)
    draw_exact(ax, exact, n)
    angle = torch.linspace(0, 2 * torch.pi, 200)
    for size in (1, 2):
        circle = MODEL.theta(size * torch.stack([angle.cos(), angle.sin()], 1))
        ax.plot(*circle.T, **PRIOR.line)
    ax.plot(*MODEL.theta(z[n]).tolist(), "P", color=style.INK, markersize=12)
    ax.text(4.5, 2.83, ". . prior, 1 and 2 sd", color=PRIOR.ink)
    ax.text(4.5, 2.7, "— exact, 1 to 3 sd", color=TRUTH.ink)
    ax.text(4.5, 2.57, "✚ the truth", color=style.INK)
    ax.set(xlabel="log r", ylabel="log φ", title="What 50 counts say")
    ax.set(xlim=(3.15, 5.3), ylim=(1.65, 2.95))
    sd = exact.cov[n].diagonal().sqrt()
    rho = exact.cov[n, 0, 1] / sd.prod()
    return figure(
        fig,
        alt=f"Ellipses of the exact posterior, a narrow tilted ellipse of standard deviations "
        f"{0.3 * sd[0]:.3f} in log r and {0.3 * sd[1]:.3f} in log phi, correlation {rho:.2f}, within "
        "the prior's wide circles of 0.3; the true parameters are marked.",
    )


def step(alpha: Tensor, weights: Tensor, kernel: Tensor, likelihood: Tensor) -> tuple:
    """The next filtered density at the nodes, and log p(y_t+1 | y_1, ..., y_t)."""
    predicted = (weights * alpha) @ kernel
    joint = likelihood * predicted
    total = (weights * joint).sum()
    return joint / total, total.log()


_NODES = torch.linspace(-2, 2, 9).double().sinh()
_WEIGHTS = torch.linspace(-2, 2, 9).double().cosh() / 2


def _case(seed: int) -> tuple:
    alpha, likelihood = normal(2, 9, seed=seed).exp()
    kernel = torch.exp(-((_NODES - 0.6 * _NODES[:, None] - 0.3) ** 2))
    kernel = kernel / (kernel @ _WEIGHTS)[:, None]  # each row a density
    return alpha / (_WEIGHTS * alpha).sum(), _WEIGHTS, kernel, likelihood / 3


def _before(alpha, weights, kernel, likelihood):
    joint = (weights * alpha * likelihood) @ kernel
    total = (weights * joint).sum()
    return joint / total, total.log()


def _turned(alpha, weights, kernel, likelihood):
    return step(alpha, weights, kernel.mT, likelihood)


def _unweighted(alpha, weights, kernel, likelihood):
    joint = likelihood * (alpha @ kernel)
    total = (weights * joint).sum()
    return joint / total, total.log()


def _plain_total(alpha, weights, kernel, likelihood):
    joint = likelihood * ((weights * alpha) @ kernel)
    return joint / joint.sum(), joint.sum().log()


def _unnormalised(alpha, weights, kernel, likelihood):
    joint = likelihood * ((weights * alpha) @ kernel)
    return joint, (weights * joint).sum().log()


def _no_log(alpha, weights, kernel, likelihood):
    new, log_total = step(alpha, weights, kernel, likelihood)
    return new, log_total.exp()


Exercise(
    "12.3",
    step,
    cases=[_case(0), _case(1)],
    mistakes=[
        Mistake(
            _unweighted,
            "The sum over the old nodes lacks its weights: a node stands for an interval, and here "
            "they differ in length.",
        ),
        Mistake(_before, "You update before you predict: y_t+1 is seen at the *new* node."),
        Mistake(_turned, "The kernel is turned: its rows are where the population comes from."),
        Mistake(
            _plain_total,
            "The sum over the new nodes lacks the weights: what should integrate to 1 sums to 1.",
        ),
        Mistake(
            _unnormalised,
            "The density is not divided by p(y_t+1 | …): fifty steps of that underflow.",
        ),
        Mistake(
            _no_log,
            "p(y_t+1 | …) itself: fifty of them multiplied underflow. Asked is the logarithm.",
        ),
    ],
    nudge="Predict: integrate over where the population was. Update: multiply. Then make it a density, "
    "and keep what you divided by.",
    formula="$$\\bar\\alpha(n')=\\sum_g w_g\\,\\alpha(n_g)\\,k(n_g\\to n'),\\quad "
    "c=\\sum_g w_g\\,p(y\\mid n_g)\\,\\bar\\alpha(n_g);$$ "
    "return $p(y\\mid n')\\,\\bar\\alpha/c$ and $\\log c$.",
)
