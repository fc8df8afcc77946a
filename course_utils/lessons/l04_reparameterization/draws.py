"""Random numbers for the exercises and the figures, the same at every start."""

import torch
from torch import Tensor


def standard_normal(size: int, seed: int = 0) -> Tensor:
    """Independent standard normal numbers (size,)."""
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
