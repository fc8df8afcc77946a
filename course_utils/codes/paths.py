"""Paths in a latent space, measured by what the decoder makes of them.

A step dz moves the decoded x by J dz, so its length is sqrt(dz^T J^T J dz): J^T J is the metric that
the decoder pulls back, and does not depend on how the latents were chosen.
Source: Arvanitidis, Hansen & Hauberg, "Latent space oddity: on the curvature of deep generative
models", ICLR 2018, sec. 2.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize
from torch import Tensor

from course_utils import validate

__all__ = ["arc_between", "length", "metric", "shortest", "straight"]

Decode = Callable[[Tensor], Tensor]  # z (T, H) -> x (T, D), row by row


@validate.typed
def straight(
    start: Float[Tensor, "H"], end: Float[Tensor, "H"], num_steps: int = 40
) -> Float[Tensor, "T H"]:
    """The straight line in num_steps equal steps."""
    share = _shares(start, end, num_steps)
    return start + share * (end - start)


@validate.typed
def arc_between(
    start: Float[Tensor, "H"], end: Float[Tensor, "H"], num_steps: int = 40
) -> Float[Tensor, "T H"]:
    """On the sphere: directions turn at an even pace, norms go from one to the other in a line."""
    share = _shares(start, end, num_steps)
    lengths = torch.stack([start.norm(), end.norm()])
    if not lengths.isfinite().all():
        raise ValueError("start and end must have finite norms")
    if not (lengths > 0).all():
        raise ValueError("start and end must not be the origin, which has no direction")
    a, b = start / lengths[0], end / lengths[1]
    cosine = (a @ b).clamp(-1, 1)
    if cosine < -1 + 1e-9:
        raise ValueError("start and end must not be opposite: the arc between is not unique")
    angle = cosine.arccos()
    if angle < 1e-6:
        return straight(start, end, num_steps)
    turned = ((1 - share) * angle).sin() * a + (share * angle).sin() * b
    return turned / angle.sin() * (lengths[0] + share * (lengths[1] - lengths[0]))


@validate.typed
def metric(decode: Decode, z: Float[Tensor, "T H"]) -> Float[Tensor, "T H H"]:
    """J^T J at every z."""
    _decoded(decode, z, "z")
    J = torch.autograd.functional.jacobian(lambda z: decode(z).sum(0), z)  # (D, T, H): row by row
    return torch.einsum("dth,dtk->thk", J, J)


@validate.typed
def length(decode: Decode, path: Float[Tensor, "T H"]) -> Float[Tensor, ""]:
    """The length of the decoded path, summed from point to point; from below as steps get finer."""
    _enough(path)
    x = _decoded(decode, path, "path")
    return x.diff(dim=0).norm(dim=1).sum()


@validate.typed
def shortest(
    decode: Decode, path: Float[Tensor, "T H"], max_steps: int = 200
) -> Float[Tensor, "T H"]:
    """The path of least energy sum |x_t+1 - x_t|^2 near the given one, its ends held: L-BFGS.

    Least energy is least length at an even pace. It is a local least: another start may end shorter.
    """
    validate.integer(1, max_steps=max_steps)
    _enough(path)
    _decoded(decode, path, "path")
    size = path[1:-1].shape

    def energy(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        inner = torch.from_numpy(numbers.copy()).to(path).reshape(size).requires_grad_()
        whole = torch.cat([path[:1], inner, path[-1:]])
        with torch.enable_grad():
            value = decode(whole).diff(dim=0).square().sum()
        (slope,) = torch.autograd.grad(value, [inner])
        return value.item(), slope.double().numpy().ravel()

    begin = path[1:-1].detach().double().numpy().ravel()
    options = {"maxiter": max_steps, "ftol": 1e-13, "gtol": 1e-9}
    found = minimize(energy, begin, jac=True, method="L-BFGS-B", options=options)
    inner = torch.from_numpy(found.x).to(path).reshape(size)
    return torch.cat([path[:1], inner, path[-1:]])


def _shares(start: Tensor, end: Tensor, num_steps: int) -> Tensor:
    validate.finite(start=start, end=end)
    validate.same_dtype(start.dtype, end=end)
    validate.integer(1, num_steps=num_steps)
    return torch.linspace(0, 1, num_steps + 1).to(start)[:, None]


def _enough(path: Tensor) -> None:
    if len(path) < 3:
        raise ValueError(f"path must have three points at least, got {len(path)}")


def _decoded(decode: Decode, z: Tensor, name: str) -> Tensor:
    validate.finite(**{name: z})
    x = decode(z)
    if not isinstance(x, Tensor) or x.shape[:1] != z.shape[:1] or x.ndim != 2:
        got = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"decode must give (T, D) for {name} (T, H), got {got}")
    if not x.isfinite().all():
        raise ValueError(f"decode must give finite x along {name}")
    return x
