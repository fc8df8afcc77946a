"""The bound L_n = E_q[log p(x_n | z)] - KL(q_n || p(z)) of any q: by samples, or exactly.

Source: Rezende, Mohamed & Wierstra, "Stochastic backpropagation and approximate inference in deep
generative models", ICML 2014.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Distribution, MixtureSameFamily, kl_divergence

from course_utils import deep, exact, validate
from course_utils.deep.model import width
from course_utils.portions import in_portions

__all__ = ["bound", "elbo", "exact_bound", "exact_elbo", "log_joint", "moves"]


@validate.typed
def elbo(
    x: Float[Tensor, "N D"],
    q: Distribution,
    model: deep.Model,
    num_samples: int = 1,
    beta: float = 1.0,
) -> Float[Tensor, "N"]:
    """L_n = E_q[log p(x_n | z)] - beta KL(q_n || p(z)), in nats, by reparameterised samples.

    q: batch shape (N,), event shape (H,). The KL is in closed form where torch has one,
    otherwise the mean of log q - log p over the same samples. A MixtureSameFamily is sampled
    component by component, num_samples each. The likelihood is taken in portions (see
    `portions`): no tensor holds more than 25 million numbers, or S D, or S N H.
    """
    validate.integer(1, num_samples=num_samples)
    validate.not_negative(beta=beta)
    model.check(x)
    validate.latents(q, len(x), (model.latent_dim,))
    if not moves(q):
        raise TypeError(f"q must have rsample, by which its samples move with it, got {q}")
    return _numbers(bound(x, q, model, num_samples, beta))


def moves(q: Distribution) -> bool:
    """Whether its samples, or those of its components, are functions of its parameters."""
    return (q.component_distribution if isinstance(q, MixtureSameFamily) else q).has_rsample


def bound(x: Tensor, q: Distribution, model: deep.Model, num_samples: int, beta: float) -> Tensor:
    """`elbo` without its checks, for the inside of a training loop."""
    if isinstance(q, MixtureSameFamily):
        return _stratified(x, q, model, num_samples, beta)
    # A single sample has no axis of its own: every view of it takes a call, there and back.
    shape = torch.Size([num_samples] if num_samples > 1 else [])
    log_q = None
    if hasattr(q, "rsample_and_log_prob"):  # a flow knows log q of its own samples, uninverted
        z, log_q = q.rsample_and_log_prob(shape)  # ([S,] N, H), ([S,] N)
    else:
        z = q.rsample(shape)
    log_likelihood = _in_portions(partial(_log_likelihood, model), x, z, model)
    try:
        kl = kl_divergence(q, model.prior)
    except NotImplementedError:
        log_q = q.log_prob(z) if log_q is None else log_q
        kl = log_q - model.prior.log_prob(z)
    log_likelihood, kl = (term.mean(0) if term.ndim > 1 else term for term in (log_likelihood, kl))
    return torch.sub(log_likelihood, kl, alpha=beta)


def _stratified(
    x: Tensor, q: MixtureSameFamily, model: deep.Model, num_samples: int, beta: float
) -> Tensor:
    """sum_k pi_k E_k[log p(x | z) - beta (log q(z) - log p(z))]: each component has samples of its
    own, so that pi and the components have exact and pathwise gradients, and nothing is drawn by lot.

    Source: Morningstar et al., "Automatic differentiation variational inference with mixture
    families", AISTATS 2021.
    """
    z = q.component_distribution.rsample(torch.Size([num_samples])).movedim(-2, 1)  # (S, K, N, H)
    kl = q.log_prob(z) - model.prior.log_prob(z)
    fit = _in_portions(partial(_log_likelihood, model), x, z.flatten(0, 1), model)
    inside = (fit.unflatten(0, z.shape[:2]) - beta * kl).mean(0)  # (K, N)
    return (q.mixture_distribution.probs.movedim(-1, 0) * inside).sum(0)


@validate.typed
def exact_elbo(
    x: Float[Tensor, "N D"], q: Distribution, model: deep.Model, num_nodes: int = 20
) -> Float[Tensor, "N"]:
    """L_n without samples, for a Gaussian q over one or two latents: Gauss-Hermite quadrature of
    E_q[log p(x_n, z)], plus the entropy of q_n. num_nodes: of each latent. In portions, as `elbo`.
    """
    validate.integer(1, 2, latent_dim=model.latent_dim)
    model.check(x)
    validate.latents(q, len(x), (model.latent_dim,))
    return _numbers(exact_bound(x, q, model, num_nodes))


def exact_bound(x: Tensor, q: Distribution, model: deep.Model, num_nodes: int) -> Tensor:
    """`exact_elbo` without its checks, for the inside of a training loop."""
    expected = exact.gauss_hermite(lambda z: log_joint(x, z, model), q, num_nodes)
    return expected + q.entropy()


def log_joint(x: Tensor, z: Tensor, model: deep.Model) -> Tensor:
    """log p(x_n, z) (S, N) for z (S, N, H), from some of the data points at a time."""

    def joint(x: Tensor, z: Tensor) -> Tensor:
        return _log_likelihood(model, x, z) + model.prior.log_prob(z)

    return _in_portions(joint, x, z, model)


def _in_portions(log_p, x: Tensor, z: Tensor, model: deep.Model) -> Tensor:
    """log_p(x, z) ([S,] N) for z ([S,] N, H), from some of the data points at a time."""
    if z.dtype != x.dtype:
        raise TypeError(f"q must have the dtype of x, {x.dtype}, got {z.dtype}")
    return in_portions(log_p, z.shape[:-2].numel() * width(model), x, z)


def _log_likelihood(model: deep.Model, x: Tensor, z: Tensor) -> Tensor:
    values = model(z).log_prob(x)
    if values.shape != z.shape[:-1]:
        raise ValueError(
            f"model must give log p(x | z) of shape {tuple(z.shape[:-1])}, one for every latent, "
            f"got {tuple(values.shape)}"
        )
    return values


def _numbers(elbo: Tensor) -> Tensor:
    """The ELBO, if it is a number for every data point."""
    if elbo.isnan().any():
        raise ValueError(
            "the ELBO of a data point is NaN: the parameters of q (or the encoder), or those of "
            "the model (or decoder), must have become so"
        )
    return elbo
