"""Random numbers, the same at every start."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

__all__ = ["histogram", "normal", "seeded"]


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Independent standard normal numbers, in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Inside, torch draws on the CPU as after this seed; afterwards, as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # by this name, which `make seeds` gives another meaning
        yield


def histogram(values: Tensor, edges: np.ndarray, most: float) -> np.ndarray:
    """The outline of a histogram, for a Polygon: one artist to move, not one a bar.

    values: any shape; those beyond the edges are left out. edges: (B + 1,). Bars are densities of
    all values, cut at `most`. Returns (2 B + 2, 2).
    """
    share = np.histogram(values.numpy(), edges)[0] / values.numel() / np.diff(edges)
    return np.stack([edges.repeat(2), np.pad(share.clip(max=most).repeat(2), 1)], 1)
