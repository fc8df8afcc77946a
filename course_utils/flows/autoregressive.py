"""Autoregressive layers: every dimension moves as the ones before it say."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import validate
from course_utils.flows.affine import AffineMap
from course_utils.flows.conditioner import Network, made_masks
from course_utils.flows.elementwise import Monotone
from course_utils.flows.layer import Layer
from course_utils.flows.spline import SplineMap

__all__ = ["AutoregressiveSpline", "InverseAutoregressive", "MaskedAutoregressive"]


class Autoregressive(Layer):
    """What MAF and IAF share: one masked network, and a direction that takes D passes through it.

    theta_d, the parameters of dimension d, depends on the dimensions before d alone, so the
    Jacobian is triangular and its log-determinant the sum of log f'. The identity at first.
    """

    def __init__(
        self, dim: int, monotone: Monotone, context_dim: int, hidden: tuple[int, ...]
    ) -> None:
        super().__init__(dim, context_dim)
        self.monotone = monotone
        masks = made_masks(dim, monotone.num_parameters, hidden, context_dim)
        self.network = Network(dim, dim * monotone.num_parameters, hidden, context_dim, masks)

    def _theta(self, u: Tensor) -> Tensor:
        return self.network(u, self.context).unflatten(-1, (self.dim, -1))  # (..., D, P)

    def _at_once(self, value: Tensor, f) -> tuple[Tensor, Tensor]:
        """f(value_d; theta_d(value)) for all d in one pass, and the sum of log f'."""
        moved, log_slope = f(value, self._theta(value))
        return moved, log_slope.sum(-1)

    def _one_by_one(self, value: Tensor, f) -> tuple[Tensor, Tensor]:
        """moved_d = f(value_d; theta_d(moved)): D passes, for theta_d needs moved_1 ... moved_d-1."""
        moved, log_det = value[..., :0], value.new_zeros(value.shape[:-1])
        u = value.new_zeros(self.dim)  # theta_1 has no input, so one row serves every point
        for d in range(self.dim):
            moved_d, log_slope = f(value[..., d], self._theta(u)[..., d, :])
            moved = torch.cat([moved, moved_d.unsqueeze(-1)], -1)
            u = F.pad(moved, (0, self.dim - d - 1))
            log_det = log_det + log_slope
        return moved, log_det


class MaskedAutoregressive(Autoregressive):
    """MAF: x_d = z_d exp(s_d(x_1 ... x_d-1)) + t_d(x_1 ... x_d-1).

    The density of x takes one pass, a sample D of them. AffineMap says how s is bounded.
    dim: D. context_dim: C. hidden: sizes of the masked network.

    Source: Papamakarios, Pavlakou & Murray, "Masked autoregressive flow for density estimation",
    NeurIPS 2017, eqs. 3-5.
    """

    @validate.typed
    def __init__(self, dim: int, context_dim: int = 0, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__(dim, AffineMap(), context_dim, hidden)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x, dimension by dimension, and log|det dx/dz|."""
        return self._one_by_one(z, self.monotone.forward)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z in one pass, and log|det dx/dz|."""
        return self._at_once(x, self.monotone.inverse)

    def log_abs_det_jacobian(self, z: Tensor, x: Tensor) -> Tensor:  # type: ignore[override]
        """log|det dx/dz| in one pass, from x."""
        return self.pull(x)[1]


class AutoregressiveSpline(MaskedAutoregressive):
    """x_d = spline(z_d; theta_d(x_1 ... x_d-1)): MAF with the spline of SplineMap.

    dim: D. num_bins: K. bound: B, beyond which a coordinate does not move. context_dim: C.
    hidden: sizes of the masked network.

    Source: Durkan et al., "Neural spline flows", NeurIPS 2019, sec. 3.2.
    """

    @validate.typed
    def __init__(
        self,
        dim: int,
        num_bins: int = 8,
        bound: float = 5.0,
        context_dim: int = 0,
        hidden: tuple[int, ...] = (64, 64),
    ) -> None:
        Autoregressive.__init__(self, dim, SplineMap(num_bins, bound), context_dim, hidden)


class InverseAutoregressive(Autoregressive):
    """IAF: x_d = z_d exp(s_d(z_1 ... z_d-1)) + t_d(z_1 ... z_d-1).

    A sample and its own density take one pass, the density of any other x takes D of them.
    dim: D. context_dim: C. hidden: sizes of the masked network.

    Source: Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling, "Improved variational inference
    with inverse autoregressive flow", NeurIPS 2016, sec. 3; with s and t as in MAF.
    """

    @validate.typed
    def __init__(self, dim: int, context_dim: int = 0, hidden: tuple[int, ...] = (64, 64)) -> None:
        super().__init__(dim, AffineMap(), context_dim, hidden)

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x in one pass, and log|det dx/dz|."""
        return self._at_once(z, self.monotone.forward)

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z, dimension by dimension, and log|det dx/dz|."""
        return self._one_by_one(x, self.monotone.inverse)
