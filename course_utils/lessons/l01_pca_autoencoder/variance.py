"""The variance of the data: what a plane keeps of it, and what it leaves out."""

import torch
from torch import Tensor

from course_utils.kit import style

SPECTRUM = torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64)  # a made-up one
KEPT = {"facecolor": style.PALE, "edgecolor": "white"}  # areas: the variance kept, and lost
LOST = {"facecolor": style.GROUND, "edgecolor": style.GUIDE, "hatch": "//"}


def left_out_for_every_dim(eigenvalues: Tensor) -> Tensor:
    """The loss floor for H = 0, 1, ..., D: sums of the eigenvalues left out. (D + 1,)"""
    sums = eigenvalues.flip(0).cumsum(0).flip(0)
    return torch.cat([sums, sums.new_zeros(1)])
