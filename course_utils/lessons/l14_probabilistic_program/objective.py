"""3, the objective decides how gradients flow: three estimates on the coin; exercises 14.1, 14.2."""

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.patches import Polygon
from torch import Tensor
from torch.distributions import Beta, kl_divergence

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import histogram, normal, seeded
from course_utils.lessons.l14_probabilistic_program.trace import TOSSES, Coin, evidence

TRUTH, PATH, SCORE, MUTED = (style.ROLES[n] for n in ("truth", "pathwise", "score", "data"))
HOW = {"as it stands": MUTED, "score": SCORE, "pathwise": PATH}


def exact_gradient(a: Tensor, b: Tensor, heads: Tensor) -> Tensor:
    """d ELBO / d log a of the coin, for q = Beta(a, b), exactly."""
    a = a.clone().requires_grad_()
    elbo = evidence(heads) - kl_divergence(Beta(a, b), Beta(2 + heads, 2 + TOSSES - heads))
    return torch.autograd.grad(elbo, a)[0] * a.detach()


def estimates(a: Tensor, b: Tensor, heads: Tensor, num_runs: int) -> dict[str, Tensor]:
    """num_runs gradients in log a from one sample each, by all of HOW; of the same samples."""
    log_a = a.log().expand(num_runs).clone().requires_grad_()
    q = Beta(log_a.exp(), b.expand(num_runs))
    moving = q.rsample()

    def weights(theta: Tensor) -> tuple[Tensor, Tensor]:
        log_q = q.log_prob(theta)
        return Coin().observe(theta=theta, x=heads).log_joint() - log_q, log_q

    log_w, log_q = weights(moving.detach())
    costs = {
        "as it stands": log_w,
        "score": log_w + log_w.detach() * log_q,
        "pathwise": weights(moving)[0],
    }
    return {
        how: torch.autograd.grad(cost.sum(), log_a, retain_graph=True)[0]
        for how, cost in costs.items()
    }


def predict_naive() -> Prediction:
    """Ask what a node without a path leaves of the gradient, then look."""
    question = (
        "A sample θ of q has no path to q's parameters: to autograd it is a number. We "
        "differentiate log p(x, θ) − log q(θ) as it stands. Over many samples, this gradient's mean "
        "is …"
    )
    options = [
        Option("the ELBO's gradient, with more noise", False, "Through which term could x enter?"),
        Option("half of the ELBO's gradient", False, "It would then know the data. Can it?"),
        Option("the gradient of −log p(x)", False, "Neither p nor x has a parameter of q in it."),
        Option(
            "0, whatever the data",
            True,
            "Only −log q depends on the parameters, and the mean of its gradient, the score, is 0. "
            "Training by it is a random walk.",
        ),
    ]
    return predict(question, options, explore_gradients())


def explore_gradients() -> Explorer:
    """Clouds of the three estimates round the exact gradient, for guides of the coin."""
    heads, edges = torch.tensor(7.0, dtype=torch.float64), np.linspace(-20, 20, 41)

    def scene():
        fig, axes = style.subplots(3, sharey=True)
        marks = {}
        for ax, (how, role) in zip(axes, HOW.items(), strict=True):
            marks[how] = ax.add_patch(Polygon(np.zeros((3, 2)), **role.area))
            ax.set(xlim=(-20, 20), ylim=(0, 0.56), yticks=[], title=how)
            ax.spines["left"].set_visible(False)
            marks[f"{how} exact"] = ax.plot([], [], **TRUTH.line)[0]
            marks[f"{how} text"] = ax.text(-19.5, 0.47, "", color=role.ink)
        axes[1].set_xlabel("gradient in log a, nats (— exact; beyond ±20 in the last bars)")
        return fig, marks

    def update(a: float, b: float) -> dict:
        with seeded():
            pair = torch.tensor(a).double(), torch.tensor(b).double()
            found = estimates(*pair, heads, 2000)
        exact = exact_gradient(*pair, heads).item()
        frame: dict = {}
        said = []
        for how, values in found.items():
            frame[how] = histogram(values.clamp(-19.9, 19.9), edges, 0.44)
            mean, sd = values.mean().item(), values.std().item()
            frame[f"{how} exact"] = ([exact, exact], [0, 0.44])
            frame[f"{how} text"] = f"mean {mean:z.2f}, sd {sd:.2f}".replace("-", "−")
            said.append(f"{how}: mean {mean:z.2f}, standard deviation {sd:.2f}")
        return frame | {
            "alt": f"Two thousand gradients each for q = Beta({a:.1f}, {b:.1f}); the exact one is "
            f"{exact:.2f}. {'; '.join(said)}.".replace("-", "−")
        }

    def slider(name: str, value: float) -> widgets.FloatSlider:
        return widgets.FloatSlider(
            value=value,
            min=1.0,
            max=15.0,
            step=0.5,
            readout_format=".1f",
            description=f"{name} of q",
        )

    strip = [{"a": 2.0, "b": 2.0}, {"a": 5.0, "b": 8.0}, {"a": 9.0, "b": 5.0}]
    return Explorer(scene, update, {"a": slider("a", 3.0), "b": slider("b", 4.0)}, strip)


