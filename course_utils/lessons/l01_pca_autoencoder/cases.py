"""Made-up inputs that the exercises are tried on."""

import torch
from torch import Tensor

from course_utils.lessons.draws import normal


def orthonormal(rows: int, columns: int, seed: int = 0) -> Tensor:
    """Orthonormal columns, always the same for a seed."""
    return torch.linalg.qr(normal(rows, columns, seed=seed)).Q
