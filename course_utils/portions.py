"""Large results a portion of the data points at a time, so that memory holds."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

__all__ = ["in_portions"]

NUMBERS = 25_000_000  # in the largest tensor of a portion: 0.2 GB in float64
CACHED = 2**17  # numbers that a processor's cache surely holds: a megabyte in float64


def in_portions(f: Callable[..., Tensor], per_row: int, *tensors: Tensor) -> Tensor:
    """f(*tensors), from some rows of the tensors at a time.

    tensors: (..., N, any), their N rows on the last axis but one. f: gives (..., N), row by row.
    per_row: how many numbers f holds at once for a row; a portion has NUMBERS of them, or one row.
    Where a gradient is wanted, a portion is not kept for it but computed again on the way back.
    """
    size = max(1, NUMBERS // per_row)
    if size >= tensors[0].shape[-2]:
        return f(*tensors)
    if torch.is_grad_enabled():
        f = partial(checkpoint, f, use_reentrant=False)
    portions = zip(*(tensor.split(size, -2) for tensor in tensors), strict=True)
    return torch.cat([f(*portion) for portion in portions], -1)
