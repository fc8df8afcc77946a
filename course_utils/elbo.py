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
from typing import Any

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
    return _per_point(q, num_samples, log_joint=log_joint(z)) - q.log_prob(z)


@validate.typed
def fit_minus_kl(
    log_likelihood: Log, q: Distribution, prior: Distribution, num_samples: int = 1
) -> Float[Tensor, "S *batch"]:
    """Draws of log p(x_n | z) - KL(q_n || prior), in nats: their mean over S estimates the ELBO.

    log_likelihood: takes z of shape (S, *batch, *event) and returns (S, *batch). The KL is in
    closed form; a pair of distributions without one is a NotImplementedError from torch.
    """
    if prior.event_shape != q.event_shape:
        raise ValueError(
            f"prior must have the event shape of q, {tuple(q.event_shape)}, "
            f"got {tuple(prior.event_shape)}"
        )
    z = _draw(q, num_samples)
    kl = kl_divergence(q, prior)
    if kl.isnan().any():
        raise ValueError("prior and q must have parameters that are numbers: their KL is NaN")
    return _per_point(q, num_samples, log_likelihood=log_likelihood(z)) - kl


def _draw(q: Distribution, num_samples: int) -> Tensor:
    validate.integer(1, num_samples=num_samples)
    draw = q.rsample if q.has_rsample else q.sample
    return draw(torch.Size([num_samples]))


def _per_point(q: Distribution, num_samples: int, **returned: Any) -> Tensor:
    """What the named function returned, if it is one number for every sample and data point."""
    [(name, values)] = returned.items()
    expected = (num_samples, *q.batch_shape)
    if not isinstance(values, Tensor) or values.shape != expected:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(
            f"{name} must return shape (S, *batch) = {expected}, got {got}: "
            "sum over the event's dimensions, not over samples or data points"
        )
    if values.isnan().any():
        raise ValueError(f"{name} must not return NaN, at samples of q")
    return values
