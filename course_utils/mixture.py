"""A mixture of Gaussians: the latent is which component a point came from."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.distributions import Categorical, Independent, Normal

from course_utils import validate

__all__ = ["Mixture"]


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
        for name, values in {"weights": self.weights, "sigma2": self.sigma2}.items():
            if not (values > 0).all():
                raise ValueError(f"{name} must be above 0, got {values.tolist()}")
        if abs(self.weights.sum().item() - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1, got {self.weights.sum().item():.6g}")

    @validate.typed
    def log_joint(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N C"]:
        """log p(x_n, z_n = k) for every point and component."""
        validate.finite(x=x)
        validate.columns(self.means[0], x=x)
        components = Independent(Normal(self.means, self.sigma2.sqrt()[:, None]), 1)
        return self.weights.log() + components.log_prob(x[:, None])

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
        validate.latents(q, len(x), ())
        if q.probs.shape[1] != len(self.weights):
            raise ValueError(f"q must have {len(self.weights)} categories, got {q.probs.shape[1]}")
        return (q.probs * self.log_joint(x)).sum(1)

    @staticmethod
    @validate.typed
    def maximise(x: Float[Tensor, "N D"], q: Categorical) -> "Mixture":
        """The mixture with the largest sum of E_q[log p(x_n, z_n)]: weighted moments.

        Variances stay above a millionth of the data's, or a component could shrink onto one
        point and its likelihood grow without bound.
        """
        validate.finite(x=x)
        validate.latents(q, len(x), ())
        r = q.probs  # (N, C)
        counts = r.sum(0)
        means = r.T @ x / counts[:, None]
        spread = (r * (x[:, None] - means).square().sum(2)).sum(0)
        floor = 1e-6 * x.var(0, correction=0).mean()
        return Mixture(counts / len(x), means, (spread / counts / x.shape[1]).clamp(min=floor))
