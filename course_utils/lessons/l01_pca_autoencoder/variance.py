"""The variance of the data: what a plane keeps of it, and what it leaves out."""

import torch
from torch import Tensor

KEPT, LOST = "#56B4E9", "#E69F00"  # fills: variance kept, variance lost


def left_out_for_every_dim(eigenvalues: Tensor) -> Tensor:
    """The loss floor for H = 0, 1, ..., D: sums of the eigenvalues left out. (D + 1,)"""
    sums = eigenvalues.flip(0).cumsum(0).flip(0)
    return torch.cat([sums, sums.new_zeros(1)])
