"""The planar flow: stretch or squeeze space along one direction, near one hyperplane."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import validate
from course_utils.flows.conditioner import Parameters
from course_utils.flows.layer import Layer

__all__ = ["Planar"]


class Planar(Layer):
    """x = z + û tanh(wᵀz + b),  log|det dx/dz| = log(1 + ûᵀw (1 - tanh²(wᵀz + b))).

    w (D,), u (D,), b (): free, or functions of the context. The map is invertible if ûᵀw > -1, so
        û = u + (m(wᵀu) - wᵀu) w / ‖w‖²,  m(a) = -1 + log(1 + eᵃ),  hence ûᵀw = m(wᵀu).
    The inverse needs one number, a = wᵀz + b: it solves a + ûᵀw tanh a = wᵀx + b, whose left side
    increases. There is no closed form, so it is found by bisection.

    dim: D. context_dim: C. hidden: sizes of the network of the context. Starts at the identity:
    w is random with length near 1, and u along w such that m(wᵀu) = 0.

    Source: Rezende & Mohamed, "Variational inference with normalizing flows", ICML 2015,
    eqs. 10-13 and appendix A.1.
    """

    @validate.typed
    def __init__(self, dim: int, context_dim: int = 0, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__(dim, context_dim)
        w = torch.randn(dim) / math.sqrt(dim)
        u = math.log(math.e - 1) * w / w.square().sum()
        self.theta = Parameters(torch.cat([w, u, torch.zeros(1)]), context_dim, hidden)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x and log|det dx/dz|."""
        w, u_hat, det_at_0, b = self._unpack()
        h = ((z * w).sum(-1) + b).tanh()
        return z + u_hat * h.unsqueeze(-1), self._log_det(h, det_at_0)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z and log|det dx/dz|."""
        w, u_hat, det_at_0, b = self._unpack()
        h = self._solve((x * w).sum(-1) + b, det_at_0 - 1).tanh()
        return x - u_hat * h.unsqueeze(-1), self._log_det(h, det_at_0)

    def _unpack(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """w and û (..., D), 1 + ûᵀw and b (...)."""
        w, u, b = self.theta(self.context).split([self.dim, self.dim, 1], -1)
        wu = (w * u).sum(-1, keepdim=True)
        det_at_0 = F.softplus(wu)  # 1 + m(wᵀu), the determinant where tanh = 0
        u_hat = u + (det_at_0 - 1 - wu) * w / w.square().sum(-1, keepdim=True)
        return w, u_hat, det_at_0.squeeze(-1), b.squeeze(-1)

    @staticmethod
    def _log_det(h: Tensor, det_at_0: Tensor) -> Tensor:
        return (det_at_0 + h * h * (1 - det_at_0)).log()  # 1 + ûᵀw (1 - h²)

    @staticmethod
    def _solve(y: Tensor, wu_hat: Tensor) -> Tensor:
        """a with a + ûᵀw tanh a = y."""
        with torch.no_grad():
            a, step = y, wu_hat.abs()  # tanh lies between -1 and 1, so a within |ûᵀw| of y
            for _ in range(60 if y.dtype == torch.float64 else 30):
                step = step / 2
                a = a + step.copysign(y - a - wu_hat * a.tanh())
        # One Newton step: the last digits, and the gradient of the implicit function.
        h = a.tanh()
        return a - (a + wu_hat * h - y) / (1 + wu_hat * (1 - h**2))
