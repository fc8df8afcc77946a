"""A diffusion in one dimension by quadrature: nothing here is drawn.

Euler's chain on evenly spaced nodes. The trapezoid rule errs by 6e-9 a step at most if spacing is
below a step's sigma sqrt(dt), and the grid holds all mass that matters.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils import filtering, validate
from course_utils.diffusions.push import OnGrid
from course_utils.diffusions.sde import Diffusion, Push, Seen

__all__ = ["Chain", "Steered", "chain", "exact_push", "grid_elbo", "nodes"]


@validate.typed
def nodes(reach: float = 3.0, num_nodes: int = 121) -> Float[Tensor, "G"]:
    """num_nodes evenly spaced nodes from -reach to reach."""
    validate.positive(reach=reach)
    validate.integer(2, num_nodes=num_nodes)
    return torch.linspace(-reach, reach, num_nodes, dtype=torch.float64)


class Chain(NamedTuple):
    """The arguments of `filtering.forward`, for the ends of steps 1 ... T."""

    start: Float[Tensor, "G"]
    moves: Float[Tensor, "G G"]
    log_likelihood: Float[Tensor, "T G"]


@validate.typed
def chain(model: Diffusion, seen: Seen, dt: float, nodes: Float[Tensor, "G"]) -> Chain:
    """Euler's chain of the model, and what was seen of it, on the nodes."""
    h, steps = _checked(model, seen, dt, nodes), seen.steps(dt)
    moved = nodes + model.drift(nodes) * dt
    moves = filtering.transition(nodes, torch.full_like(nodes, h), moved, _width(model, dt))
    if model.scale > 0:
        start = model.start.log_prob(nodes).exp() * h @ moves
    else:
        start = h * _from_point(model, nodes, 0.0, dt)
    score = nodes.new_zeros(int(steps[-1]), len(nodes))
    score[steps - 1] = seen.log_prob(nodes[:, None]).T
    found = Chain(start, moves, score)
    _check_reach(found, _width(model, dt) / h)
    return found


def _check_reach(found: Chain, step: float) -> None:
    """Raise where the nodes cut off the model's mass, or the posterior's. step: in spacings."""
    mass = found.start
    for _ in range(len(found.log_likelihood) - 1):
        mass = mass @ found.moves
    if (lost := (mass.sum() - 1).abs().item()) > 1e-3:
        raise ValueError(f"nodes must hold the model's mass, a share of {lost:.2g} is lost: wider")
    exact, _ = filtering.forward_backward(*found)
    edge = exact[:, [0, -1]].amax().item() * step  # about what is within one step of an end
    if not edge < 1e-3:
        raise ValueError(f"nodes must reach beyond the data, a share of {edge:.2g} is at their end")


@validate.typed
def exact_push(model: Diffusion, seen: Seen, dt: float, nodes: Float[Tensor, "G"]) -> OnGrid:
    """The push whose steps have the exact posterior's means. As dt -> 0: sigma d/dx log h.

    It has the least KL(exact step || q's), not quite the ELBO's best push at finite dt.
    """
    _, moves, score = chain(model, seen, dt, nodes)
    log_h = filtering.backward(moves, score) + score  # of the ends of steps, y there included
    weight = (log_h - log_h.amax(1, keepdim=True)).exp()  # (T, G)
    mean = (weight * nodes) @ moves.T / (weight @ moves.T)
    return OnGrid(nodes, (mean - nodes - model.drift(nodes) * dt) / (model.sigma * dt))


class Steered(NamedTuple):
    """elbo and its parts, in nats: elbo = fit - kl - cost. masses (T, G): q at the ends of steps."""

    elbo: Tensor
    fit: Tensor
    kl: Tensor
    cost: Tensor
    masses: Tensor


@validate.typed
@torch.no_grad()
def grid_elbo(
    model: Diffusion,
    push: Push | None,
    seen: Seen,
    dt: float,
    nodes: Float[Tensor, "G"],
    start: Normal | None = None,
) -> Steered:
    """The ELBO of any push, by moving q's density over the grid; arguments as in `sde.paths`."""
    h, steps = _checked(model, seen, dt, nodes), seen.steps(dt)
    weights, drift = torch.full_like(nodes, h), model.drift(nodes)
    kl = cost = nodes.new_zeros(())
    if model.scale > 0:
        first = start or model.start
        kl, mass = kl_divergence(first, model.start), first.log_prob(nodes).exp() * h
    elif start is not None:
        raise ValueError("start must be None where the model knows X_0")
    masses: list[Tensor] = []
    for k in range(int(steps[-1])):
        if k == 0 and model.scale == 0:
            u = _at(push, k, nodes.new_tensor([model.mean]))[0]
            cost = 0.5 * u.square() * dt
            mass = h * _from_point(model, nodes, u.item(), dt)
        else:
            u = _at(push, k, nodes)
            cost = cost + 0.5 * mass @ u.square() * dt
            moved = nodes + (drift + model.sigma * u) * dt
            mass = mass @ filtering.transition(nodes, weights, moved, _width(model, dt))
        masses.append(mass)
    q = torch.stack(masses)
    if (lost := (q[-1].sum() - 1).abs().item()) > 1e-3:
        raise ValueError(f"nodes must hold q's mass, a share of {lost:.2g} is lost: wider or finer")
    fit = (q[steps - 1] * seen.log_prob(nodes[:, None]).T).sum()
    return Steered(fit - kl - cost, fit, kl, cost, q)


def _at(push: Push | None, k: int, x: Tensor) -> Tensor:
    u = torch.zeros_like(x) if push is None else push(k, x)
    if not isinstance(u, Tensor) or u.shape != x.shape or not u.isfinite().all():
        raise ValueError("push must give a finite value for every x")
    return u


def _from_point(model: Diffusion, nodes: Tensor, u: float, dt: float) -> Tensor:
    """The density of X_1 at the nodes, X_0 being known."""
    x = nodes.new_tensor(model.mean)
    return (
        Normal(x + (model.drift(x) + model.sigma * u) * dt, _width(model, dt)).log_prob(nodes).exp()
    )


def _width(model: Diffusion, dt: float) -> float:
    return model.sigma * math.sqrt(dt)


def _checked(model: Diffusion, seen: Seen, dt: float, nodes: Tensor) -> float:
    """The spacing of the nodes."""
    validate.finite(nodes=nodes)
    validate.positive(dt=dt)
    if seen.y.ndim != 1:
        raise ValueError(f"seen must hold one series, got y of shape {tuple(seen.y.shape)}")
    gaps = nodes.diff()
    if len(gaps) < 1 or not ((gaps - gaps[0]).abs() < 1e-4 * gaps[0]).all():
        raise ValueError("nodes must be evenly spaced, and rise")
    if gaps[0] > _width(model, dt):
        raise ValueError(f"nodes must be closer than a step is wide, {_width(model, dt):.3g}")
    return gaps[0].item()
