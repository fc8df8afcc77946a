"""8 · Strip it down: the linear VAE, trained without sampling."""

from math import pi

import torch

# The lesson uses torch.optim itself, which loads this at its first use. Interrupted there it would
# stay half loaded, and every later optimiser fail, so it is loaded here.
import torch._dynamo
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from course_utils import deep, pca, vae


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
