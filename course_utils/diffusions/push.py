"""The push u of q: as a formula, as a table on a grid, as a network that reads the data.

The exact push is sigma d/dx log h(t, x), with h(t, x) = p(y after t | X_t = x) (Doob's transform).
Source: Särkkä & Solin, Applied Stochastic Differential Equations, 2019, sec. 7.5.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.distributions import Normal

from course_utils import validate
from course_utils.diffusions.sde import Push, Seen, ou

__all__ = ["Encoder", "Messages", "Network", "OnGrid", "backward", "linear"]


class Messages(NamedTuple):
    """log p(y at step k and after | X_k = x) = -precision x^2 / 2 + shift x + ..., k = 0 ... T."""

    precision: Float[Tensor, "T1"]
    shift: Float[Tensor, "T1"]


@validate.typed
def backward(theta: float, sigma: float, seen: Seen, dt: float) -> Messages:
    """What is still to be seen says of the state, for Euler's steps of `ou(theta, sigma)`."""
    model, steps = ou(theta, sigma), seen.steps(dt).tolist()
    if seen.y.ndim != 1:
        raise ValueError(f"seen must hold one series, got y of shape {tuple(seen.y.shape)}")
    a, variance = 1 - theta * dt, model.sigma**2 * dt
    precision, shift = seen.y.new_zeros(steps[-1] + 1), seen.y.new_zeros(steps[-1] + 1)
    observed = dict(zip(steps, seen.y.tolist(), strict=True))
    ahead, pull = 0.0, 0.0
    for k in range(steps[-1], -1, -1):
        if k < steps[-1]:
            c = 1 / (1 + variance * ahead)
            ahead, pull = a * a * c * ahead, a * c * pull
        if k in observed:
            ahead, pull = ahead + seen.scale**-2, pull + observed[k] * seen.scale**-2
        precision[k], shift[k] = ahead, pull
    return Messages(precision, shift)


@validate.typed
def linear(theta: float, sigma: float, seen: Seen, dt: float) -> tuple[Normal, Push]:
    """q's law of X_0 and its push, the best there are for Euler's steps of `ou(theta, sigma)`.

    A step's exact mean is kept; its exact variance, narrower by 1 + precision sigma^2 dt, is not.
    """
    precision, shift = backward(theta, sigma, seen, dt)
    total = precision[0] + 2 * theta / sigma**2
    start = Normal(shift[0] / total, total.rsqrt())

    def push(k: int, x: Tensor) -> Tensor:
        moved = x - theta * x * dt
        pull = shift[k + 1] - precision[k + 1] * moved
        return sigma * pull / (1 + precision[k + 1] * sigma**2 * dt)

    return start, push


@validate.typed
@dataclass(frozen=True)
class OnGrid:
    """u(k, x) by linear interpolation. nodes: evenly spaced. values: (T, G)."""

    nodes: Float[Tensor, "G"]
    values: Float[Tensor, "T G"]

    def __post_init__(self) -> None:
        validate.finite(nodes=self.nodes, values=self.values)
        gaps = self.nodes.diff()
        if len(gaps) < 1 or not ((gaps - gaps[0]).abs() < 1e-4 * gaps[0]).all():
            raise ValueError("nodes must be evenly spaced, and rise")

    def __call__(self, k: int, x: Tensor) -> Tensor:
        """u at step k; beyond the grid, as at its end."""
        last = len(self.nodes) - 1
        place = (x - self.nodes[0]) / (self.nodes[-1] - self.nodes[0]) * last
        place = place.clamp(0, last)
        left = place.floor().clamp(max=last - 1).long()
        share = place - left
        return (1 - share) * self.values[k][left] + share * self.values[k][left + 1]


class Network(nn.Module):
    """u(t, x) = g([x, 1, sin, cos of pi t / T and 2 pi t / T, c]): two layers of GELU.

    times (T,): of the beginnings of all steps. context_dim: size of c, what an encoder says of the
    series; 0 for none. In float64. What does not depend on x is computed before the solver's loop.
    """

    @validate.typed
    def __init__(self, times: Float[Tensor, "T"], context_dim: int = 0, hidden: int = 32) -> None:
        super().__init__()
        validate.finite(times=times)
        if len(times) < 2 or (times.diff() <= 0).any():
            raise ValueError("times must be two or more, and rise")
        validate.integer(0, context_dim=context_dim)
        validate.integer(1, hidden=hidden)
        angle = math.pi * times.double()[:, None] / (times[-1] + times.diff().mean())
        self.features: Tensor
        self.register_buffer(
            "features", torch.cat([f(j * angle) for j in (1, 2) for f in (torch.sin, torch.cos)], 1)
        )
        self.of_x = nn.Linear(1, hidden, bias=False, dtype=torch.float64)
        self.of_time = nn.Linear(4, hidden, dtype=torch.float64)
        self.of_context = (
            nn.Linear(context_dim, hidden, bias=False, dtype=torch.float64) if context_dim else None
        )
        self.rest = nn.Sequential(
            nn.GELU(),
            nn.Linear(hidden, hidden, dtype=torch.float64),
            nn.GELU(),
            nn.Linear(hidden, 1, dtype=torch.float64),
        )

    @validate.typed
    def push(self, context: Float[Tensor, "T *P C"] | None = None) -> Push:
        """u(k, x) for paths x (P,), or for nodes; context: of every step, of one series or of P."""
        base = self.of_time(self.features)  # (T, hidden)
        if (context is None) != (self.of_context is None):
            raise ValueError("context must be given if, and only if, context_dim is above 0")
        if context is not None and self.of_context is not None:
            validate.finite(context=context)
            validate.columns(self.of_context.weight[0], context=context)
            if len(context) != len(base):
                raise ValueError(f"context must be of {len(base)} steps, got {len(context)}")
            said = self.of_context(context)
            base = base.reshape(len(base), *[1] * (said.ndim - 2), -1) + said
        return lambda k, x: self.rest(self.of_x(x[..., None]) + base[k])[..., 0]


class Encoder(nn.Module):
    """A recurrent cell over the observations: what q knows of the series at every step.

    backwards: it reads from the last to the first, so that a step knows what is still to come;
    else from the first to the last, and a step knows what has been.
    """

    @validate.typed
    def __init__(self, size: int = 8, backwards: bool = True) -> None:
        super().__init__()
        validate.integer(1, size=size)
        self.cell = nn.GRUCell(1, size, dtype=torch.float64)
        self.backwards = backwards

    @validate.typed
    def forward(self, y: Float[Tensor, "*P M"], steps: Int[Tensor, "M"]) -> Float[Tensor, "T *P C"]:
        """The context of every step. y: P series, or one. steps (M,): when they were seen."""
        validate.finite(y=y)
        validate.same_dtype(torch.float64, y=y)
        if (steps.diff(prepend=steps.new_zeros(1)) <= 0).any():
            raise ValueError("steps must be above 0 and rise")
        state = y.new_zeros(*y.shape[:-1], self.cell.hidden_size)
        M, known = y.shape[-1], []
        for i in reversed(range(M)) if self.backwards else range(M):
            before = state
            state = self.cell(y[..., i, None], state)
            known.append(state if self.backwards else before)
        if self.backwards:
            known.reverse()
        lengths = steps.diff(prepend=steps.new_zeros(1))
        return torch.stack(known).repeat_interleave(lengths, dim=0)
