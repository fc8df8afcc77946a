"""Hamiltonian Monte Carlo for all data points and chains at once, with a step per data point.

A move draws a velocity, follows the force grad log p for a few leapfrog steps, and is accepted
with probability min(1, e^-(rise of the energy)): the density is left exactly as it is.

Source: Neal, "MCMC using Hamiltonian dynamics", Handbook of Markov Chain Monte Carlo, 2011, sec. 3.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import deep, validate
from course_utils.vem.objective import log_joint

__all__ = ["Point", "at", "chain", "move", "tuned"]

LogDensity = Callable[[Tensor], Tensor]
TARGET = 0.75  # of the moves accepted: near where a leapfrog goes furthest for its price


class Point(NamedTuple):
    """Where the chains stand, z (S, N, H); the log density there (S, N), and its gradient."""

    z: Tensor
    value: Tensor
    slope: Tensor


def at(z: Tensor, log_density: LogDensity) -> Point:
    """The point z with its density and gradient."""
    with torch.enable_grad():
        leaf = z.detach().requires_grad_()
        value = log_density(leaf)
        [slope] = torch.autograd.grad(value.sum(), leaf)
    return Point(z.detach(), value.detach(), slope)


def move(
    point: Point, log_density: LogDensity, step: Tensor, num_leapfrog: int
) -> tuple[Point, Tensor]:
    """One move of every chain, and the probability (S, N) with which it was accepted.

    step: broadcasts to z (S, N, H); in units of z.
    """
    velocity = torch.randn_like(point.z)
    end, speed = point, velocity
    for _ in range(num_leapfrog):
        speed = speed + step / 2 * end.slope
        end = at(end.z + step * speed, log_density)
        speed = speed + step / 2 * end.slope
    kinetic = (velocity.square() - speed.square()).sum(-1) / 2
    rate = (end.value - point.value + kinetic).nan_to_num(-torch.inf).clamp(max=0).exp()
    accepted = torch.rand_like(rate) < rate
    new = [torch.where(accepted[..., None], end.z, point.z)]
    new += [torch.where(accepted, end.value, point.value)]
    new += [torch.where(accepted[..., None], end.slope, point.slope)]
    return Point(*new), rate


def tuned(step: Tensor, rate: Tensor) -> Tensor:
    """The next step (N, 1), after chains were accepted with probability rate (S, N)."""
    return step * (0.3 * (rate.mean(0) - TARGET)).exp()[:, None]


@validate.typed
def chain(
    x: Float[Tensor, "N D"],
    z: Float[Tensor, "S N H"],
    model: deep.Model,
    num_moves: int,
    num_leapfrog: int = 3,
    num_tuning: int = 50,
) -> tuple[Float[Tensor, "M S N H"], Float[Tensor, "N"]]:
    """The states of S chains for every p(z | x_n), begun at z, and the share of moves accepted.

    The first num_tuning moves set a step for every data point and are not returned.
    """
    validate.integer(1, num_moves=num_moves, num_leapfrog=num_leapfrog)
    validate.integer(0, num_tuning=num_tuning)
    model.check(x)
    validate.finite(z=z)
    if z.shape[2] != model.latent_dim:
        raise ValueError(f"z must have {model.latent_dim} columns, got shape {tuple(z.shape)}")
    validate.same_dtype(x.dtype, z=z)
    fixed, step, states, rates = deep.frozen(model), x.new_full((len(x), 1), 0.1), [], []

    def log_density(z: Tensor) -> Tensor:
        return log_joint(x, z, fixed)

    point = at(z, log_density)
    for index in range(num_tuning + num_moves):
        point, rate = move(point, log_density, step, num_leapfrog)
        if index < num_tuning:
            step = tuned(step, rate)
        else:
            states.append(point.z)
            rates.append(rate.mean(0))
    return torch.stack(states), torch.stack(rates).mean(0)
