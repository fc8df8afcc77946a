"""Layers that move every dimension on its own."""

from typing import Protocol

import torch
from torch import Tensor

from course_utils.flows.conditioner import Parameters
from course_utils.flows.layer import Layer

__all__ = ["Elementwise", "Monotone"]


class Monotone(Protocol):
    """An increasing map x = f(z; theta) of the real line, applied entry by entry.

    theta has one axis more than z and x, of size num_parameters, and f(z; 0) = z.
    """

    @property
    def num_parameters(self) -> int:
        """Numbers in theta for one dimension."""

    def forward(self, z: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """f(z) and log f'(z)."""

    def inverse(self, x: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """z = f^-1(x) and log f'(z)."""


class Elementwise(Layer):
    """x_d = f(z_d; theta_d), theta (D, P) free or a function of the context; the identity at first.

    The Jacobian is diagonal, so its log-determinant is the sum of log f'(z_d).
    """

    def __init__(
        self, dim: int, monotone: Monotone, context_dim: int, hidden: tuple[int, ...]
    ) -> None:
        super().__init__(dim, context_dim)
        self.monotone = monotone
        self.theta = Parameters(torch.zeros(dim, monotone.num_parameters), context_dim, hidden)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x_d = f(z_d) and sum_d log f'(z_d)."""
        x, log_slope = self.monotone.forward(z, self.theta(self.context))
        return x, log_slope.expand_as(x).sum(-1)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z_d = f^-1(x_d) and sum_d log f'(z_d)."""
        z, log_slope = self.monotone.inverse(x, self.theta(self.context))
        return z, log_slope.expand_as(z).sum(-1)
