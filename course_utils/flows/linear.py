"""Linear layers, which bring dimensions together that other layers keep apart."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils import validate
from course_utils.flows.affine import AffineMap
from course_utils.flows.layer import Layer

__all__ = ["Mixing", "Permutation"]


class Permutation(Layer):
    """x_d = z_order[d]: no parameters, log-determinant 0.

    order: each of 0 ... D - 1 once, e.g. (1, 0) swaps two dimensions.
    """

    order: Tensor
    back: Tensor

    @validate.typed
    def __init__(self, order: Sequence[int]) -> None:
        if not order or sorted(order) != list(range(len(order))):
            raise ValueError(f"order must hold each of 0 ... D - 1 once, got {list(order)}")
        super().__init__(len(order))
        self.register_buffer("order", torch.tensor(order))
        self.register_buffer("back", self.order.argsort())

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x and 0."""
        return z.index_select(-1, self.order), z.new_zeros(z.shape[:-1])

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z and 0."""
        return x.index_select(-1, self.back), x.new_zeros(x.shape[:-1])


class Mixing(Layer):
    """x = L U z + t,  log|det dx/dz| = sum of s_d.

    L (D, D) is lower triangular with ones on its diagonal, U upper triangular with diagonal exp(s),
    s bounded as in AffineMap, t (D,). The entries of both triangles share one matrix.
    dim: D. Starts at the identity.

    Source: Kingma & Dhariwal, "Glow: generative flow with invertible 1x1 convolutions", NeurIPS
    2018, eqs. 10-11, without their permutation.
    """

    @validate.typed
    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.matrix = nn.Parameter(torch.zeros(dim, dim))
        self.t = nn.Parameter(torch.zeros(dim))

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x and log|det dx/dz|."""
        L, U, s = self._factors()
        return z @ (L @ U).T + self.t, s.sum().expand(z.shape[:-1])

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z and log|det dx/dz|."""
        L, U, s = self._factors()
        eye = torch.eye(self.dim, dtype=x.dtype, device=x.device)
        half = torch.linalg.solve_triangular(L, eye, upper=False, unitriangular=True)
        inverse = torch.linalg.solve_triangular(U, half, upper=True)
        return (x - self.t) @ inverse.T, s.sum().expand(x.shape[:-1])

    def _factors(self) -> tuple[Tensor, Tensor, Tensor]:
        s = AffineMap.max_log_scale * torch.tanh(self.matrix.diagonal() / AffineMap.max_log_scale)
        ones = torch.ones_like(s)
        return self.matrix.tril(-1) + ones.diag(), self.matrix.triu(1) + s.exp().diag(), s
