"""Rate and distortion: ELBO = -(distortion + rate), and only the sum is scored.

The rate is the mean of KL(q(z | x) || p(z)), what the code says of x, in nats; the distortion the
mean of E_q[-log p(x | z)], what it leaves open.
Source: Alemi, Poole, Fischer, Dillon, Saurous & Murphy, "Fixing a broken ELBO", ICML 2018.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal

from course_utils import validate
from course_utils.ppca import PPCA

__all__ = ["Invisible", "Point", "water_filling"]


@validate.typed
@dataclass(frozen=True)
class Invisible:
    """z ~ N(0, I),  x | z ~ N(sqrt(tau) W z + mu, (1 - tau) W W^T + sigma2 I),  0 <= tau <= 1.

    The covariance of x is W W^T + sigma2 I for every tau: one density, whose code says anything
    from nothing (tau = 0) to all that PPCA's does (tau = 1). With PPCA's E and posterior mean
    m(x) = E (x - mu):  z | x ~ N(sqrt(tau) m(x), I - tau E W).

    model: W, mu and sigma2. tau: the share of the signal's variance that passes through z.
    """

    model: PPCA
    tau: float

    def __post_init__(self) -> None:
        if not 0 <= self.tau <= 1:
            raise ValueError(f"tau must be between 0 and 1, got {self.tau}")

    @validate.typed
    def likelihood(self, z: Float[Tensor, "*N H"]) -> LowRankMultivariateNormal:
        """p(x | z): batch shape (*N), event shape (D,)."""
        validate.finite(z=z)
        validate.columns(self.model.W[0], z=z)
        W, mu, noise = (
            self.model.W,
            self.model.mu,
            self.model.sigma2 * torch.ones_like(self.model.mu),
        )
        mean = self.tau**0.5 * z @ W.T + mu
        return LowRankMultivariateNormal(mean, (1 - self.tau) ** 0.5 * W, noise)

    @validate.typed
    def posterior(self, x: Float[Tensor, "N D"]) -> MultivariateNormal:
        """p(z | x_n), exact: batch shape (N,), event shape (H,)."""
        return MultivariateNormal(self._mean(x), self._covariance())

    @validate.typed
    def rate(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """KL(p(z | x_n) || p(z)) = 1/2 [||m||^2 + Tr G - H - log|G|] in nats, m, G the posterior's."""
        mean, G = self._mean(x), self._covariance()
        return (mean.square().sum(1) + (G - self._eye()).trace() - G.logdet()) / 2

    @validate.typed
    def distortion(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """-E_q[log p(x_n | z)] in nats, q the exact posterior: at its mean, and what its spread
        adds, 1/2 tau Tr[G W^T Psi^-1 W], with G its covariance and Psi that of x given z.
        """
        validate.finite(**{"the squares of x": x.square()})  # they are what p(x | z) is asked for
        mean, gram = self._mean(x), self.model.W.T @ self.model.W
        narrowed = torch.linalg.solve((1 - self.tau) * gram + self.model.sigma2 * self._eye(), gram)
        spread = self.tau * (self._covariance() * narrowed.T).sum() / 2
        at_zero = self.likelihood(torch.zeros_like(mean[0]))  # one, not N: Psi is the same for all
        return spread - at_zero.log_prob(x - self.tau**0.5 * mean @ self.model.W.T)

    def information(self) -> float:
        """I(x; z), the mean rate of the model's own data, in nats. With lambda_i the eigenvalues of
        W W^T + sigma2 I:  sum over the H largest of 1/2 log[lambda_i / (lambda_i - tau (lambda_i - sigma2))].
        """
        W, sigma2 = self.model.W, float(self.model.sigma2)
        largest = torch.linalg.svdvals(W).square() + sigma2
        return (largest / (largest - self.tau * (largest - sigma2))).log().sum().item() / 2

    def _mean(self, x: Tensor) -> Tensor:
        """sqrt(tau) E (x_n - mu) (N, H), that of z given x."""
        validate.finite(x=x)
        validate.columns(self.model.mu, x=x)
        return self.tau**0.5 * (x - self.model.mu) @ self.model.E.T

    def _covariance(self) -> Tensor:
        """I - tau E W (H, H), that of z given x, whatever x is."""
        return self._eye() - self.tau * self.model.E @ self.model.W

    def _eye(self) -> Tensor:
        W = self.model.W
        return torch.eye(W.shape[1], dtype=W.dtype, device=W.device)


class Point(NamedTuple):
    """A point of the rate-distortion plane: nats, and the squared error summed over dimensions."""

    rate: float
    error: float


@validate.typed
def water_filling(eigenvalues: Float[Tensor, "D"], level: float) -> Point:
    """The least rate at which Gaussian data of these variances can have this squared error.

    rate = sum_i 1/2 log(lambda_i / level)_+,  error = sum_i min(lambda_i, level): every direction
    above the level is coded until what is left of it is the level, the others not at all. The slope
    is d rate / d error = -1 / (2 level). A linear VAE with noise sigma2 and weight beta of its KL
    ends at level = beta sigma2.
    Source: Cover & Thomas, Elements of Information Theory, 2006, theorem 10.3.3.
    """
    validate.finite(eigenvalues=eigenvalues)
    if (eigenvalues < 0).any():
        raise ValueError(f"eigenvalues must not be below 0, got {eigenvalues.min().item()}")
    validate.positive(level=level)
    rate = (eigenvalues / level).clamp(min=1).log().sum() / 2
    return Point(rate.item(), eigenvalues.clamp(max=level).sum().item())
