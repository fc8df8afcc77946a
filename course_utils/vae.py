"""Amortised inference: one encoder network in place of a q per data point.

q(z | x_n) = N(mu(x_n; phi), Sigma(x_n; phi)), and, with q* the best Gaussian for x_n,
    log p(x_n) = ELBO(encoder) + [L_n(q*) - ELBO(encoder)] + [log p(x_n) - L_n(q*)]
               =     bound     +      amortisation gap     +   approximation gap.

Source: Kingma & Welling, "Auto-encoding variational Bayes", ICLR 2014; Cremer, Li & Duvenaud,
"Inference suboptimality in variational autoencoders", ICML 2018 (the gaps).
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
)

from course_utils import deep, training, validate, vem
from course_utils.deep import Decoder
from course_utils.deep.evidence import Grid
from course_utils.gaussian import Gaussian
from course_utils.vem.local import Covariance, num_parameters
from course_utils.vem.objective import bound, moves

__all__ = ["Decoder", "Encoder", "Gaps", "MixtureEncoder", "elbo", "fit", "gaps"]


@validate.typed
class Encoder(nn.Module):
    """x -> q(z | x) = N(mu(x; phi), Sigma(x; phi)), with a network (`deep.mlp`).

    The network's outputs are lambda: the means, the H log variances and, for covariance="full",
    the entries below the diagonal of the Cholesky factor (see `vem.gaussian`).
    hidden: widths of the hidden layers; with none, both heads are linear in x.
    """

    def __init__(
        self,
        data_dim: int,
        latent_dim: int,
        hidden: Sequence[int] = (),
        covariance: Covariance = "diagonal",
    ) -> None:
        super().__init__()
        validate.integer(1, data_dim=data_dim, latent_dim=latent_dim)
        self.data_dim, self.latent_dim, self.covariance = data_dim, latent_dim, covariance
        self.network = deep.mlp(data_dim, hidden, num_parameters(latent_dim, covariance))

    def forward(self, x: Tensor) -> Independent | MultivariateNormal:
        """q(z | x_n) for x (N, D): batch shape (N,), event shape (H,)."""
        if x.shape[-1] != self.data_dim:
            raise ValueError(
                f"x must have the encoder's {self.data_dim} columns, got shape {tuple(x.shape)}"
            )
        if x.dtype != (dtype := self.network[0].weight.dtype):
            raise TypeError(
                f"x must have the dtype of the encoder, {dtype}, got {x.dtype}: "
                "call x.float(), or encoder.double()"
            )
        return vem.gaussian(self.network(x), self.latent_dim)


@validate.typed
class MixtureEncoder(nn.Module):
    """x -> q(z | x) = sum_k pi_k(x) N(mu_k(x), diag sigma_k(x)^2), K Gaussians from one network.

    The network's outputs are the K logits of pi, the means and the log variances. The means begin
    spread from -1 to 1, so that every component has a side to keep to.
    The bound is taken component by component (`vem.elbo`).
    Source: Roeder, Wu & Duvenaud, "Sticking the landing", NeurIPS 2017; Morningstar et al.,
    "Automatic differentiation variational inference with mixture families", AISTATS 2021.
    """

    def __init__(
        self, data_dim: int, latent_dim: int, hidden: Sequence[int] = (), num_components: int = 2
    ) -> None:
        super().__init__()
        validate.integer(1, data_dim=data_dim, latent_dim=latent_dim)
        validate.integer(2, num_components=num_components)
        self.shape = num_components, latent_dim
        size = num_components * latent_dim
        self.widths = num_components, size, size  # logits, means, log variances
        self.network = deep.mlp(data_dim, hidden, sum(self.widths))
        spread = torch.linspace(-1, 1, num_components).repeat_interleave(latent_dim)
        with torch.no_grad():
            list(self.network.parameters())[-1].split(self.widths)[1].copy_(spread)

    def forward(self, x: Tensor) -> MixtureSameFamily:
        """q(z | x_n) for x (N, D): batch shape (N,), event shape (H,)."""
        logits, means, log_variances = self.network(x).split(self.widths, -1)
        components = Gaussian(
            means.unflatten(-1, self.shape), log_variances.unflatten(-1, self.shape)
        )
        weights = Categorical(logits=logits, validate_args=False)
        return MixtureSameFamily(weights, components, validate_args=False)


@validate.typed
def elbo(
    x: Float[Tensor, "N D"],
    encoder: nn.Module,
    decoder: deep.Model,
    num_samples: int = 1,
    beta: float = 1.0,
) -> Float[Tensor, "N"]:
    """E_q[log p(x_n | z)] - beta KL(q(z | x_n) || p(z)), in nats, one value per data point.

    encoder: any module that gives a distribution over z with rsample, or a mixture of such,
        batch shape (N,).
    num_samples: reparameterised samples of z for each x. The KL is in closed form if it can be.
    """
    decoder.check(x)
    q = _posterior(x, encoder, decoder)
    validate.latents(q, len(x), q.event_shape, name="what encoder returns")
    return vem.elbo(x, q, decoder, num_samples, beta)


@validate.typed
def fit(
    x: Float[Tensor, "N D"],
    encoder: nn.Module,
    decoder: deep.Model,
    num_steps: int,
    batch_size: int = 500,
    lr: float = 1e-2,
    num_samples: int = 1,
    beta: float = 1.0,
    warmup: int = 0,
    progress: bool = True,
) -> training.History:
    """Raise the mean ELBO in theta and phi together, by Adam on minibatches, lr decaying to 0.

    beta: weight of the KL, reached after `warmup` steps of rising from 0 in a straight line
    (KL annealing). History's loss is the negative bound, in nats per data point.
    """
    validate.integer(1, num_samples=num_samples)
    validate.integer(0, warmup=warmup)
    validate.not_negative(beta=beta)
    decoder.check(x)
    steps = itertools.count(1)

    def loss(x: Tensor) -> Tensor:
        share = min(1.0, next(steps) / warmup) if warmup else 1.0
        q = _posterior(x, encoder, decoder)
        return -bound(x, q, decoder, num_samples, share * beta).mean()

    return training.fit_both(encoder, decoder, loss, x, num_steps, batch_size, lr, progress)


def _posterior(x: Tensor, encoder: nn.Module, decoder: deep.Model) -> Distribution:
    """q(z | x), if it is one distribution with rsample for every x."""
    q, expected = validate.encoded(encoder, x), ((len(x),), (decoder.latent_dim,))
    if not moves(q):
        raise TypeError(f"encoder must return a distribution with rsample, got {type(q).__name__}")
    if (q.batch_shape, q.event_shape) != expected:
        raise ValueError(
            f"encoder must return q with batch shape {expected[0]} and event shape {expected[1]}, "
            f"got {tuple(q.batch_shape)} and {tuple(q.event_shape)}"
        )
    return q


class Gaps(NamedTuple):
    """evidence = elbo + amortisation + approximation, each (N,), in nats, float64."""

    evidence: Tensor
    elbo: Tensor
    approximation: Tensor
    amortisation: Tensor


@validate.typed
def gaps(
    x: Float[Tensor, "N D"],
    encoder: Encoder,
    decoder: deep.Model,
    nodes: Grid | None = None,
    num_steps: int = 100,
    num_nodes: int = 10,
) -> Gaps:
    """What a Gaussian encoder loses at every data point, and to what, for one or two latents.

    All terms are quadratures: the evidence on a grid (`nodes`, see `deep.log_evidence`), both
    bounds by num_nodes of Gauss-Hermite a latent. q*, in the encoder's own family, is looked
    for from the encoder's q and from the posterior's highest mode, by num_steps each. All in
    portions (see `portions`): beside x and the encoder's layers, no tensor holds more than 25
    million numbers.
    """
    decoder, encoder, x = deep.in_double(decoder), deep.in_double(encoder), x.double()
    decoder.check(x)
    with torch.no_grad():
        q = _posterior(x, encoder, decoder)
        validate.latents(q, len(x), q.event_shape, name="what encoder returns")
        reached = vem.exact_elbo(x, q, decoder, num_nodes)
        evidence = deep.log_evidence(x, decoder, nodes)
        at_mode = vem.gaussian(
            torch.cat([deep.mode(x, decoder, nodes), q.variance.log()], 1), decoder.latent_dim
        )
    _, best = vem.best_q(
        x,
        decoder,
        q,
        at_mode,
        covariance=encoder.covariance,
        num_steps=num_steps,
        num_nodes=num_nodes,
    )
    return Gaps(evidence, reached, evidence - best, best - reached)
