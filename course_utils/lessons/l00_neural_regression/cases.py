"""What the exercises are tried on."""

import torch
from torch import Tensor


def number(value: float) -> Tensor:
    """The value as a tensor without dimensions."""
    return torch.tensor(value, dtype=torch.float64)
