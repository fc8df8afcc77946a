"""log p(x) of a model with one or two latents, by quadrature over z."""

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import exact, portions, validate
from course_utils.deep.model import Model, in_double, width
from course_utils.gaussian import pairwise, under_all
from course_utils.portions import in_portions

__all__ = ["Grid", "grid", "log_evidence", "log_joint", "mode"]

Grid = Tensor | tuple[Tensor, Tensor]
MOST_NODES = 1024  # of a tile, the table of some points and some nodes


@validate.typed
def log_joint(
    x: Float[Tensor, "N D"], z: Float[Tensor, "G H"], model: Model
) -> Float[Tensor, "N G"]:
    """log p(x_n, z_g) in nats, every data point with every latent; see `gaussian.pairwise`."""
    model.check(x)
    validate.finite(z=z)
    if z.shape[1] != model.latent_dim:
        raise ValueError(f"z must have {model.latent_dim} columns, got shape {tuple(z.shape)}")
    if z.dtype != x.dtype:
        raise TypeError(f"z must have the dtype of x, {x.dtype}, got {z.dtype}")

    def of_nodes(z: Tensor) -> Tensor:
        return pairwise(model(z), x) + model.prior.log_prob(z)

    values = in_portions(of_nodes, width(model), z)
    if values.isnan().any():
        raise ValueError("model must not give NaN: its log density is, at some z")
    return values


@validate.typed
def grid(
    latent_dim: int, spacing: float | None = None, device: torch.device | str | None = None
) -> Grid:
    """Quadrature nodes for one or two latents with a standard normal prior, from -6 to 6.

    spacing: by default 0.01 for one latent, 0.05 for two.
    """
    validate.integer(1, 2, latent_dim=latent_dim)
    if spacing is None:
        spacing = 0.01 if latent_dim == 1 else 0.05
    validate.positive(spacing=spacing)
    num_nodes = round(12 / spacing) + 1
    axis = torch.linspace(-6, 6, num_nodes, dtype=torch.float64, device=device)
    return axis if latent_dim == 1 else (axis, axis)


@validate.typed
def log_evidence(
    x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None
) -> Float[Tensor, "N"]:
    """log p(x_n) of a model with one or two latents by quadrature, in nats, always in float64.

    nodes: as `exact.log_evidence` takes them, by default `grid(H)`. Nodes and points are taken
    in portions: beside x, no tensor holds more than 25 million numbers (see `portions`), and the
    table of points and nodes is computed and summed tile by tile, in the processor's cache.
    """
    model, x, axes = _in_double(x, model, nodes)
    z, log_weight, _ = exact.nodes(axes)
    size = max(1, min(MOST_NODES, portions.NUMBERS // width(model)))
    value = x.new_full((len(x),), -torch.inf)
    with torch.no_grad():
        for some, weight in zip(z.split(size), log_weight.split(size), strict=True):
            log_likelihood, log_prior = under_all(model(some)), model.prior.log_prob(some)
            rows = [
                (log_likelihood(points) + (log_prior + weight)).logsumexp(1)
                for points in x.split(portions.CACHED // len(some))
            ]
            value = torch.logaddexp(value, torch.cat(rows))
    if (value.isnan() | value.isposinf()).any():
        raise ValueError("model must not give NaN or +inf: its log density is, at some z")
    if value.isneginf().any():
        raise ValueError("x must be where the model has a density above 0, at some node")
    return value


@validate.typed
def mode(x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None) -> Float[Tensor, "N H"]:
    """The node where the posterior of each point is highest; nodes as in `log_evidence`."""
    model, x, axes = _in_double(x, model, nodes)
    z = torch.cartesian_prod(*axes).reshape(-1, model.latent_dim)

    def of_points(x: Tensor) -> Tensor:
        return log_joint(x, z, model).argmax(1)

    with torch.no_grad():
        return z[in_portions(of_points, len(z), x)]


def _in_double(x, model, nodes) -> tuple[Model, Tensor, tuple[Tensor, ...]]:
    """A model and data to measure with, in float64, and the checked nodes of every latent."""
    validate.integer(1, 2, latent_dim=model.latent_dim)
    nodes = grid(model.latent_dim, device=x.device) if nodes is None else nodes
    axes = (nodes,) if isinstance(nodes, Tensor) else nodes
    if len(axes) != model.latent_dim:
        raise ValueError(
            f"nodes must be one tensor for each of {model.latent_dim} latents, got {len(axes)}"
        )
    for axis in axes:
        validate.finite(nodes=axis)
        if axis.dtype != torch.float64:
            raise TypeError(f"nodes must be float64, as all that is measured, got {axis.dtype}")
        if axis.ndim != 1 or len(axis) < 2 or not (axis.diff() > 0).all():
            raise ValueError(
                "nodes must increase, and have shape (G,) with two points at least, "
                f"got shape {tuple(axis.shape)}"
            )
    model, x = in_double(model), x.double()
    model.check(x)
    return model, x, axes
