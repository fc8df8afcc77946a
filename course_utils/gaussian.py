"""Independent normals given by their log variances, as networks give them."""

from collections.abc import Sequence
from functools import cached_property
from math import log, pi

import torch
from torch import Tensor
from torch.distributions import (
    Distribution,
    Independent,
    MultivariateNormal,
    Normal,
    kl_divergence,
    register_kl,
)

__all__ = ["Gaussian", "StandardNormal"]


class Gaussian(Independent):
    """N(mean, diag exp(log_variance)), event shape (D,).

    mean (..., D). log_variance: of the same shape, or a scalar for one variance in all dimensions.
    It is torch's Independent(Normal), unchecked: NaN is found, with advice, by the training loop.
    Only what a training step uses is written anew: from the log variance, log_prob and the KL to a
    `StandardNormal` need neither a root nor a logarithm, and Normal itself is made when asked for.
    """

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        self._mean, self.log_variance = mean, log_variance
        self.reinterpreted_batch_ndims = 1
        Distribution.__init__(self, mean.shape[:-1], mean.shape[-1:], validate_args=False)

    @cached_property
    def base_dist(self) -> Normal:  # type: ignore[override]
        """torch's Normal, batch shape (..., D)."""
        scale = (self.log_variance / 2).exp().expand_as(self._mean)
        return Normal(self._mean, scale, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """Of shape (..., D)."""
        return self._mean

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """mean + exp(log_variance / 2) eps, with eps drawn by torch's global generator."""
        shape = self._extended_shape(torch.Size(sample_shape))
        eps = torch.randn(shape, dtype=self._mean.dtype, device=self._mean.device)
        return self._mean + (self.log_variance / 2).exp() * eps

    def log_prob(self, value: Tensor) -> Tensor:
        """-1/2 sum_d [(x_d - mean_d)^2 / variance_d + log(2 pi variance_d)] for x (..., D)."""
        squares = (value - self.mean).square()
        precision, constant = (-self.log_variance).exp(), self.log_variance + log(2 * pi)
        if self.log_variance.ndim == 0:
            return (squares.sum(-1) * precision + self.event_shape[0] * constant) / -2
        return (squares * precision + constant).sum(-1) / -2

    def expand(self, batch_shape: Sequence[int], _instance: None = None) -> "Gaussian":
        """The same with another batch shape."""
        mean = self.mean.expand(*batch_shape, *self.event_shape)
        scalar = self.log_variance.ndim == 0
        return Gaussian(mean, self.log_variance if scalar else self.log_variance.expand_as(mean))


class StandardNormal(Gaussian):
    """N(0, I) in len(zero) dimensions; zero (D,) gives dtype and device."""

    def __init__(self, zero: Tensor) -> None:
        super().__init__(zero, zero.new_zeros(()))


@register_kl(Gaussian, StandardNormal)
def _kl_to_the_prior(q: Gaussian, p: StandardNormal) -> Tensor:
    log_variance = q.log_variance.expand_as(q.mean)
    return (q.mean.square() + log_variance.exp() - log_variance - 1).sum(-1) / 2


@register_kl(MultivariateNormal, Independent)
def _kl_of_full_covariance(q: MultivariateNormal, p: Independent) -> Tensor:
    """To independent normals, which torch leaves out."""
    if not isinstance(p.base_dist, Normal):
        raise NotImplementedError
    return kl_divergence(q, MultivariateNormal(p.mean, scale_tril=torch.diag_embed(p.stddev)))
