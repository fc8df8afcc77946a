"""Summaries of a series of counts: what a method is shown in place of the data."""

from collections.abc import Callable
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_utils import validate
from course_utils.deep.model import mlp

__all__ = ["Learned", "Standardised", "growth", "two", "wood"]


@validate.typed
def two(y: Float[Tensor, "N T"]) -> Float[Tensor, "N 2"]:
    """log of the mean count (plus 0.01), and the share of zeros."""
    _check(y)
    return torch.stack([(y.mean(1) + 0.01).log(), (y == 0).to(y).mean(1)], 1)


@validate.typed
def wood(y: Float[Tensor, "N T"]) -> Float[Tensor, "N 13"]:
    """Thirteen, after Wood (Nature 466, 2010).

    The logarithm of the mean and the number of zeros; the variance and five autocovariances, as
    signed roots; the coefficients of a cubic through the ordered differences, and those of
    y_t+1^0.3 in y_t^0.3 and y_t^0.6.
    """
    _check(y)
    if y.shape[1] < 10:
        raise ValueError(f"y must have 10 steps or more, got {y.shape[1]}")
    T = y.shape[1]
    off = y - y.mean(1, keepdim=True)
    lags = torch.stack([(off[:, k:] * off[:, : T - k]).sum(1) / T for k in range(6)], 1)
    rank = (torch.arange(T - 1).to(y) + 0.5) / (T - 1)
    x = torch.special.ndtri(rank)
    cubic = torch.stack([x, x**2, x**3], 1)
    ordered = y.diff(dim=1).sort(1).values @ torch.linalg.pinv(cubic).mT
    root = y.pow(0.3)
    design = torch.stack([root[:, :-1], root[:, :-1].square()], 2)
    ridge = design.mT @ design + 1e-3 * torch.eye(2).to(y)
    slopes = torch.linalg.solve(ridge, design.mT @ root[:, 1:, None])[..., 0]
    return torch.cat([two(y), lags.sign() * lags.abs().sqrt(), ordered, slopes], 1)


@validate.typed
def growth(y: Float[Tensor, "N T"]) -> Float[Tensor, "N 3"]:
    """Intercept, slope and residual spread of log (y_t+1 / y_t) against y_t.

    The map says log (N_t+1 / N_t) = log r - N_t + xi_t, so the intercept is log r, the slope
    -1 / phi, or near them. Steps from or to a zero say nothing and are left out.
    """
    _check(y)
    now, after = y[:, :-1], y[:, 1:]
    use = ((now > 0) & (after > 0)).to(y)
    rise = ((after.clamp(min=1)).log() - now.clamp(min=1).log()) * use
    number = use.sum(1).clamp(min=1)
    mean_x, mean_y = (now * use).sum(1) / number, rise.sum(1) / number
    off_x, off_y = (now - mean_x[:, None]) * use, (rise - mean_y[:, None]) * use
    slope = (off_x * off_y).sum(1) / (off_x.square().sum(1) + 1e-3)
    rest = (off_y - slope[:, None] * off_x).square().sum(1) / number
    return torch.stack([mean_y - slope * mean_x, slope, rest.sqrt()], 1)


def _check(y: Tensor) -> None:
    validate.finite(y=y)
    if (y < 0).any() or y.dtype not in (torch.float32, torch.float64):
        raise ValueError("y must hold counts, 0 or more, as float32 or float64")


class Standardised(nn.Module):
    """(s - mean) / sd of every summary over a training set, kept within `bound`.

    summaries: of y (N, T), or another module. y: the training set.
    """

    mean: Tensor
    scale: Tensor

    @validate.typed
    def __init__(
        self,
        summaries: Callable[[Tensor], Tensor],
        y: Float[Tensor, "N T"],
        bound: float = 10.0,
    ) -> None:
        super().__init__()
        validate.finite(y=y)
        self.summaries, self.bound = summaries, bound
        with torch.no_grad():
            s = summaries(y)
        if (
            not isinstance(s, Tensor)
            or s.ndim != 2
            or len(s) != len(y)
            or not s.is_floating_point()
        ):
            raise ValueError("summaries must return real numbers of shape (N, C), a row a series")
        validate.finite(**{"what summaries return": s})
        self.register_buffer("mean", s.mean(0))
        self.register_buffer("scale", s.std(0, correction=0).clamp(min=1e-6))
        self.dim = s.shape[1]

    def forward(self, y: Tensor) -> Tensor:
        """(N, C) for y (N, T)."""
        return ((self.summaries(y) - self.mean) / self.scale).clamp(-self.bound, self.bound)


class Windows(nn.Module):
    """The mean over t of a network that sees (log(1 + y), y, sqrt y) of five counts in a row.

    Means over time are what summaries of a stationary series are; the network chooses of what.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.network = mlp(15, (width,), width)

    def forward(self, y: Tensor) -> Tensor:
        """(N, width) for y (N, T)."""
        x = torch.stack([y.log1p(), y / 50, y.sqrt() / 5], 2)
        return self.network(x.unfold(1, 5, 1).flatten(2)).relu().mean(1)


class Learned(nn.Module):
    """Summaries that are trained with the flow: `Windows`, standardised, and a network of those.

    y: the training set, which standardises the windows' means as they are before training: they
    hardly vary at first, and descent would wait on a plateau. others: further summaries, if any.
    """

    @validate.typed
    def __init__(
        self,
        y: Float[Tensor, "N T"],
        num_summaries: int = 16,
        others: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        if y.dtype != torch.float32 or y.shape[1] < 5:
            raise ValueError(f"y must be float32, of 5 steps or more, got {y.dtype}, {y.shape[1]}")
        validate.integer(1, num_summaries=num_summaries)
        self.windows = Standardised(Windows(), y[:2000], inf)
        self.head = mlp(self.windows.dim, (32,), num_summaries)
        self.others = None if others is None else Standardised(others, y)
        self.dim = num_summaries + (0 if self.others is None else self.others.dim)

    def forward(self, y: Tensor) -> Tensor:
        """(N, C) for y (N, T)."""
        s = self.head(self.windows(y))
        return s if self.others is None else torch.cat([s, self.others(y)], 1)
