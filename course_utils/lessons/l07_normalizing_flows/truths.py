"""The true densities of the ring, the two moons and the checkerboard."""

from math import log, pi

import torch
from torch import Tensor

from course_utils.portions import CACHED


def log_ring(x: Tensor, noise: float = 0.1) -> Tensor:
    """log p(x) of `data.ring` (N,): the mean over the angle is a Bessel function of the radius."""
    r = x.double().norm(dim=1)
    bessel = torch.special.i0e(r / noise**2).log()
    return bessel - (r - 1).square() / (2 * noise**2) - log(2 * pi * noise**2)


def log_moons(x: Tensor, noise: float = 0.1) -> Tensor:
    """log p(x) of `data.two_moons` (N,): a trapezoid rule over the angle on both half circles."""
    angle = torch.linspace(0, pi, 201, dtype=torch.float64)
    moon = torch.stack([angle.cos(), angle.sin()], 1)
    other = torch.tensor([1.0, 0.5], dtype=torch.float64) - moon
    weight = torch.full((201,), 0.5 / 200, dtype=torch.float64)
    weight[[0, -1]] /= 2
    log_weight = weight.repeat(2).log() - log(2 * pi * noise**2)

    def of_rows(x: Tensor) -> Tensor:
        misfit = torch.cdist(x, torch.cat([moon, other])).square() / (2 * noise**2)
        return torch.logsumexp(log_weight - misfit, 1)

    return torch.cat([of_rows(rows) for rows in x.double().split(CACHED // len(log_weight))])


def log_checkerboard(x: Tensor) -> Tensor:
    """log p(x) of `data.checkerboard` (N,): -log 32 on its squares, -inf elsewhere."""
    i, j = ((x.double() + 4) / 2).floor().unbind(1)
    on = ((i + j) % 2 == 0) & (x.abs() < 4).all(1)
    return torch.where(on, -log(32.0), -torch.inf)
