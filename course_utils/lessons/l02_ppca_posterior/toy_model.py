"""The lesson's model of one latent and two dimensions, and the directions of its line."""

from math import sqrt

import torch

from course_utils import ppca

W_TOY = torch.tensor([[1.0], [1.0]], dtype=torch.float64)  # ||w||^2 = 2
ALONG = W_TOY[:, 0] / sqrt(2)
ACROSS = torch.tensor([-1.0, 1.0], dtype=torch.float64) / sqrt(2)


def toy(sigma2: float) -> ppca.PPCA:
    """One latent, two dimensions: w = (1, 1), mu = 0."""
    return ppca.PPCA(W_TOY, torch.zeros(2, dtype=torch.float64), sigma2)
