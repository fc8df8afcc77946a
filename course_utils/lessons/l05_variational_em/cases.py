"""Made-up inputs that several of the exercises are tried on."""

import torch
from torch import Tensor

from course_utils.lessons.draws import normal


def uneven(size: int) -> Tensor:
    """Nodes from -8 to 8, dense in the middle: (size,)."""
    even = torch.linspace(-1, 1, size, dtype=torch.float64)
    return 8 * (0.3 * even + 0.7 * even**3)


def table(nodes: Tensor, seed: int) -> Tensor:
    """log p(x_n, z_j) of three points: two-humped, gone at the ends."""
    x = normal(3, 1, seed=seed)
    return -(x - (2 * nodes).sin()).square() / 0.1 - nodes.square() / 2 - 1.5


def lumps(nodes: Tensor, share: float) -> Tensor:
    """log p(x_n, z_j) of two points: skewed lumps at -2 and at 2, which has this share, about."""
    width = torch.tensor([[0.3], [0.5]], dtype=torch.float64)
    u, v = (nodes + 2) / width, (nodes - 2) / width
    odds = torch.tensor([1 - share, share], dtype=torch.float64).log()
    left, right = (-(w.square()) / 2 + w.tanh() for w in (u, v))
    return torch.logaddexp(left + odds[0], right + odds[1]) - 3
