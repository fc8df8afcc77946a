"""3 · The loss, in full: exercise 01.2, its smallest value."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake


def left_out(eigenvalues: Tensor, latent_dim: int) -> Tensor:
    """The smallest possible loss with latent_dim components; eigenvalues (D,) descending."""
    return eigenvalues[latent_dim:].sum()


Exercise(
    "01.2",
    left_out,
    cases=[
        (torch.tensor([5.0, 3.0, 1.0, 0.5], dtype=torch.float64), 2),
        (torch.tensor([4.0, 2.5, 1.5], dtype=torch.float64), 1),
        (torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 3),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[:latent_dim].sum(),
            "That is the variance kept. The loss is what is left out.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim + 1 :].sum(),
            "One eigenvalue too few: Python counts from 0, so the first one left out, number H + 1, "
            "is <code>eigenvalues[latent_dim]</code>.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].mean(),
            "Sum, not mean: the squared error adds up over dimensions.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].sum() / eigenvalues.sum(),
            "That is the share of the variance left out; the loss is the variance itself.",
        ),
    ],
    nudge="Tr[S(I − WWᵀ)] with W the leading eigenvectors: which eigenvalues survive?",
    formula="$$L^* = \\sum_{i>H} \\lambda_i$$",
)
