"""Independent normals given by their log variances, as networks give them; densities of all pairs."""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import log, pi

import torch
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Distribution,
    Independent,
    MultivariateNormal,
    Normal,
    kl_divergence,
    register_kl,
)
from torch.nn.functional import mse_loss, softplus

__all__ = ["Gaussian", "StandardNormal", "pairwise"]


class Gaussian(Independent):
    """N(mean, diag exp(log_variance)), event shape (D,).

    mean (..., D). log_variance: of the same shape, or a scalar for one variance in all dimensions.
    It is torch's Independent(Normal), unchecked: NaN is found, with advice, by the training loop.
    What a training step calls (log_prob, rsample, the KL to a `StandardNormal`) is written anew
    from the log variance, in as few kernels as it takes: with small networks they are the time.
    torch's Normal itself is made when asked for.
    """

    reinterpreted_batch_ndims = 1
    has_rsample = True

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        Distribution.__init__(self, mean.shape[:-1], mean.shape[-1:], validate_args=False)
        self._mean, self.log_variance = mean, log_variance

    @cached_property
    def base_dist(self) -> Normal:
        """N(mean_d, exp(log_variance_d)), for what `Independent` does with it."""
        scale = (self.log_variance / 2).exp().expand_as(self._mean)
        return Normal(self._mean, scale, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """As given, (..., D)."""
        return self._mean

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """mean + sigma epsilon with epsilon ~ N(0, I), (*sample_shape, ..., D)."""
        mean = self._mean
        epsilon = torch.randn(*sample_shape, *mean.shape, dtype=mean.dtype, device=mean.device)
        return torch.addcmul(mean, (self.log_variance / 2).exp(), epsilon)

    def log_prob(self, value: Tensor) -> Tensor:
        """-1/2 sum_d [(x_d - mean_d)^2 / variance_d + log(2 pi variance_d)] for x (..., D)."""
        mean = self._mean
        if mean.shape != value.shape:  # views that are not needed cost, too
            mean, value = torch.broadcast_tensors(mean, value)
        squares = mse_loss(mean, value, reduction="none")  # one kernel there, one back
        precision, constant = (-self.log_variance).exp(), self.log_variance + log(2 * pi)
        if self.log_variance.ndim == 0:
            constant = constant * (self.event_shape[0] / -2)
            return torch.addcmul(constant, squares.sum(-1), precision, value=-0.5)
        return torch.addcmul(constant, squares, precision).sum(-1) / -2

    def expand(self, batch_shape: Sequence[int], _instance: None = None) -> "Gaussian":
        """The same with another batch shape."""
        mean = self._mean.expand(*batch_shape, *self.event_shape)
        scalar = self.log_variance.ndim == 0
        return Gaussian(mean, self.log_variance if scalar else self.log_variance.expand_as(mean))


class StandardNormal(Gaussian):
    """N(0, I) in len(zero) dimensions; zero (D,) gives dtype and device."""

    def __init__(self, zero: Tensor) -> None:
        super().__init__(zero, zero.new_zeros(()))


@register_kl(Gaussian, StandardNormal)
def _kl_to_the_prior(q: Gaussian, p: StandardNormal) -> Tensor:
    log_variance = q.log_variance if q.log_variance.ndim else q.log_variance.expand_as(q.mean)
    return (q.mean.square() + log_variance.expm1() - log_variance).sum(-1) / 2


@register_kl(MultivariateNormal, Independent)
def _kl_of_full_covariance(q: MultivariateNormal, p: Independent) -> Tensor:
    """To independent normals, which torch leaves out."""
    if not isinstance(p.base_dist, Normal):
        raise NotImplementedError(
            "p must be made of normals for a KL from a full covariance in closed form, "
            f"got {type(p.base_dist).__name__}"
        )
    return kl_divergence(q, MultivariateNormal(p.mean, scale_tril=torch.diag_embed(p.stddev)))


def pairwise(p: Distribution, x: Tensor) -> Tensor:
    """log p_g(x_n) of every point x (N, D) under every member of p, batch shape (G,): (N, G)."""
    return under_all(p)(x)


def under_all(p: Distribution) -> Callable[[Tensor], Tensor]:
    """`pairwise` of this p, as a function of x; what does not depend on x is computed once.

    Gaussian and Bernoulli are exponential families: log p(x) = x . a + x^2 . b + c, two matrix
    products, or one where b is the same number everywhere. Any other p is asked for one point
    after another.
    """
    if isinstance(p, Gaussian) and p.log_variance.ndim == 0:
        precision, mean = (-p.log_variance).exp(), p.mean.T
        constant = p.mean.square().sum(1) * precision + len(mean) * (p.log_variance + log(2 * pi))

        def one_variance(x: Tensor) -> Tensor:
            length = x.square().sum(1, keepdim=True) * precision
            return torch.addmm(constant / -2, x * precision, mean) - length / 2

        return one_variance
    base = p.base_dist if isinstance(p, Independent) else None
    if isinstance(base, Bernoulli):
        a, constant = base.logits.T, -softplus(base.logits).sum(1)
        return lambda x: torch.addmm(constant, x, a)
    if isinstance(base, Normal):
        b = base.scale.T**-2
        a, constant = (
            base.loc.T * b,
            (base.loc.T.square() * b + (2 * pi * base.variance.T).log()).sum(0),
        )
        return lambda x: x @ a - (x.square() @ b + constant) / 2
    return lambda x: torch.stack([p.log_prob(point) for point in x])
