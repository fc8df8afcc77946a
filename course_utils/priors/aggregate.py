"""The aggregate posterior q_agg(z) = (1/N) sum_n q(z | x_n): where an encoder puts all its codes.

The mean rate falls in two, mean_n KL(q_n || p) = I_q(n; z) + KL(q_agg || p): what a code tells of
its data point, and what the prior knows wrongly of the codes. No prior, the networks held, can
add more than the second to the mean ELBO of these points.

Source: Hoffman & Johnson, "ELBO surgery", NIPS workshop on advances in approximate Bayesian
inference, 2016.
"""

from math import log
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal

from course_utils import validate
from course_utils.deep.evidence import Grid
from course_utils.gaussian import pairwise
from course_utils.portions import in_portions

__all__ = ["Split", "density", "log_prob", "split"]


@validate.typed
def log_prob(q: Distribution, z: Float[Tensor, "G H"]) -> Float[Tensor, "G"]:
    """log q_agg(z_g) in nats, for q of batch shape (N,) and event shape (H,).

    In portions: z, q and the result apart, no tensor holds more than 25 million numbers.
    """
    num_points = _checked(q, z.shape[1], z.dtype)
    validate.finite(z=z)

    def of_nodes(z: Tensor) -> Tensor:
        pairs = pairwise(q, z) if _factorised(q) else q.log_prob(z[:, None])
        return pairs.logsumexp(1) - log(num_points)

    per_node = num_points if _factorised(q) else num_points * z.shape[1]  # `pairwise` multiplies
    values = in_portions(of_nodes, per_node, z)
    if values.isnan().any():
        raise ValueError("q must not give NaN: its log density is, at some z")
    return values


@validate.typed
def density(q: Distribution, grid: Grid) -> Tensor:
    """q_agg on a grid of one or two latents, (G,) or (G1, G2); grid as `exact.log_evidence` takes it.

    Where every q_n is a product over its latents, the sum over n is one matrix product.
    """
    axes = _axes(grid)
    num_points = _checked(q, len(axes), axes[0].dtype)
    if _factorised(q):
        normal, factors = q.base_dist, []  # type: ignore[attr-defined]
        for i, axis in enumerate(axes):
            one = Normal(normal.loc[:, i, None], normal.scale[:, i, None])
            factors.append(one.log_prob(axis).exp())  # (N, G_i)
        return factors[0].T @ factors[1] / num_points if len(axes) == 2 else factors[0].mean(0)
    z = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    return log_prob(q, z).exp().reshape([len(axis) for axis in axes])


class Split(NamedTuple):
    """The mean rate's two parts, in nats per data point: I_q(n; z) and KL(q_agg || prior)."""

    information: Float[Tensor, ""]
    marginal: Float[Tensor, ""]

    @property
    def rate(self) -> Float[Tensor, ""]:
        """mean_n KL(q_n || prior)."""
        return self.information + self.marginal


@validate.typed
def split(q: Distribution, prior: Distribution, grid: Grid) -> Split:
    """I_q(n; z) and KL(q_agg || prior), by the trapezoid rule over one or two latents.

    q: batch shape (N,), event shape (H,), with an entropy. grid: as in `density`; it must hold all
    of q_agg, and finely enough.
    """
    axes = _axes(grid)
    validate.latents(prior, None, (len(axes),), axes[0].dtype, "prior")
    q_agg = density(q, grid)
    z = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    log_p = prior.log_prob(z).reshape(q_agg.shape)

    def integral(values: Tensor) -> Tensor:
        for axis in reversed(axes):
            values = torch.trapezoid(values, axis)
        return values

    if abs((mass := integral(q_agg).item()) - 1) > 1e-3:
        raise ValueError(
            f"grid must hold q_agg, wide and fine enough: its mass there is {mass:.4f}"
        )
    negative_entropy = integral(torch.xlogy(q_agg, q_agg))
    information = -negative_entropy - q.entropy().mean()
    return Split(information, negative_entropy - integral(q_agg * log_p))


def _factorised(q: Distribution) -> bool:
    """Whether every q_n is normal, and a product over its latents."""
    return isinstance(q, Independent) and isinstance(q.base_dist, Normal)


def _axes(grid: Grid) -> tuple[Tensor, ...]:
    axes = (grid,) if isinstance(grid, Tensor) else grid
    for axis in axes:
        validate.finite(grid=axis)
        if axis.ndim != 1 or len(axis) < 2 or not (axis.diff() > 0).all():
            raise ValueError("grid must increase, and have shape (G,) with two points at least")
        validate.same_dtype(axes[0].dtype, grid=axis)
    return axes


def _checked(q: Distribution, latent_dim: int, dtype: torch.dtype) -> int:
    """How many data points q is of."""
    if len(q.batch_shape) != 1:
        raise ValueError(f"q must have batch shape (N,), got {tuple(q.batch_shape)}")
    validate.latents(q, q.batch_shape[0], (latent_dim,), dtype)
    return q.batch_shape[0]
