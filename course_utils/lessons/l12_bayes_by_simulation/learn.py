"""1, a loss that knows Bayes' rule: the floor, and exercise 12.1."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Distribution, Normal

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.simulators import npe, unknown_gaussian

TRUTH, Q, PRIOR = (style.ROLES[name] for name in ("truth", "q", "prior"))


def poll_floor() -> Poll:
    """Ask for the least loss."""
    return Poll(
        "q(θ | y) may be any density, there are endless simulations, and training is perfect. The "
        "loss, the mean of −log q(θ | y), ends at …",
        [
            Option(
                "0", False, "A density may exceed 1, so its −log may be below 0: 0 is no bound."
            ),
            Option("−∞", False, "Only if y told θ without an error: q a spike at the true θ."),
            Option(
                "the entropy of θ given y",
                True,
                "What y leaves open of θ nobody can predict. q = p(θ | y) pays just that.",
            ),
            Option("the entropy of the prior", False, "That is paid by who does not look at y."),
        ],
    )


def plot_floor(losses: list[float], floor: float, start: float) -> Picture:
    """The loss of every step on its way from the prior's entropy to the floor."""
    fig, ax = style.subplots()
    smooth = torch.tensor(losses).unfold(0, 20, 10).mean(1)
    steps = 10 + 10 * torch.arange(len(smooth))
    ax.plot(steps, smooth, **Q.line)
    ax.axhline(floor, **TRUTH.line)
    ax.axhline(start, **PRIOR.line)
    right = len(losses)
    ax.text(right, floor - 0.16, f"H(θ | y) = {floor:.3f}", color=TRUTH.ink, ha="right")
    ax.text(right, start + 0.07, f"the prior's entropy {start:.3f}", color=PRIOR.ink, ha="right")
    middle = smooth[len(smooth) // 8].item()
    ax.text(right / 6, middle + 0.2, "loss, means of 20 steps", color=Q.ink)
    ax.set(xlim=(0, right), ylim=(floor - 0.3, start + 0.35), xlabel="step", ylabel="nats")
    ax.set_title("Maximum likelihood, on its way to Bayes")
    return figure(
        fig,
        alt=f"The training loss falls from about {smooth[0]:.2f} nats to {smooth[-1]:.3f}, near the "
        f"floor, the conditional entropy {floor:.3f}; the prior's entropy is {start:.3f}.",
    )


def plot_truth(posterior: npe.Posterior, y: Tensor) -> Picture:
    """Two data sets' exact posteriors as lines, the flow's as dashes."""
    sides = torch.linspace(-1.5, 1.5, 121), torch.linspace(-2.2, 2.8, 121)
    grid = torch.cartesian_prod(*sides)
    fig, axes = style.subplots(2, sharey=True)
    alts = []
    for n, ax in enumerate(axes):
        exact = unknown_gaussian.posterior(y[n : n + 1].double()).log_prob(grid.double()).exp()
        with torch.no_grad():
            flow = posterior(y[n : n + 1]).log_prob(grid[:, None])[:, 0].exp()
        for density, role in ((exact, TRUTH), (flow, Q)):
            levels = [0.04 * exact.max().item(), 0.4 * exact.max().item()]
            ax.contour(
                *sides,
                density.view(121, 121).T,
                levels=levels,
                colors=role.color,
                linestyles="-" if role is TRUTH else "--",
                linewidths=4 if role is TRUTH else 3,
            )
        mean, scale = y[n].mean().item(), y[n].std().item()
        ax.set(xlabel="log sd", title=f"ȳ = {mean:.2f}, sd = {scale:.2f}".replace("-", "−"))
        alts.append(f"for data of mean {mean:.2f} and sd {scale:.2f}")
    axes[0].set(ylabel="μ")
    axes[1].text(-1.4, 2.4, "— exact", color=TRUTH.ink)
    axes[1].text(-1.4, 1.9, "- - flow", color=Q.ink)
    return figure(
        fig,
        alt=f"Contours of p(log sd, μ | y) {' and '.join(alts)}; the flow's dashed contours lie on "
        "the exact ones, at 4 and 40 percent of the peak.",
    )


def loss(
    prior: Callable[[int], Tensor],
    simulate: Callable[[Tensor], Tensor],
    q: Callable[[Tensor], Distribution],
    num_pairs: int,
) -> Tensor:
    """The mean of -log q(theta | y) over simulated pairs."""
    theta = prior(num_pairs)
    y = simulate(theta)
    return -q(y).log_prob(theta).mean()


def _shuffled(prior, simulate, q, num_pairs):
    theta = prior(num_pairs)
    y = simulate(theta)
    return -q(y).log_prob(prior(num_pairs)).mean()


def _likelihood(prior, simulate, q, num_pairs):
    theta = prior(num_pairs)
    y = simulate(theta)
    return -q(theta).log_prob(y).mean()


def _from_q(prior, simulate, q, num_pairs):
    theta = prior(num_pairs)
    y = simulate(theta)
    return -q(y).log_prob(q(y).sample()).mean()


Exercise(
    "12.1",
    loss,
    cases=[
        (
            lambda num: torch.randn(num).double(),
            lambda theta: theta + 0.5 * torch.randn_like(theta),
            lambda y: Normal(0.7 * y + 0.1, 0.5),
            200,
        ),
        (
            lambda num: 2 * torch.rand(num).double() - 1,
            lambda theta: theta.exp() + 0.3 * torch.randn_like(theta),
            lambda y: Normal(y - 1, 0.4),
            50,
        ),
    ],
    mistakes=[
        Mistake(
            lambda *given: -loss(*given),
            "The sign: this rises as q gets better. A loss is to fall.",
        ),
        Mistake(
            lambda prior, simulate, q, num_pairs: loss(prior, simulate, q, num_pairs) * num_pairs,
            "A sum over the pairs. A mean does not depend on how many you drew.",
        ),
        Mistake(
            _shuffled,
            "The θ that you score is not the one that made the y: pairs must stay pairs, or the best "
            "q is the prior.",
        ),
        Mistake(_likelihood, "That fits q to the likelihood, p(y | θ). Which of the two is given?"),
        Mistake(
            _from_q,
            "You score q's own samples: an entropy. Nothing here asks whether they are near the θ "
            "that made y.",
        ),
    ],
    nudge="Three lines: draw θ, let each θ make its y, and ask q how likely it finds those θ.",
    formula="$$-\\frac1M\\sum_m\\log q(\\theta_m\\mid y_m),\\qquad "
    "\\theta_m\\sim p(\\theta),\\ y_m\\sim p(y\\mid\\theta_m)$$",
)
