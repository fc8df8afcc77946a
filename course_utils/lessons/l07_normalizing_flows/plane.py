"""The plane as a grid and as pixels, and its way there and back through layers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_utils.flows import Layer

WINDOW = 3.0
Warp = tuple[Tensor, Tensor]


def push(layers: Sequence[Layer], z: Tensor) -> Warp:
    """z after the layers, and the sum of their log-determinants."""
    total = torch.zeros(z.shape[:-1])
    for layer in layers:
        z, log_det = layer.push(z)
        total = total + log_det
    return z, total


def pull(layers: Sequence[Layer], x: Tensor) -> Warp:
    """Where x was before the layers, and the sum of their log-determinants there."""
    total = torch.zeros(x.shape[:-1])
    for layer in reversed(layers):
        x, log_det = layer.pull(x)
        total = total + log_det
    return x, total


def lattice(side: int, window: float = WINDOW) -> Tensor:
    """Pixel centres of the square [-window, window]^2, (side * side, 2), row by row upwards."""
    axis = (torch.arange(side) + 0.5) / side * 2 * window - window
    down, along = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([along, down], -1).reshape(-1, 2)


def square_grid() -> Tensor:
    """Lines of a square grid, (lines, points, 2)."""
    along = torch.linspace(-3, 3, 121)
    levels = torch.linspace(-3, 3, 13)
    across = torch.stack(torch.meshgrid(levels, along, indexing="ij"), -1)
    return torch.cat([across, across.flip(-1)])
