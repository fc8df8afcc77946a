"""Scale and shift, one dimension at a time."""

from typing import ClassVar

import torch
from torch import Tensor

from course_utils import validate
from course_utils.flows.elementwise import Elementwise

__all__ = ["Affine", "AffineMap"]


class AffineMap:
    """x = z exp(s) + t in one dimension, with s = 3 tanh(a / 3) and theta = (a, t).

    The log-scale s stays within (-3, 3), scales within (1/20, 20). Unbounded, the exponential of a
    network's output would let one outlier send the loss and its gradient to infinity; stacked
    layers reach any scale. At theta = 0 it is the identity, with ds/da = 1.
    """

    num_parameters: ClassVar[int] = 2
    max_log_scale: ClassVar[float] = 3.0

    def forward(self, z: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """x and log dx/dz for z (...) and theta (..., 2)."""
        s, t = self._scale_and_shift(theta)
        return z * s.exp() + t, s

    def inverse(self, x: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """z and log dx/dz for x (...) and theta (..., 2)."""
        s, t = self._scale_and_shift(theta)
        return (x - t) * (-s).exp(), s

    def _scale_and_shift(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        a, t = theta.unbind(-1)
        return self.max_log_scale * torch.tanh(a / self.max_log_scale), t


class Affine(Elementwise):
    """x_d = z_d exp(s_d) + t_d, with s and t free or functions of the context.

    In front of a Gaussian base it makes N(t, diag exp(2s)): with a context, the encoder of a VAE.
    dim: D. context_dim: C, 0 for free parameters. hidden: sizes of the network of the context.
    Starts at the identity. AffineMap says why s is bounded.
    """

    @validate.typed
    def __init__(self, dim: int, context_dim: int = 0, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__(dim, AffineMap(), context_dim, hidden)
