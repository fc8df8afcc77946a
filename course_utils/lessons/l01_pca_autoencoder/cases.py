"""Made-up inputs that the exercises are tried on."""

import torch
from torch import Tensor


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers, always the same for a seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def orthonormal(rows: int, columns: int, seed: int = 0) -> Tensor:
    """Orthonormal columns, always the same for a seed."""
    return torch.linalg.qr(normal(rows, columns, seed=seed)).Q
