"""Section 4, reweight the samples: their votes; exercise 04.2, the ELBO's gradient for a count."""

import torch
from torch import Tensor
from torch.distributions import Poisson

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l04_reparameterization.estimators import MU, WEIGHED

TRUTH = style.ROLES["truth"]


def plot_votes() -> Picture:
    """Forty samples of N(1, 1), each with its vote for the gradient of E[z^2]: reward times score."""
    eps = normal(40, seed=3).numpy()
    z = MU + eps
    votes = z**2 * eps
    fig, ax = style.subplots(height=4)
    ax.vlines(z, 0, votes, color=WEIGHED.color, linewidth=2)
    ax.plot(z, votes, **WEIGHED.dots)
    ax.axhline(0, color=style.GUIDE, linewidth=1)
    ax.axhline(2 * MU, **TRUTH.line | {"linewidth": 2.5})
    ax.text(-1.9, 2.4, "exact gradient 2", color=TRUTH.ink)
    ax.text(-1.9, 11.5, f"these 40 votes average {votes.mean():.2f}", color=WEIGHED.ink)
    ax.set(xlim=(-2, 4.2), ylim=(-6, 14), xlabel="$z$", ylabel="$z^2$ × score")
    ax.set_title("Each sample votes for its own side, as loud as its reward")
    return figure(
        fig,
        alt=f"Forty samples and their votes, z squared times score, from {votes.min():.1f} to "
        f"{votes.max():.1f}: below zero left of the mean 1, above it on the right. They average to "
        f"{votes.mean():.2f}; the exact gradient is 2.",
    )


def score_function(log_joint, log_rate: Tensor, z: Tensor) -> Tensor:
    """Gradients of the ELBO in log_rate, one per sample (S,), from counts z (S,) of that Poisson."""
    rate = log_rate.exp()
    reward = log_joint(z) - Poisson(rate).log_prob(z)
    return reward * (z - rate)  # log q = z log_rate - rate - log z!


def _from(estimate):
    """An answer made of functions of log p(x, z), log q(z), z and the rate."""

    def answer(log_joint, log_rate: Tensor, z: Tensor) -> Tensor:
        rate = log_rate.exp()
        return estimate(log_joint(z), Poisson(rate).log_prob(z), z, rate)

    return answer


def _six(z: Tensor) -> Tensor:
    return -((z - 6) ** 2) / 4 - 1


def _wave(z: Tensor) -> Tensor:
    return z.sin() - 0.3 * z


COUNTS = torch.tensor([0.0, 3.0, 1.0, 5.0, 2.0, 9.0], dtype=torch.float64)
RATES = torch.tensor([0.75, -0.5], dtype=torch.float64)  # their logarithms

Exercise(
    "04.2",
    score_function,
    cases=[(_six, RATES[0], COUNTS), (_wave, RATES[1], COUNTS[:4])],
    mistakes=[
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q) * (z / rate - 1)),
            "That is the gradient in the rate. The parameter is its logarithm: multiply by "
            "∂(e^a)/∂a = e^a.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q) * z),
            "The score is not z alone: in log q = z a − e^a − log z!, the e^a contains a, too.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q) * (z - rate) / rate.sqrt()),
            "You divided by the standard deviation. Differentiate log q = z a − e^a − log z! in a.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q) * (z - rate.log())),
            "A count is compared with its mean, which is e^a, not a.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q - (z + 1).lgamma()) * (z - rate)),
            "In the reward, log q lacks its −log z!. It contains no a, but it is a part of log q.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - 2 * log_q) * (z - rate)),
            "The reward is not detached. The product rule then adds log q times ∇(−log q), and "
            "log q counts twice. The reward must be a plain number: <code>.detach()</code>.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: ((log_p - log_q) * (z - rate)).mean()),
            "Right on average, but return one gradient per sample: leave out the mean.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: log_p - log_q),
            "That is the reward alone. Multiply each by the gradient of log q in a.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q) * (rate - z)),
            "The sign is turned round: a count above the rate e^a wants a larger a.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: log_p * (z - rate)),
            "That climbs E[log p(x, z)] alone. The ELBO's reward is log p(x, z) − log q(z).",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: (log_p - log_q - 1) * (z - rate)),
            "Right on average: you kept E[∇(−log q)], which is 0. It is a baseline of 1 in disguise; this "
            "exercise leaves it out.",
        ),
        Mistake(
            _from(lambda log_p, log_q, z, rate: rate - z),
            "That is what autograd makes of log p − log q with z held fixed: log p has no gradient, "
            "and the rest has mean zero. Multiply the reward by the score instead.",
        ),
    ],
    nudge="Two numbers per sample: what it earned, log p(x, z) − log q(z), and the direction in "
    "which a makes it more probable. Write log q(z) as a function of a before you differentiate.",
    formula="$$\\log q(z) = z\\,a - e^a - \\log z!, \\qquad \\mathbb E_q[z] = e^a$$ "
    "<code>Poisson(rate).log_prob(z)</code> is log q(z).",
)
