"""Diffusions, seen now and then: paths under a push, and what the push costs.

    model   dX = f(X) dt + sigma dW,             y_i = X(t_i) + noise
    q       dX = (f(X) + sigma u) dt + sigma dW

Both in steps of dt by Euler and Maruyama: a latent model with one Gaussian layer a step.
Sources: Tzen & Raginsky, "Neural stochastic differential equations: deep latent Gaussian models in
the diffusion limit", 2019; Li, Wong, Chen & Duvenaud, "Scalable gradients for stochastic
differential equations", AISTATS 2020, sec. 5.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils import validate

__all__ = [
    "Diffusion",
    "Paths",
    "Push",
    "Seen",
    "double_well",
    "elbo",
    "log_weights",
    "ou",
    "paths",
]

Push = Callable[[int, Tensor], Tensor]  # u(k, x): at the beginning of step k, in the shape of x


@validate.typed
@dataclass(frozen=True)
class Diffusion:
    """dX = f(X) dt + sigma dW,  X_0 ~ N(mean, scale^2).

    drift: f, entry by entry. scale: 0 if X_0 = mean is known.
    """

    drift: Callable[[Tensor], Tensor]
    sigma: float
    mean: float
    scale: float

    def __post_init__(self) -> None:
        validate.positive(sigma=self.sigma)
        validate.finite(mean=torch.tensor(self.mean))
        validate.not_negative(scale=self.scale)

    @property
    def start(self) -> Normal:
        """The law of X_0, where it has one (scale > 0)."""
        return Normal(*torch.tensor([self.mean, self.scale], dtype=torch.float64))


@validate.typed
def ou(theta: float, sigma: float) -> Diffusion:
    """Ornstein and Uhlenbeck's: f(x) = -theta x, from its stationary law N(0, sigma^2 / 2 theta)."""
    validate.positive(theta=theta, sigma=sigma)
    return Diffusion(lambda x: -theta * x, sigma, 0.0, sigma / math.sqrt(2 * theta))


@validate.typed
def double_well(start: float = -1.0) -> Diffusion:
    """f(x) = 6 (tanh 2x - x), sigma = 1: at rest near -1 and 1. Linear far out: Euler stays finite."""
    validate.finite(start=torch.tensor(start))
    return Diffusion(lambda x: 6 * (torch.tanh(2 * x) - x), 1.0, start, 0.0)


@validate.typed
@dataclass(frozen=True)
class Seen:
    """y_i ~ N(X(t_i), scale^2).  y: (*B, M), the times (M,) above 0 and rising."""

    y: Float[Tensor, "*B M"]
    times: Float[Tensor, "M"]
    scale: float

    def __post_init__(self) -> None:
        validate.finite(y=self.y, times=self.times)
        validate.positive(scale=self.scale)
        if (self.times <= 0).any() or (self.times.diff() <= 0).any():
            raise ValueError("times must be above 0 and rise")

    @validate.typed
    def steps(self, dt: float) -> Int[Tensor, "M"]:
        """The number of the step at whose end each was seen."""
        validate.positive(dt=dt)
        steps = (self.times / dt).round()
        if (steps * dt - self.times).abs().max() > 1e-6 * dt or steps.max() > 1e6:
            raise ValueError(f"dt must divide all times, at most a million steps, got {dt}")
        return steps.long()

    @validate.typed
    def log_prob(self, x: Float[Tensor, "*P #M"]) -> Tensor:
        """log p(y_i | X(t_i) = x_i) in nats, (*P, M)."""
        return Normal(x, self.scale).log_prob(self.y)


class Paths(NamedTuple):
    """x (T + 1, P): the paths. u, dW (T, P): push and noise of every step. start: q's law of X_0."""

    x: Tensor
    u: Tensor
    dW: Tensor
    dt: float
    start: Normal | None


@validate.typed
def paths(
    model: Diffusion,
    push: Push | None,
    dt: float,
    num_steps: int,
    num_paths: int,
    start: Normal | None = None,
) -> Paths:
    """num_paths paths of q, in float64: the model's where push is None.

    start: q's law of X_0, the model's if None. Differentiable in whatever push depends on.
    """
    validate.positive(dt=dt)
    validate.integer(1, num_steps=num_steps, num_paths=num_paths)
    if start is not None and model.scale == 0:
        raise ValueError("start must be None where the model knows X_0")
    x = [torch.full((num_paths,), model.mean, dtype=torch.float64)]
    if model.scale > 0:
        x = [(start or model.start).rsample((num_paths,)).double()]
    dW = math.sqrt(dt) * torch.randn(num_steps, num_paths, dtype=torch.float64)
    u: list[Tensor] = []
    for k in range(num_steps):
        u.append(torch.zeros_like(x[k]) if push is None else push(k, x[k]))
        if not isinstance(u[k], Tensor) or u[k].shape != x[k].shape:
            raise ValueError(f"push must give a value a path, {num_paths}")
        x.append(x[k] + (model.drift(x[k]) + model.sigma * u[k]) * dt + model.sigma * dW[k])
    made = Paths(torch.stack(x), torch.stack(u), dW, dt, start)
    if not math.isfinite(made.x.detach().sum().item()):
        raise ValueError(
            f"dt must be smaller for this drift and push: paths left all bounds at {dt}"
        )
    return made


@validate.typed
def elbo(made: Paths, model: Diffusion, seen: Seen) -> Float[Tensor, "P"]:
    """Of every path, in nats; their mean estimates the bound

    L = E_q sum_i log p(y_i | X(t_i)) - KL(q_0 || p_0) - 1/2 E_q sum_k u_k^2 dt.
    """
    kl = torch.zeros(()).double()
    if made.start is not None:
        kl = kl_divergence(made.start, model.start)
    return _data(made, seen) - kl - 0.5 * made.u.square().sum(0) * made.dt


@validate.typed
def log_weights(made: Paths, model: Diffusion, seen: Seen) -> Float[Tensor, "P"]:
    """log w = log p(path, y) - log q(path) in nats: E w = p(y), E log w is the ELBO.

    Girsanov's theorem, exact for Euler's steps as well.
    """
    first = torch.zeros(()).double()
    if made.start is not None:
        first = model.start.log_prob(made.x[0]) - made.start.log_prob(made.x[0])
    paid = 0.5 * made.u.square().sum(0) * made.dt + (made.u * made.dW).sum(0)
    return _data(made, seen) + first - paid


def _data(made: Paths, seen: Seen) -> Tensor:
    """sum_i log p(y_i | X(t_i)) of every path; y is one series, or one a path."""
    steps = seen.steps(made.dt)
    if steps.max() >= len(made.x):
        raise ValueError(f"seen must end within the {len(made.u)} steps of the paths")
    return seen.log_prob(made.x[steps].movedim(0, -1)).sum(-1)
