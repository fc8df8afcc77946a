"""The evidence lower bound for any model, by Monte Carlo: its two forms, and their terms.

log p(x) = ELBO + KL(q || p(z | x)), and the ELBO is, equally,
    E_q[log p(x, z) - log q(z)]            ("joint minus q")
    E_q[log p(x | z)] - KL(q || p(z))      ("fit minus KL")
Both estimates are unbiased. Near the posterior the first has less noise: at the posterior
itself every single draw is log p(x).

Source: Jordan, Ghahramani, Jaakkola & Saul, "An introduction to variational methods for
graphical models", Machine Learning 1999.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from course_utils import validate

__all__ = ["fit_minus_kl", "joint_minus_q"]

Log = Callable[[Tensor], Tensor]


@validate.typed
def joint_minus_q(
    log_joint: Log, q: Distribution, num_samples: int = 1
) -> Float[Tensor, "S *batch"]:
    """Draws of log p(x_n, z) - log q_n(z), in nats: their mean over S estimates the ELBO.

    log_joint: takes z of shape (S, *batch, *event) and returns (S, *batch).
    q: its batch shape is the data points'. Reparameterised where q has rsample, so that the
    gradient passes through z.
    """
    z = _draw(q, num_samples)
    return _per_point(log_joint(z), q, num_samples) - q.log_prob(z)


@validate.typed
def fit_minus_kl(
    log_likelihood: Log, q: Distribution, prior: Distribution, num_samples: int = 1
) -> Float[Tensor, "S *batch"]:
    """Draws of log p(x_n | z) - KL(q_n || prior), in nats: their mean over S estimates the ELBO.

    log_likelihood: takes z of shape (S, *batch, *event) and returns (S, *batch). The KL is in
    closed form; a pair of distributions without one is a NotImplementedError from torch.
    """
    z = _draw(q, num_samples)
    return _per_point(log_likelihood(z), q, num_samples) - kl_divergence(q, prior)


def _draw(q: Distribution, num_samples: int) -> Tensor:
    validate.integer(1, num_samples=num_samples)
    draw = q.rsample if q.has_rsample else q.sample
    return draw(torch.Size([num_samples]))


def _per_point(values: Tensor, q: Distribution, num_samples: int) -> Tensor:
    expected = (num_samples, *q.batch_shape)
    if values.shape != expected:
        raise ValueError(
            f"the log density must have shape (S, *batch) = {expected}, got {tuple(values.shape)}: "
            "sum over the event's dimensions, not over samples or data points"
        )
    return values
