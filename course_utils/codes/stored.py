"""Images in fog, p(x) = sum_n w_n N(x_n, scale^2 I), as a prior of images whose answers are exact.

With the training set and equal weights it is lesson 09's fog; with what a decoder makes of the nodes
of a grid, and the prior's weights there, a VAE by quadrature.

Seen through y = A x + noise eps its posterior is a mixture again: which image it was, by how well
A x_n explains y, and each image moved to agree with y. Its mean is kernel regression.
Source: Nadaraya, "On estimating regression", Theory of Probability and its Applications 9, 1964.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import MultivariateNormal

from course_utils import validate

__all__ = ["Answers", "Stored"]


@validate.typed
@dataclass(frozen=True)
class Stored:
    """p(x) = sum_n w_n N(x_n, scale^2 I).

    images (N, D). scale: a standard deviation. log_weights (N,): of any sum; equal if not given.
    """

    images: Float[Tensor, "N D"]
    scale: float
    log_weights: Float[Tensor, "N"] | None = None

    def __post_init__(self) -> None:
        validate.finite(images=self.images)
        validate.positive(scale=self.scale)
        if self.log_weights is not None:
            validate.finite(log_weights=self.log_weights)
            validate.same_dtype(self.images.dtype, log_weights=self.log_weights)

    @validate.typed
    def log_prob(self, x: Float[Tensor, "M D"]) -> Float[Tensor, "M"]:
        """log p(x_m) in nats."""
        return self.seen(torch.eye(self.images.shape[1]).to(self.images), x).log_evidence

    @validate.typed
    def seen(self, A: Float[Tensor, "K D"], y: Float[Tensor, "M K"], noise: float = 0.0):
        """What y_m = A x + noise eps tells: `Answers`. noise: a standard deviation, 0 for none.

        The rows of A must be independent where there is no noise.
        """
        validate.finite(A=A, y=y)
        validate.columns(self.images[0], A=A)
        validate.columns(A[:, 0], y=y)
        validate.not_negative(noise=noise)
        R = self.scale**2 * A @ A.T + noise**2 * torch.eye(len(A)).to(A)  # of y, given the image
        validate.finite(**{"A A^T": R})
        if torch.linalg.cond(R) > 0.1 / torch.finfo(R.dtype).eps:
            raise ValueError("A must have independent rows; or noise must be above 0")
        root = torch.linalg.cholesky(R)
        whitened = torch.linalg.solve_triangular(
            root, torch.cat([y, self.images @ A.T]).T, upper=False
        )
        apart = torch.cdist(whitened[:, : len(y)].T, whitened[:, len(y) :].T)
        constant = MultivariateNormal(torch.zeros(len(A)).to(A), scale_tril=root).log_prob(
            torch.zeros(len(A)).to(A)
        )
        weights = self.log_weights if self.log_weights is not None else self.images.new_zeros(1)
        log_w = weights.expand(len(self.images)).log_softmax(0)
        log_joint = constant - apart.square() / 2 + log_w
        gain = self.scale**2 * torch.linalg.solve(R, A).T  # (D, K)
        return Answers(self, A, y, gain, log_joint)


@dataclass(frozen=True)
class Answers:
    """p(x | y_m): image n with probability weights (M, N), then N(moved, scale^2 (I - gain A))."""

    prior: Stored
    A: Tensor
    y: Tensor
    gain: Tensor
    log_joint: Tensor  # log p(y_m, n), (M, N)

    @property
    def log_evidence(self) -> Tensor:
        """log p(y_m) in nats, (M,)."""
        return self.log_joint.logsumexp(1)

    @property
    def weights(self) -> Tensor:
        """p(n | y_m), (M, N)."""
        return self.log_joint.softmax(1)

    @property
    def mean(self) -> Tensor:
        """E[x | y_m], (M, D)."""
        return self._moved(self.weights @ self.prior.images)

    @property
    def variance(self) -> Tensor:
        """E ||x - mean||^2 given y_m, (M,): of which image it was, and of the fog that y leaves."""
        moved = self.prior.images - self.prior.images @ self.A.T @ self.gain.T
        between = self.weights @ moved.square().sum(1) - (self.weights @ moved).square().sum(1)
        return between + self._spread().trace()

    def sample(self) -> Tensor:
        """One x for every y, (M, D), by torch's global generator."""
        which = torch.multinomial(self.weights, 1)[:, 0]
        values, vectors = torch.linalg.eigh(self._spread())
        eps = torch.randn(len(self.y), len(self.gain)).to(self.A)
        noise = (eps * values.clamp(min=0).sqrt()) @ vectors.T
        return self._moved(self.prior.images[which]) + noise

    def _moved(self, x: Tensor) -> Tensor:
        return x + (self.y - x @ self.A.T) @ self.gain.T

    def _spread(self) -> Tensor:
        kept = torch.eye(len(self.gain)).to(self.A) - self.gain @ self.A
        return self.prior.scale**2 * (kept + kept.T) / 2
