"""Coupling layers: half of the dimensions decides how the other half moves."""

import torch
from torch import Tensor

from course_utils import validate
from course_utils.flows.affine import AffineMap
from course_utils.flows.conditioner import Network
from course_utils.flows.elementwise import Monotone
from course_utils.flows.layer import Layer
from course_utils.flows.spline import SplineMap

__all__ = ["AffineCoupling", "Coupling", "SplineCoupling"]


class Coupling(Layer):
    """x_A = z_A,  x_B = f(z_B; theta(z_A)), with f increasing and applied entry by entry.

    A is the first half of the dimensions (D // 2 of them), B the rest; with flip=True A is the
    last half. The Jacobian is triangular, with diagonal 1 (in A) and f' (in B). As x_A = z_A, both
    directions take one pass of the network. The identity at first.

    Source: Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", ICLR 2017, sec. 3.2.
    """

    def __init__(
        self,
        dim: int,
        monotone: Monotone,
        flip: bool,
        context_dim: int,
        hidden: tuple[int, ...],
    ) -> None:
        validate.integer(2, dim=dim)
        super().__init__(dim, context_dim)
        self.monotone, self.flip = monotone, flip
        num_outputs = (dim - dim // 2) * monotone.num_parameters
        self.network = Network(dim // 2, num_outputs, hidden, context_dim)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x_B = f(z_B) and sum_B log f'."""
        return self._move(z, self.monotone.forward)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z_B = f^-1(x_B) and sum_B log f'."""
        return self._move(x, self.monotone.inverse)

    def _move(self, value: Tensor, f) -> tuple[Tensor, Tensor]:
        half = self.dim // 2
        if self.flip:
            B, A = value.split([self.dim - half, half], -1)
        else:
            A, B = value.split([half, self.dim - half], -1)
        theta = self.network(A, self.context).unflatten(-1, (-1, self.monotone.num_parameters))
        B, log_slope = f(B, theta)
        return torch.cat([B, A] if self.flip else [A, B], -1), log_slope.sum(-1)


class AffineCoupling(Coupling):
    """RealNVP: x_A = z_A,  x_B = z_B exp(s(z_A)) + t(z_A); see Coupling, and AffineMap for s.

    dim: D >= 2. flip: which half is kept. context_dim: C. hidden: sizes of the network.
    """

    @validate.typed
    def __init__(
        self,
        dim: int,
        flip: bool = False,
        context_dim: int = 0,
        hidden: tuple[int, ...] = (64, 64),
    ) -> None:
        super().__init__(dim, AffineMap(), flip, context_dim, hidden)


class SplineCoupling(Coupling):
    """x_A = z_A,  x_B = spline(z_B; theta(z_A)); see Coupling, and SplineMap for the spline.

    dim: D >= 2. num_bins: K. bound: B, beyond which a coordinate does not move.
    flip: which half is kept. context_dim: C. hidden: sizes of the network.
    """

    @validate.typed
    def __init__(
        self,
        dim: int,
        num_bins: int = 8,
        bound: float = 5.0,
        flip: bool = False,
        context_dim: int = 0,
        hidden: tuple[int, ...] = (64, 64),
    ) -> None:
        super().__init__(dim, SplineMap(num_bins, bound), flip, context_dim, hidden)
