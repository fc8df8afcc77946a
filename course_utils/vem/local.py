"""The q_n of variational EM: one Gaussian a data point, its parameters a row of a matrix."""

from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, MultivariateNormal

from course_utils import validate
from course_utils.gaussian import Gaussian

__all__ = ["Covariance", "Local", "gaussian", "num_parameters", "parameters_of"]

Covariance = Literal["diagonal", "full"]


def num_parameters(latent_dim: int, covariance: Covariance) -> int:
    """How many numbers lambda_n holds: 2 H, or H + H (H + 1) / 2."""
    return 2 * latent_dim if covariance == "diagonal" else latent_dim * (latent_dim + 3) // 2


def gaussian(parameters: Tensor, latent_dim: int) -> Independent | MultivariateNormal:
    """q from lambda (..., P): the means, the H log variances, then any Cholesky entries.

    P = 2 H gives a diagonal covariance. With more, Sigma = L L^T with the roots of the
    variances on the diagonal of L and the further entries below it, row by row. Unchecked, as
    `Gaussian` is: NaN is found, with advice, by the training loop.
    """
    validate.integer(1, latent_dim=latent_dim)
    widths = num_parameters(latent_dim, "diagonal"), num_parameters(latent_dim, "full")
    if not isinstance(parameters, Tensor) or parameters.shape[-1:].numel() not in widths:
        got = tuple(parameters.shape) if isinstance(parameters, Tensor) else type(parameters)
        raise ValueError(
            f"parameters must be a tensor with {widths[0]} columns for a diagonal covariance or "
            f"{widths[1]} for a full one, got {got}"
        )
    num_below = parameters.shape[-1] - 2 * latent_dim
    if not num_below:
        return Gaussian(*parameters.chunk(2, -1))
    mean, log_variance, below = parameters.split([latent_dim, latent_dim, num_below], -1)
    row, column = torch.tril_indices(latent_dim, latent_dim, -1, device=parameters.device)
    scale_tril = torch.diag_embed((log_variance / 2).exp())
    scale_tril[..., row, column] = below
    return MultivariateNormal(mean, scale_tril=scale_tril, validate_args=False)


def parameters_of(q: Distribution, covariance: Covariance) -> Tensor:
    """lambda (N, P) of a Gaussian q: `gaussian` turned round."""
    parameters = [q.mean, q.variance.log()]
    if covariance == "full":
        H = q.event_shape.numel()
        row, column = torch.tril_indices(H, H, -1, device=q.mean.device)
        full = isinstance(q, MultivariateNormal)
        scale_tril = q.scale_tril if full else torch.diag_embed(q.stddev)  # type: ignore
        parameters = [q.mean, 2 * scale_tril.diagonal(dim1=-2, dim2=-1).log()]
        parameters.append(scale_tril[..., row, column])
    return torch.cat(parameters, -1).detach()


@validate.typed
class Local(nn.Module):
    """q_n(z) = N(z | mu_n, Sigma_n), with lambda_n row n of `rows` (N, P).

    covariance: "diagonal" or "full". Every q_n begins as N(0, I), or as start's.
    """

    def __init__(
        self,
        num_points: int,
        latent_dim: int,
        covariance: Covariance = "diagonal",
        start: Distribution | None = None,
    ) -> None:
        super().__init__()
        validate.integer(1, num_points=num_points, latent_dim=latent_dim)
        width = num_parameters(latent_dim, covariance)
        if start is None:
            values = torch.zeros(num_points, width)
        else:
            validate.latents(start, num_points, (latent_dim,), name="start")
            values = parameters_of(start, covariance)
            if not values.isfinite().all():
                raise ValueError("start must have finite means, and finite variances above 0")
        self.latent_dim = latent_dim
        self.rows = nn.Parameter(values)

    def forward(self, n: Int[Tensor, "B"] | None = None) -> Independent | MultivariateNormal:
        """q of the data points n, or of all: batch shape (B,) or (N,), event shape (H,).

        Of chosen points the gradient is sparse: a minibatch costs the same for any N.
        """
        chosen = self.rows if n is None else nn.functional.embedding(n, self.rows, sparse=True)
        return gaussian(chosen, self.latent_dim)
