"""8 · What PCA does not do: exercise 01.6, an autoencoder that sees its input through noise."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake


def denoising_floor(eigenvalues: Tensor, latent_dim: int, sigma2: float) -> Tensor:
    """The smallest mean |x - BA(x + noise)|^2; the noise has variance sigma2 in each dimension."""
    top = eigenvalues[:latent_dim]
    shrunk = top * sigma2 / (top + sigma2)  # at the factor top / (top + sigma2)
    return shrunk.sum() + eigenvalues[latent_dim:].sum()


def _kept(part):
    """An answer that pays part(lambda, sigma2) for each of the first H."""
    return lambda eigenvalues, latent_dim, sigma2: (
        part(eigenvalues[:latent_dim], sigma2).sum() + eigenvalues[latent_dim:].sum()
    )


Exercise(
    "01.6",
    denoising_floor,
    cases=[
        (torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64), 2, 0.5),
        (torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64), 1, 2.0),
    ],
    mistakes=[
        Mistake(
            _kept(lambda top, sigma2: 0 * top),
            "That is the floor without noise. What is kept now arrives with noise in it.",
        ),
        Mistake(
            _kept(lambda top, sigma2: 0 * top + sigma2),
            "You let the noise of every kept direction through in full. Passing on only a part of what "
            "arrives loses some signal, but more noise: find the best factor.",
        ),
        Mistake(
            _kept(lambda top, sigma2: top * (sigma2 / (top + sigma2)) ** 2),
            "That is the signal lost by shrinking. The noise that still comes through costs, too: "
            "c² σ² with the factor c.",
        ),
        Mistake(
            _kept(lambda top, sigma2: sigma2 * (top / (top + sigma2)) ** 2),
            "That is the noise that comes through. The signal lost by shrinking costs, too: "
            "λ (1 − c)² with the factor c.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim, sigma2: (
                eigenvalues * sigma2 / (eigenvalues + sigma2)
            ).sum(),
            "That keeps all D directions. Those after the first H cannot pass: they cost their λ.",
        ),
        Mistake(
            _kept(lambda top, sigma2: top * sigma2**2 / (top + sigma2**2)),
            "<code>sigma2</code> is the variance already: do not square it.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim, sigma2: (
                eigenvalues[:latent_dim] * sigma2 / (eigenvalues[:latent_dim] + sigma2)
            ).sum(),
            "You count the first H alone. What is left out costs its λ, as before.",
        ),
    ],
    nudge="One direction: x has variance λ, the network sees x + noise and returns c times that. Write "
    "the mean squared error as a function of c.",
    formula="$$\\min_c\\ \\lambda\\,(1-c)^2 + c^2\\sigma^2, \\qquad c = \\frac{\\lambda}"
    "{\\lambda+\\sigma^2}, \\qquad\\text{and}\\qquad \\lambda \\ \\text{for each left out}$$",
)
