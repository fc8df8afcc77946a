"""Section 4, reweight the samples: their votes; exercise 04.2, the gradient of the ELBO."""

from torch import Tensor
from torch.distributions import Normal

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


def score_function(log_joint, mu: float, scale: float, z: Tensor) -> Tensor:
    """Gradients of the ELBO in mu, one per sample (S,), from samples z (S,) of N(mu, scale^2)."""
    log_q = Normal(mu, scale).log_prob(z)
    score = (z - mu) / scale**2
    return (log_joint(z) - log_q) * score


def _bell(z: Tensor) -> Tensor:
    return -((z - 2) ** 2) / 2 - z**4 / 8


def _wave(z: Tensor) -> Tensor:
    return (3 * z).sin() - z**2


def _score(z: Tensor, mu: float, scale: float) -> Tensor:
    return (z - mu) / scale**2


def _log_q(z: Tensor, mu: float, scale: float) -> Tensor:
    return Normal(mu, scale).log_prob(z)


Exercise(
    "04.2",
    score_function,
    cases=[
        (_bell, 0.5, 1.25, normal(6, seed=2)),
        (_wave, -1.0, 0.5, normal(5, seed=3)),
    ],
    mistakes=[
        Mistake(
            lambda log_joint, mu, scale, z: (
                (log_joint(z) - 2 * _log_q(z, mu, scale)) * _score(z, mu, scale)
            ),
            "The reward is not detached. The product rule then adds log q times ∇(−log q), and "
            "log q counts twice. The reward must be a plain number: <code>.detach()</code>.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: score_function(log_joint, mu, scale, z).mean(),
            "Right on average, but return one gradient per sample: leave out the mean.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: log_joint(z) - _log_q(z, mu, scale),
            "That is the reward alone. Multiply each by the gradient of log q in μ.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: -score_function(log_joint, mu, scale, z),
            "The sign is turned round. ∂ log q/∂μ = (z − μ)/s²: a sample above μ wants a larger μ.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: scale * score_function(log_joint, mu, scale, z),
            "You divided z − μ by s. The score has s², the variance, below.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: log_joint(z) * _score(z, mu, scale),
            "That climbs E[log p(x, z)] alone. The ELBO's reward is log p(x, z) − log q(z).",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: (
                score_function(log_joint, mu, scale, z) - _score(z, mu, scale)
            ),
            "Right on average: you kept E[∇(−log q)], which is 0. It is a baseline of 1 in disguise; this "
            "exercise leaves it out.",
        ),
        Mistake(
            lambda log_joint, mu, scale, z: -_score(z, mu, scale),
            "That is what autograd makes of log p − log q with z held fixed: log p has no gradient, "
            "and the rest has mean zero. Multiply the reward by the score instead.",
        ),
    ],
    nudge="Two numbers per sample: what it earned, log p(x, z) − log q(z), and the direction in "
    "which μ makes it more probable.",
    formula="$$\\big[\\log p(x,z) - \\log q(z)\\big]\\,\\frac{z-\\mu}{s^2}$$ "
    "<code>Normal(mu, scale).log_prob(z)</code> is log q(z).",
)