def cost(log_w: Tensor, log_q: Tensor) -> Tensor:
    """The cost of S samples without a path: mean of -log_w, with REINFORCE's gradient in log q.

    log_w: log p(x, z) - log q(z), (S,), through which the model's parameters are reached, too.
    """
    return -(log_w * (1 + log_q - log_q.detach())).mean()


Exercise(
    "14.1",
    cost,
    cases=[(normal(4) - 3, normal(4, seed=1)), (normal(7, seed=2), normal(7, seed=3) - 2)],
    gradients=("log_w", "log_q"),
    mistakes=[
        Mistake(
            lambda log_w, log_q: -(log_w + log_w.detach() * log_q).mean(),
            "The gradient is right, the number is not: it is no longer −ELBO's estimate. Add "
            "something whose value is 0 and whose gradient is not.",
        ),
        Mistake(
            lambda log_w, log_q: -(log_w.detach() * log_q).mean(),
            "The gradient in log q is right. But the value is not −ELBO's estimate, and the model's "
            "parameters, reached through log w, learn nothing.",
        ),
        Mistake(
            lambda log_w, log_q: -(log_w * log_q).mean(),
            "A product of two logarithms: its value is not −ELBO's, and log w gets log q as a "
            "gradient. Which factor has the value 1?",
        ),
        Mistake(
            lambda log_w, log_q: (
                -(
                    log_w
                    + (log_w - (log_w.sum() - log_w) / (len(log_w) - 1)) * (log_q - log_q.detach())
                ).mean()
            ),
            "Unbiased too, and quieter: the others' mean as a baseline (lesson 04). Asked is the "
            "plain one first.",
        ),
        Mistake(
            lambda log_w, log_q: -log_w.mean() + 0 * log_q.sum(),
            "The value is right. Its gradient in log q is 0: this is the random walk.",
        ),
        Mistake(
            lambda log_w, log_q: -(log_w.detach() * (log_q - log_q.detach())).mean(),
            "This teaches q, and the value is 0: the model's parameters are reached through log w.",
        ),
        Mistake(
            lambda log_w, log_q: (log_w + log_w.detach() * (log_q - log_q.detach())).mean(),
            "The sign: a cost is descended.",
        ),
        Mistake(
            lambda log_w, log_q: -(log_w + log_w.detach() * (log_q - log_q.detach())).sum(),
            "The sum of the samples. Asked is their mean: the step must not grow with S.",
        ),
        Mistake(
            lambda log_w, log_q: -(log_w - log_w.detach() * (log_q - log_q.detach())).mean(),
            "The score has the wrong sign: samples with a high weight are to become likelier.",
        ),
    ],
    nudge="log_q - log_q.detach() is 0. Its gradient is not.",
    formula="$$-\\frac1S\\sum_s\\log w_s\\,"
    "\\big(1 + \\log q_s - [\\log q_s]_{\\text{held}}\\big)$$",
)


def blanket(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Exercise 14.2's cost, for N independent pairs (z_n, x_n): both (S, N), the mean over S."""
    log_w = log_p - log_q
    return -(log_w * (1 + log_q - log_q.detach())).sum(1).mean()


Exercise(
    "14.2",
    blanket,
    cases=[
        (normal(4, 3) - 3, normal(4, 3, seed=1)),
        (normal(2, 5, seed=2), normal(2, 5, seed=3) - 2),
    ],
    gradients=("log_p", "log_q"),
    mistakes=[
        Mistake(
            lambda log_p, log_q: cost((log_p - log_q).sum(1), log_q.sum(1)),
            "Unbiased, but every score is weighed with all the points' terms. z_3 has no part in "
            "x_1: its score times log p of point 1 is noise of mean 0.",
        ),
        Mistake(
            lambda log_p, log_q: -(log_p - log_q).sum(1).mean(),
            "The value is right, and the scores are missing: this is the random walk.",
        ),
        Mistake(
            lambda log_p, log_q: blanket(log_p, log_q) / log_p.shape[1],
            "The mean over the points. The ELBO of all data is a sum.",
        ),
        Mistake(
            lambda log_p, log_q: (
                -((log_p - log_q) + log_p.detach() * (log_q - log_q.detach())).sum(1).mean()
            ),
            "The weight of a score is log p − log q of its own point: −log q is missing.",
        ),
        Mistake(
            lambda log_p, log_q: -((log_p - log_q).detach() * log_q).sum(1).mean(),
            "That is the gradient in q. The value, and the model's gradient, are lost.",
        ),
    ],
    nudge="Which terms of the joint change when z_n alone is drawn anew?",
    formula="$$-\\frac1S\\sum_{s,n}\\log w_{sn}\\,"
    "\\big(1 + \\log q_{sn} - [\\log q_{sn}]_{\\text{held}}\\big)$$",
)
