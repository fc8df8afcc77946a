"""Section 4, reweight the samples: the score-function gradient of the ELBO."""

from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


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
