"""The truth by quadrature: log evidence, posterior and expectations with one or two latents,
and the bounds that samples of q give of the evidence.

The trapezoid rule on a fixed grid. For a smooth density that has died out at both ends
of the grid its error falls faster than any power of the spacing (Trefethen & Weideman,
"The exponentially convergent trapezoidal rule", SIAM Review 2014, sec. 5), so halving
the spacing shows whether the answer can be trusted.
"""

from collections.abc import Callable
from math import log

import torch
from jaxtyping import Float
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor
from torch.distributions import Distribution, Independent, MultivariateNormal, Normal

from course_utils import validate

__all__ = [
    "expectation",
    "log_evidence",
    "log_mean",
    "log_mean_upper",
    "path",
    "posterior",
]

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
    return _on_grid(log_joint, grid)[1]


@validate.typed
def posterior(log_joint: LogJoint, grid: Grid) -> Tensor:
    """The density p(z | x) at every grid point; arguments as in `log_evidence`.

    Returns shape (..., G) for one latent and (..., G1, G2) for two. By the trapezoid
    rule it integrates to 1.
    """
    log_density, log_evidence, shape = _on_grid(log_joint, grid)
    return (log_density - log_evidence[..., None]).exp().unflatten(-1, shape)


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


@validate.typed
def log_mean(
    log_w: Float[Tensor, "*N G"], weight: Float[Tensor, "*N G"], K: int
) -> Float[Tensor, "*N"]:
    """E log (w_1 + ... + w_K) / K in nats, for K independent draws of w: the K-sample bound.

    log_w: log p(x, z) - log q(z) at the nodes of a grid; -inf is allowed. weight: q's mass at every
    node, as q's density times the spacing; it is renormalised. Differentiable in both.

    Frullani's integral, log a = int_0^inf (e^-t - e^-ta) / t dt, turns the mean of a logarithm of
    a sum into a product: with phi(t) = E e^-tw and t = e^u,
        E log (1/K) sum_k w_k = int_-inf^inf e^(-e^u) - phi(e^u / K)^K du.
    The integrand is analytic within pi/2 of the real axis, and dies out at both ends, so that the
    trapezoid rule with spacing 1/3 leaves 1e-12 (Trefethen & Weideman 2014, sec. 5).
    """
    mass = _masses(log_w, weight, K)
    if K == 1:
        return (mass * log_w.where(mass > 0, 0)).sum(-1)
    never = ((log_w == -torch.inf) & (mass > 0)).any(-1)  # all K may be 0, and log 0 is -inf
    return _frullani(log_w, mass, K, None).masked_fill(never, -torch.inf)


@validate.typed
def log_mean_upper(
    log_w: Float[Tensor, "*N G"], weight: Float[Tensor, "*N G"], K: int
) -> Float[Tensor, "*N"]:
    """`log_mean` with one of the K draws from the posterior in place of q: never below log p(x).

    The posterior's mass is weight * w, renormalised; in Frullani's integral it changes one of
    the K factors phi. Source: Grosse, Ghahramani & Adams, "Sandwiching the marginal likelihood
    using bidirectional Monte Carlo", 2015.
    """
    mass = _masses(log_w, weight, K)
    posterior = (mass.log() + log_w).softmax(-1)
    if K == 1:
        return (posterior * log_w.where(posterior > 0, 0)).sum(-1)
    return _frullani(log_w, mass, K, posterior)


@validate.typed
def path(
    log_w: Float[Tensor, "*N G"], weight: Float[Tensor, "*N G"], betas: Float[Tensor, "B"]
) -> Float[Tensor, "*N B"]:
    """E[log w] under pi_beta, proportional to q^(1 - beta) p(x, z)^beta, for every beta; in nats.

    Arguments as in `log_mean`. It increases in beta, and its integral from 0 to 1 is log p(x).
    Source: Gelman & Meng, "Simulating normalizing constants", Statistical Science 1998.
    """
    validate.finite(betas=betas)
    if betas.min() < 0:
        raise ValueError(f"betas must be 0 or more, got {betas.min().item()}")
    mass = _masses(log_w, weight, 1)
    finite = log_w.where(log_w > -torch.inf, -1e300 if log_w.dtype == torch.float64 else -1e30)
    tilted = (mass.log()[..., None, :] + betas[:, None] * finite[..., None, :]).softmax(-1)
    return (tilted * finite[..., None, :].where(tilted > 0, 0)).sum(-1)


