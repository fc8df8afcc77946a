"""The truth by quadrature: log evidence, posterior and expectations with one or two latents.

The trapezoid rule on a fixed grid. For a smooth density that has died out at both ends
of the grid its error falls faster than any power of the spacing (Trefethen & Weideman,
"The exponentially convergent trapezoidal rule", SIAM Review 2014, sec. 5), so halving
the spacing shows whether the answer can be trusted.
"""

from collections.abc import Callable

import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal

from course_utils import validate

__all__ = ["expectation", "log_evidence", "posterior"]

LogJoint = Callable[[Tensor], Tensor]
Grid = Tensor | tuple[Tensor, Tensor]


@validate.typed
def log_evidence(log_joint: LogJoint, grid: Grid) -> Tensor:
    """log p(x) = log of the integral of p(x, z) over z, in nats, one value per data point.

    log_joint: takes z of shape (G, H), all grid points, and returns log p(x, z) of shape
        (..., G), in nats: any leading axes are data points. -inf is allowed, NaN is not.
    grid: for H = 1 an increasing tensor (G,); for H = 2 a pair of them, whose product is
        the grid of G = G1 * G2 points, the last latent varying fastest.
    Returns shape (...), the leading axes of log_joint's result.
    """
    log_density, log_weight, _ = _on_grid(log_joint, grid)
    return torch.logsumexp(log_density + log_weight, -1)


@validate.typed
def posterior(log_joint: LogJoint, grid: Grid) -> Tensor:
    """The density p(z | x) at every grid point; arguments as in `log_evidence`.

    Returns shape (..., G) for one latent and (..., G1, G2) for two. By the trapezoid
    rule it integrates to 1.
    """
    log_density, log_weight, shape = _on_grid(log_joint, grid)
    log_evidence = torch.logsumexp(log_density + log_weight, -1, keepdim=True)
    return (log_density - log_evidence).exp().unflatten(-1, shape)


@validate.typed
def expectation(f: LogJoint, q: Distribution, num_nodes: int = 20) -> Tensor:
    """E_q[f(z)] for a Gaussian q by Gauss-Hermite quadrature, one value per data point.

    f: takes z (num_nodes^H, *batch, H), returns (num_nodes^H, *batch); exact where f is a
        polynomial of degree 2 num_nodes - 1 or less in every latent.
    num_nodes: at most 370, beyond which NumPy's weights overflow in float64.
    q: MultivariateNormal, or Independent(Normal, 1), of batch shape (*batch) and event (H,).
        Any other is a TypeError.
    Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, 25.4.46.
    """
    validate.finite(**{"the mean of q": q.mean, "the variance of q": q.variance})
    expected = gauss_hermite(f, q, num_nodes)
    if expected.isnan().any():
        raise ValueError("f must not return NaN")
    return expected


def gauss_hermite(f: LogJoint, q: Distribution, num_nodes: int) -> Tensor:
    """`expectation` without its checks of values, for the inside of a training loop."""
    full = isinstance(q, MultivariateNormal)
    diagonal = isinstance(q, Independent) and isinstance(q.base_dist, Normal)
    if not (full or diagonal) or len(q.event_shape) != 1:
        raise TypeError(f"q must be MultivariateNormal or Independent(Normal, 1), got {q}")
    validate.integer(1, 370, num_nodes=num_nodes)
    H = q.event_shape.numel()
    node, weight = (torch.from_numpy(a).to(q.mean) for a in hermegauss(num_nodes))
    eps = torch.cartesian_prod(*[node] * H).reshape(-1, *[1] * len(q.batch_shape), H)
    log_weight = torch.cartesian_prod(*[(weight / weight.sum()).log()] * H).reshape(-1, H).sum(1)
    if isinstance(q, MultivariateNormal):
        z = q.mean + (q.scale_tril @ eps[..., None])[..., 0]
    else:
        z = q.mean + q.stddev * eps
    values = f(z)
    if not isinstance(values, Tensor) or values.shape != z.shape[:-1]:
        got = tuple(values.shape) if isinstance(values, Tensor) else values
        raise ValueError(f"f must return shape {tuple(z.shape[:-1])}, one value a node, got {got}")
    if values.dtype != z.dtype:
        raise TypeError(f"f must return the dtype of q, {z.dtype}, got {values.dtype}")
    return torch.tensordot(log_weight.exp(), values, 1)


def _on_grid(log_joint: LogJoint, grid: Grid) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """log p(x, z) at every grid point, the log of its trapezoid weight, the grid's shape."""
    axes = (grid,) if isinstance(grid, Tensor) else grid
    for axis in axes:
        if axis.ndim != 1 or not axis.is_floating_point() or len(axis) < 2:
            raise ValueError(
                "grid must be floating-point tensors of shape (G,) with at least two points, "
                f"got {axis.dtype} of shape {tuple(axis.shape)}"
            )
        validate.finite(grid=axis)
        if not (axis.diff() > 0).all():
            raise ValueError("grid must be strictly increasing")
        if axis.dtype != axes[0].dtype:
            raise TypeError(f"grid must have one dtype, got {axes[0].dtype} and {axis.dtype}")

    z = torch.cartesian_prod(*axes).reshape(-1, len(axes))  # (G, H)
    weights = [_trapezoid(axis) for axis in axes]
    log_weight = torch.cartesian_prod(*weights).reshape(-1, len(axes)).log().sum(1)  # (G,)

    log_density = log_joint(z)
    if not isinstance(log_density, Tensor) or log_density.shape[-1:] != log_weight.shape:
        got = tuple(log_density.shape) if isinstance(log_density, Tensor) else log_density
        raise ValueError(f"log_joint must return shape (..., {len(z)}) on this grid, got {got}")
    if (log_density.isnan() | log_density.isposinf()).any():
        raise ValueError("log_joint must not return NaN or +inf")
    if (log_density.amax(-1) == -torch.inf).any():
        raise ValueError("log_joint must be above -inf somewhere on the grid, for every data point")
    return log_density, log_weight, tuple(len(axis) for axis in axes)


def _trapezoid(axis: Tensor) -> Tensor:
    """Weights (G,) with which values at the nodes sum to the trapezoid rule."""
    half = axis.diff() / 2
    zero = half.new_zeros(1)
    return torch.cat([half, zero]) + torch.cat([zero, half])
