"""Made-up inputs that the exercises are tried on."""

import torch
from torch import Tensor

from course_utils.lessons.draws import normal


def random_covariance(size: int, seed: int) -> Tensor:
    """A covariance matrix (size, size)."""
    root = normal(size, size, seed=seed)
    return 0.3 * root @ root.T + 0.2 * torch.eye(size, dtype=torch.float64)
