"""Random numbers to try the exercises on, the same at every start."""

import torch
from torch import Tensor


def standard_normal(*shape: int, seed: int = 0) -> Tensor:
    """Independent standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_covariance(size: int, seed: int) -> Tensor:
    """A covariance matrix (size, size)."""
    root = standard_normal(size, size, seed=seed)
    return 0.3 * root @ root.T + 0.2 * torch.eye(size, dtype=torch.float64)
