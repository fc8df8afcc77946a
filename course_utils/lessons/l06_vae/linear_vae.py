"""8 · Strip it down: the linear VAE, trained without sampling; exercise 06.4."""

from math import pi

import torch

# The lesson uses torch.optim itself, which loads this at its first use. Interrupted there it would
# stay half loaded, and every later optimiser fail, so it is loaded here.
import torch._dynamo
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils import deep, pca, vae
from course_utils.kit import Exercise, Mistake


def squared_lengths(eigenvalues: Tensor, beta: float, sigma2: float) -> Tensor:
    """The squared lengths (D,) of the best linear VAE's columns, for noise sigma2 and KL weight beta."""
    return (eigenvalues - beta * sigma2).clamp(min=0)


Exercise(
    "06.4",
    squared_lengths,
    cases=[
        (torch.tensor([2.0, 1.2, 0.7, 0.45, 0.3, 0.2, 0.06]).double(), 2.0, 0.2),
        (torch.tensor([3.0, 1.0, 0.64, 0.5, 0.36, 0.3, 0.1]).double(), 0.5, 0.9),
        (torch.tensor([0.5, 0.1]).double(), 1.0, 32.0),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - sigma2).clamp(min=0),
            "Where is β? The threshold is βσ².",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - sigma2 / beta).clamp(min=0),
            "A heavier KL drowns more units, not fewer: multiply by β.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: eigenvalues - beta * sigma2,
            "A square cannot be negative. Below the threshold the best length is 0.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - beta * sigma2).clamp(min=0).sqrt(),
            "These are the lengths; the exercise asks for their squares.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues.sqrt() - beta * sigma2).clamp(min=0),
            "You subtracted a variance from the singular values, √λ: take the eigenvalues.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: (eigenvalues - beta * sigma2**0.5).clamp(min=0),
            "You subtracted a standard deviation. <code>sigma2</code> is the variance already.",
        ),
        Mistake(
            lambda eigenvalues, beta, sigma2: eigenvalues * (eigenvalues > beta * sigma2),
            "The right units, but with all their variance: βσ² of it is noise.",
        ),
    ],
    nudge="How much of the variance λᵢ is left for the signal when the noise has taken its part?",
    formula="$$w_i^2 = \\max(\\lambda_i - \\beta\\sigma^2,\\ 0)$$",
)


def same_moments(x: Tensor) -> Tensor:
    """2 D points with the mean and covariance of x (N, D), and so with the same best linear VAE."""
    mean, eigenvalues, eigenvectors = pca.spectrum(x)
    reach = (x.shape[1] * eigenvalues.clamp(min=0)).sqrt() * eigenvectors  # a column a direction
    return torch.cat([mean + reach.T, mean - reach.T])


def linear_elbo(x: Tensor, encoder: vae.Encoder, decoder: deep.Decoder, beta: float = 1) -> Tensor:
    """The ELBO (N,) of a VAE with a linear decoder, without sampling.

    E||x - W z - mu||^2 is the error at the mean plus the spread, sum_h Var(z_h) ||w_h||^2.
    """
    q, sigma2, (W, _) = encoder(x), decoder.log_sigma2.exp(), decoder.network.parameters()
    miss = (x - decoder(q.mean).mean).square().sum(1) + q.variance @ W.square().sum(0)
    log_noise = x.shape[1] / 2 * (2 * pi * sigma2).log()
    return -miss / (2 * sigma2) - log_noise - beta * kl_divergence(q, decoder.prior)


def fit_linear(
    x: Tensor, encoder: vae.Encoder, decoder: deep.Decoder, beta: float = 1, num_steps: int = 250
) -> None:
    """Raise the mean of `linear_elbo`, in place, by L-BFGS: no noise, so a second-order method."""
    parameters = [*encoder.parameters(), *(p for p in decoder.parameters() if p.requires_grad)]
    descent = torch.optim.LBFGS(
        parameters,
        max_iter=num_steps,
        history_size=50,
        tolerance_change=1e-14,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        descent.zero_grad()
        value = -linear_elbo(x, encoder, decoder, beta).mean()
        value.backward()
        return value

    descent.step(loss)  # type: ignore[arg-type]


def kl_of_units(x: Tensor, encoder: vae.Encoder) -> Tensor:
    """The mean KL of every latent's q to its prior, in nats (H,): 0 for a collapsed unit."""
    with torch.no_grad():
        q = encoder(x)
        return kl_divergence(Normal(q.mean, q.stddev), Normal(0.0, 1.0)).mean(0)
