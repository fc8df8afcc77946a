"""Monotone rational-quadratic splines: flexible maps of an interval with an exact inverse."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import validate
from course_utils.flows.elementwise import Elementwise

__all__ = ["Spline", "SplineMap"]

SMALLEST = 1e-3  # of a bin's share of the interval, and of a slope


@dataclass(frozen=True)
class SplineMap:
    """An increasing spline with K bins on [-B, B] in one dimension; x = z outside.

    num_bins: K. bound: B. theta (..., 3K - 1): K logits of bin widths, K of bin heights, and K - 1
    slopes before a softplus. Bin k joins the knots (z_k, x_k) and (z_k+1, x_k+1) with slopes d_k
    and d_k+1; both outermost slopes are 1, so the spline meets x = z smoothly. With
    xi = (z - z_k) / (z_k+1 - z_k) and s_k = (x_k+1 - x_k) / (z_k+1 - z_k),
        x = x_k + (x_k+1 - x_k) (s_k xi^2 + d_k xi (1 - xi)) / (s_k + (d_k+1 + d_k - 2 s_k) xi (1 - xi)).
    At theta = 0 it is the identity.

    Source: Durkan, Bekasov, Murray & Papamakarios, "Neural spline flows", NeurIPS 2019, sec. 3.1.
    """

    num_bins: int
    bound: float

    def __post_init__(self) -> None:
        validate.integer(2, int(0.5 / SMALLEST), num_bins=self.num_bins)
        validate.positive(bound=self.bound)

    @property
    def num_parameters(self) -> int:
        """3K - 1."""
        return 3 * self.num_bins - 1

    def knots(self, theta: Tensor) -> Tensor:
        """(3, K + 1, ...): the z_k, the x_k and the slopes d_k, for theta (..., 3K - 1).

        The knots come first so that what follows runs along contiguous points, which is faster.
        """
        K = self.num_bins
        theta = theta.movedim(-1, 0).contiguous()
        shares = theta[: 2 * K].unflatten(0, (2, K)).softmax(1)
        least = 2 * self.bound * SMALLEST
        sizes = torch.add(shares.new_tensor(least), shares, alpha=2 * self.bound - K * least)
        start = torch.full_like(sizes[:, :1], -self.bound)
        corners = torch.cat([start, sizes], 1).cumsum(1)
        slope_1 = math.log(math.expm1(1 - SMALLEST))  # makes the slope 1 at theta = 0
        slopes = SMALLEST + F.softplus(theta[2 * K :] + slope_1)
        one = torch.ones_like(slopes[:1])
        return torch.cat([corners, torch.cat([one, slopes, one]).unsqueeze(0)])

    def forward(self, z: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """x and log dx/dz for z (...) and theta (..., 3K - 1)."""
        # Clamped before, selected after: what is not selected must be finite too, for
        # its gradient is multiplied by 0.
        inner = z.clamp(-self.bound, self.bound)
        z_k, x_k, d_k, width, height, d_next = self._bin(self.knots(theta), 0, inner)
        s = height / width
        xi = (inner - z_k) / width
        x = x_k + height * (s * xi**2 + d_k * xi * (1 - xi)) / self._bottom(xi, s, d_k, d_next)
        return self._select(z, x, self._log_slope(xi, s, d_k, d_next))  # eq. 4

    def inverse(self, x: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
        """z and log dx/dz for x (...) and theta (..., 3K - 1)."""
        inner = x.clamp(-self.bound, self.bound)
        z_k, x_k, d_k, width, height, d_next = self._bin(self.knots(theta), 1, inner)
        s = height / width
        rise = inner - x_k
        bend = rise * (d_next + d_k - 2 * s)
        a = height * (s - d_k) + bend  # eqs. 6-8: a xi^2 + b xi + c = 0
        b = height * d_k - bend
        c = -s * rise
        discriminant = (b**2 - 4 * a * c).clamp(min=torch.finfo(x.dtype).tiny)
        xi = 2 * c / (-b - discriminant.sqrt())  # the form without cancellation
        return self._select(x, z_k + xi * width, self._log_slope(xi, s, d_k, d_next))

    def _bin(self, knots: Tensor, axis: int, value: Tensor) -> tuple[Tensor, ...]:
        """z_k, x_k, d_k, width, height and d_k+1 of the bin each value is in, along an axis."""
        missing = value.ndim + 2 - knots.ndim  # sample axes of the values that theta lacks
        knots = knots.reshape(3, -1, *[1] * missing, *knots.shape[2:]).expand(-1, -1, *value.shape)
        k = (value >= knots[axis, 1:-1]).sum(0)
        left, right = knots.gather(1, torch.stack([k, k + 1]).expand(3, -1, *k.shape)).unbind(1)
        width, height, _ = right - left
        return *left, width, height, right[2]

    def _bottom(self, xi: Tensor, s: Tensor, d_k: Tensor, d_next: Tensor) -> Tensor:
        return s + (d_next + d_k - 2 * s) * xi * (1 - xi)

    def _log_slope(self, xi: Tensor, s: Tensor, d_k: Tensor, d_next: Tensor) -> Tensor:
        top = d_next * xi**2 + 2 * s * xi * (1 - xi) + d_k * (1 - xi) ** 2
        return (s**2 * top / self._bottom(xi, s, d_k, d_next) ** 2).log()  # eq. 5

    def _select(self, value: Tensor, moved: Tensor, log_slope: Tensor) -> tuple[Tensor, Tensor]:
        """The spline inside [-B, B], the identity outside."""
        inside = value.abs() <= self.bound
        return torch.where(inside, moved, value), torch.where(inside, log_slope, 0.0)


class Spline(Elementwise):
    """x_d = spline(z_d; theta_d), with theta free or a function of the context: see SplineMap.

    dim: D, which may be 1. num_bins: K. bound: B, beyond which x = z.
    context_dim: C, 0 for free parameters. hidden: sizes of the network of the context.
    Starts at the identity.
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
        super().__init__(dim, SplineMap(num_bins, bound), context_dim, hidden)