def _masses(log_w: Tensor, weight: Tensor, K: int) -> Tensor:
    """q's masses, summing to 1, after the checks of what came."""
    validate.integer(1, K=K)
    validate.finite(weight=weight)
    if (log_w.isnan() | log_w.isposinf()).any():
        raise ValueError("log_w must not be NaN or +inf")
    if (weight < 0).any() or (weight.sum(-1) <= 0).any():
        raise ValueError("weight must be 0 or more everywhere, and above 0 somewhere")
    if (log_w.where(weight > 0, -torch.inf).amax(-1) == -torch.inf).any():
        raise ValueError("log_w must be above -inf at some node where weight is above 0")
    return weight / weight.sum(-1, keepdim=True)


def _frullani(log_w: Tensor, mass: Tensor, K: int, first: Tensor | None) -> Tensor:
    """E log (1/K) sum_k w_k by Frullani's integral; the masses of the first draw, if they differ."""
    log_scale = (mass.log() + log_w).logsumexp(-1, keepdim=True).detach()  # so that E w = 1
    log_a = log_w - log_scale
    held = log_a.detach()
    most = held[mass * held.exp() > 1e-20].max().item()  # what is left out changes no digit
    least_a = held[(mass > 1e-20) & (log_w > -torch.inf)].min().item()
    start, end = min(0.0, log(K) - most) - 37, max(0.0, log(K) - least_a) + 4
    least = torch.finfo(log_a.dtype).eps  # of phi: log 0 has no slope
    total = torch.zeros_like(log_a[..., 0])
    for u in torch.arange(start, end, 1 / 3, dtype=log_w.dtype, device=log_w.device).split(64):
        log_tw = (log_a[..., None, :] + u[:, None] - log(K)).clamp(max=50)  # e^(-e^50) is 0
        decay = torch.expm1(-log_tw.exp())  # e^-tw - 1, (..., U, G)
        log_phi = torch.log1p((mass[..., None, :] * decay).sum(-1).clamp(min=least - 1))
        if first is None:
            product = (K * log_phi).exp()
        else:
            product = (1 + (first[..., None, :] * decay).sum(-1)) * ((K - 1) * log_phi).exp()
        total = total + (torch.exp(-u.exp()) - product).sum(-1) / 3
        if u[-1] > 4 and product[..., -1].max() < 1e-20:  # both terms only fall from here
            break
    return total + log_scale[..., 0]


def _on_grid(log_joint: LogJoint, grid: Grid) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """log p(x, z) at every grid point, log p(x), the grid's shape."""
    z, log_weight, shape = nodes(grid)
    log_density = log_joint(z)
    if not isinstance(log_density, Tensor) or log_density.shape[-1:] != log_weight.shape:
        got = tuple(log_density.shape) if isinstance(log_density, Tensor) else log_density
        raise ValueError(f"log_joint must return shape (..., {len(z)}) on this grid, got {got}")
    log_evidence = torch.logsumexp(log_density + log_weight, -1)
    # One bad value makes the sum bad, which is a pass over far fewer numbers.
    if (log_evidence.isnan() | log_evidence.isposinf()).any():
        raise ValueError("log_joint must not return NaN or +inf")
    if log_evidence.isneginf().any():
        raise ValueError("log_joint must be above -inf somewhere on the grid, for every data point")
    return log_density, log_evidence, shape


def nodes(grid: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """All points of a grid (G, H), the logs of their trapezoid weights (G,), the grid's shape."""
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

    z = torch.cartesian_prod(*axes).reshape(-1, len(axes))
    weights = torch.cartesian_prod(*(_trapezoid(axis) for axis in axes)).reshape(-1, len(axes))
    return z, weights.log().sum(1), tuple(len(axis) for axis in axes)


def _trapezoid(axis: Tensor) -> Tensor:
    """Weights (G,) with which values at the nodes sum to the trapezoid rule."""
    half = axis.diff() / 2
    zero = half.new_zeros(1)
    return torch.cat([half, zero]) + torch.cat([zero, half])
