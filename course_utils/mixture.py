"""Mixtures, of Gaussians or Bernoullis: the latent is which component a point came from."""

from dataclasses import dataclass
from math import pi

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.distributions import Categorical

from course_utils import pca, validate

__all__ = ["BernoulliMixture", "Mixture"]


@validate.typed
@dataclass(frozen=True)
class Mixture:
    """z ~ Categorical(weights),  x | z = k ~ N(means_k, sigma2_k I).

    weights (C,): positive, sum 1. means (C, D). sigma2 (C,): one variance per component.

    Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 9.2.
    """

    weights: Float[Tensor, "C"]
    means: Float[Tensor, "C D"]
    sigma2: Float[Tensor, "C"]

    def __post_init__(self) -> None:
        validate.finite(weights=self.weights, means=self.means, sigma2=self.sigma2)
        _check_weights(self.weights)
        validate.same_dtype(self.weights.dtype, means=self.means, sigma2=self.sigma2)
        if not (self.sigma2 > 0).all():
            raise ValueError(f"sigma2 must be above 0, got {self.sigma2.tolist()}")

    @validate.typed
    def log_joint(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N C"]:
        """log p(x_n, z_n = k) for every point and component.

        Component by component: (N, D) and (N, C) are held at once, never (N, C, D).
        """
        validate.finite(x=x)
        validate.columns(self.means[0], x=x)
        log_det = x.shape[1] * (2 * pi * self.sigma2).log()
        log_joint = self.weights.log() - (_squares(x, self.means) / self.sigma2 + log_det) / 2
        if (log_joint.amax(1) == -torch.inf).any():
            raise ValueError(f"x is too far from every component for {x.dtype}: log p(x) is -inf")
        return log_joint

    @validate.typed
    def posterior(self, x: Float[Tensor, "N D"]) -> Categorical:
        """p(z | x_n), the responsibilities: batch shape (N,)."""
        return Categorical(logits=self.log_joint(x))

    @validate.typed
    def log_evidence(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """log p(x_n) in nats, one value per data point."""
        return self.log_joint(x).logsumexp(1)

    @validate.typed
    def expected_log_joint(self, q: Categorical, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """E_q[log p(x_n, z_n)] for any q with batch shape (N,), not only the posterior."""
        validate.finite(x=x)
        validate.latents(q, len(x), (), x.dtype)
        if q.probs.shape[1] != len(self.weights):
            raise ValueError(f"q must have {len(self.weights)} categories, got {q.probs.shape[1]}")
        return (q.probs * self.log_joint(x)).sum(1)

    @staticmethod
    @validate.typed
    def maximise(x: Float[Tensor, "N D"], q: Categorical) -> "Mixture":
        """The mixture with the largest sum of E_q[log p(x_n, z_n)]: weighted moments.

        Variances stay above a millionth of the data's, or a component could shrink onto one
        point and its likelihood grow without bound. A component to which q gives no point has no
        moments and is a ValueError: begin again with means nearer the data, or leave it out.
        """
        validate.finite(x=x)
        validate.varies(x=x)
        validate.latents(q, len(x), (), x.dtype)
        counts = q.probs.sum(0)
        if (empty := counts < torch.finfo(x.dtype).tiny).any():
            raise ValueError(f"q gives no point to component {int(empty.nonzero()[0])}")
        share = q.probs / counts  # (N, C), columns that sum to 1
        mu, centred = pca.centre(x)
        means = share.T @ centred
        sigma2 = (share * _squares(centred, means)).sum(0) / x.shape[1]
        floor = 1e-6 * centred.square().mean()
        validate.positive(**{"the variance of x": floor})
        return Mixture(counts / len(x), mu + means, sigma2.clamp(min=floor))


@validate.typed
@dataclass(frozen=True)
class BernoulliMixture:
    """z ~ Categorical(weights),  x_d | z = k ~ Bernoulli(means_kd), independent over pixels d.

    weights (C,): positive, sum 1. means (C, D): probabilities, strictly between 0 and 1.

    Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 9.3.3.
    """

    weights: Float[Tensor, "C"]
    means: Float[Tensor, "C D"]

    def __post_init__(self) -> None:
        validate.finite(weights=self.weights, means=self.means)
        _check_weights(self.weights)
        validate.same_dtype(self.weights.dtype, means=self.means)
        if not ((self.means > 0) & (self.means < 1)).all():
            raise ValueError("means must lie strictly between 0 and 1")

    @validate.typed
    def log_joint(
        self, x: Float[Tensor, "N D"], seen: Bool[Tensor, "D"] | None = None
    ) -> Float[Tensor, "N C"]:
        """log p(x_n, z_n = k) for every point and component; of the seen pixels only, if given."""
        _check_binary(x)
        validate.columns(self.means[0], x=x)
        seen = torch.ones_like(self.means[0], dtype=torch.bool) if seen is None else seen
        on, off = self.means[:, seen].log(), (1 - self.means[:, seen]).log()
        return self.weights.log() + x[:, seen] @ on.T + (1 - x[:, seen]) @ off.T

    @validate.typed
    def posterior(self, x: Float[Tensor, "N D"]) -> Categorical:
        """p(z | x_n), the responsibilities: batch shape (N,)."""
        return Categorical(logits=self.log_joint(x))

    @validate.typed
    def log_evidence(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
        """log p(x_n) in nats, one value per data point."""
        return self.log_joint(x).logsumexp(1)

    @staticmethod
    @validate.typed
    def maximise(x: Float[Tensor, "N D"], q: Categorical) -> "BernoulliMixture":
        """The mixture with the largest sum of E_q[log p(x_n, z_n)] when every count, of a
        component and of a pixel's 0 and 1 in it, is one higher than seen (Laplace's rule): so
        no probability reaches 0 or 1.
        """
        _check_binary(x)
        validate.latents(q, len(x), (), x.dtype)
        counts = q.probs.sum(0)
        means = (q.probs.T @ x + 1) / (counts[:, None] + 2)
        return BernoulliMixture((counts + 1) / (len(x) + len(counts)), means)


def _squares(x: Tensor, means: Tensor) -> Tensor:
    """||x_n - means_k||^2, (N, C)."""
    return torch.stack([(x - mean).square().sum(1) for mean in means], 1)


def _check_binary(x: Tensor) -> None:
    validate.finite(x=x)
    if not ((x == 0) | (x == 1)).all():
        raise ValueError("x must be binary, 0 or 1: use (x > 0.5).double()")


def _check_weights(weights: Tensor) -> None:
    if not (weights > 0).all():
        raise ValueError(f"weights must be above 0, got {weights.tolist()}")
    if abs(weights.sum().item() - 1) > 1e-6:
        raise ValueError(f"weights must sum to 1, got {weights.sum().item():.6g}")
