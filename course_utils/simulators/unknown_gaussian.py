"""A Gaussian of unknown mean and scale: a simulator whose posterior is in every textbook.

tau ~ Gamma(a_0, rate b_0),  mu | tau ~ N(m_0, 1 / (kappa_0 tau)),  y_i ~ N(mu, 1 / tau).
theta = (log sigma, mu) with sigma = tau^-1/2. Here a_0 = b_0 = 3, m_0 = 0, kappa_0 = 1.

Source: Bernardo & Smith, Bayesian Theory, Wiley 1994, sec. 5.2.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Gamma, Normal

from course_utils import validate

__all__ = ["PRIOR", "NormalGamma", "from_mean", "posterior", "simulate"]


class NormalGamma(NamedTuple):
    """tau ~ Gamma(a, rate b),  mu | tau ~ N(m, 1 / (kappa tau)); every field (N,) or a number."""

    kappa: Tensor
    m: Tensor
    a: Tensor
    b: Tensor

    def log_prob(self, theta: Tensor) -> Tensor:
        """The density of theta = (log sigma, mu), (..., 2), in nats."""
        log_sigma, mu = theta.unbind(-1)
        tau = (-2 * log_sigma).exp()
        # log tau = -2 log sigma, so the density of log sigma has a factor 2 tau
        log_p = Gamma(self.a, self.b).log_prob(tau) + (2 * tau).log()
        return log_p + Normal(self.m, (self.kappa * tau).rsqrt()).log_prob(mu)

    def sample(self, num_samples: int) -> Tensor:
        """theta (num_samples, *N, 2)."""
        tau = Gamma(self.a, self.b).sample(torch.Size([num_samples]))
        mu = self.m + torch.randn_like(tau) * (self.kappa * tau).rsqrt()
        return torch.stack([-tau.log() / 2, mu], -1)

    @property
    def entropy(self) -> Tensor:
        """Of theta, in nats: that of log sigma, and the mean of that of mu given sigma."""
        a, digamma = self.a, torch.digamma(self.a)
        of_scale = torch.lgamma(a) - a * digamma + a - torch.tensor(2.0).log()
        of_mean = 0.5 * (2 * torch.pi * torch.e / self.kappa).log() - 0.5 * (digamma - self.b.log())
        return of_scale + of_mean


_NUMBERS = [torch.tensor(value, dtype=torch.float64) for value in (1.0, 0.0, 3.0, 3.0)]
PRIOR = NormalGamma(*_NUMBERS)


@validate.typed
def simulate(theta: Float[Tensor, "N 2"], num_points: int = 10) -> Float[Tensor, "N n"]:
    """num_points numbers for every theta."""
    validate.integer(1, num_points=num_points)
    validate.finite(theta=theta)
    log_sigma, mu = theta[:, :1], theta[:, 1:]
    return mu + log_sigma.exp() * torch.randn(len(theta), num_points).to(theta)


@validate.typed
def posterior(y: Float[Tensor, "N n"]) -> NormalGamma:
    """p(theta | y_n)."""
    validate.finite(y=y)
    n, mean = y.shape[1], y.mean(1)
    squares = (y - mean[:, None]).square().sum(1)
    return _updated(n, mean, n / 2, squares / 2)


@validate.typed
def from_mean(y: Float[Tensor, "N n"]) -> NormalGamma:
    """p(theta | mean of y_n): what is left where only the mean was kept."""
    validate.finite(y=y)
    return _updated(y.shape[1], y.mean(1), 0.5, torch.zeros_like(y[:, 0]))


def _updated(n: int, mean: Tensor, points: float, half_squares: Tensor) -> NormalGamma:
    kappa_0, m_0, a_0, b_0 = (value.to(mean) for value in PRIOR)
    kappa = kappa_0 + n
    shift = kappa_0 * n * (mean - m_0).square() / (2 * kappa)
    m = (kappa_0 * m_0 + n * mean) / kappa
    return NormalGamma(
        kappa.expand_as(mean), m, (a_0 + points).expand_as(mean), b_0 + half_squares + shift
    )
