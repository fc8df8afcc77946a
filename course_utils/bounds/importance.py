"""K samples of q under the logarithm: L_K = E log (1/K) sum_k w_k, w = p(x, z) / q(z).

L_1 is the ELBO; L_K increases with K towards log p(x). The gap is Var_q(w / p(x)) / 2K to first
order, if that variance is finite.

Source: Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders", ICLR 2016; Domke &
Sheldon, "Importance weighting and variational inference", NeurIPS 2018.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.func import functional_call

from course_utils import deep, portions, training, validate
from course_utils.bounds.estimate import Estimate, from_log_weights, log_mean_exp, warn
from course_utils.deep.model import width
from course_utils.vem.objective import log_joint

__all__ = ["bound", "evidence", "fit", "log_weights", "renyi"]

Gradient = Literal["plain", "dreg"]


@validate.typed
def log_weights(
    x: Float[Tensor, "N D"], q: Distribution, model: deep.Model, num_importance: int
) -> Float[Tensor, "K N"]:
    """log p(x_n, z) - log q_n(z) in nats, at K samples of every q_n, reparameterised if they can be.

    q: batch shape (N,), event shape (H,), or () for one q of all points, as the prior. In portions
    of the data points, as `vem.elbo`.
    """
    validate.integer(1, num_importance=num_importance)
    check(x, q, model)
    return not_nan(_log_weights(x, q, model, num_importance))


@validate.typed
def bound(log_w: Float[Tensor, "K N"]) -> Float[Tensor, "N"]:
    """log (1/K) sum_k w_k in nats, one value per data point; its mean is L_K."""
    _check_weights(log_w)
    return log_mean_exp(log_w)


@validate.typed
def renyi(log_w: Float[Tensor, "K N"], alpha: float) -> Float[Tensor, "N"]:
    """1 / (1 - alpha) log (1/K) sum_k w_k^(1 - alpha), in nats: `bound` at alpha = 0, the mean of
    log w at alpha = 1.

    It estimates Renyi's bound, which falls in alpha and is log p(x) at 0. Below 0 that is an
    upper bound (alpha = -1: CUBO), but the estimate is not: finite K draws it down.
    Source: Li & Turner, "Renyi divergence variational inference", NeurIPS 2016, eqs. 6 and 10.
    """
    _check_weights(log_w)
    validate.finite(alpha=torch.tensor(alpha))
    if abs(1 - alpha) < 1e-6:  # the limit; nearer by, rounding would take over
        return log_w.mean(0)
    return log_mean_exp((1 - alpha) * log_w) / (1 - alpha)


@validate.typed
def evidence(
    x: Float[Tensor, "N D"], q: Distribution, model: deep.Model, num_importance: int = 1000
) -> Estimate:
    """log p(x_n) by importance sampling from q, for any number of latents.

    num_importance: 2 or more. q as in `log_weights`. Warns (`Unreliable`) where the weights have
    a tail too heavy for the estimate to be trusted, or too few count.
    """
    validate.integer(2, num_importance=num_importance)
    check(x, q, model)
    at_once = max(1, portions.NUMBERS // width(model))  # samples, of one data point
    rest, parts = num_importance, []
    with torch.no_grad():
        while rest:
            parts.append(_log_weights(x, q, model, min(rest, at_once)))
            rest -= len(parts[-1])
    log_w = not_nan(torch.cat(parts))
    estimate = from_log_weights(log_w)
    warn(estimate, log_w, "Take a q that covers the posterior, or anneal (bounds.annealed).")
    return estimate


@validate.typed
def fit(
    x: Float[Tensor, "N D"],
    encoder: nn.Module,
    decoder: deep.Model,
    num_steps: int,
    num_importance: int,
    batch_size: int = 500,
    lr: float = 1e-2,
    gradient: Gradient = "plain",
    progress: bool = True,
) -> training.History:
    """Raise the mean L_K in theta and phi together, by Adam on minibatches, lr decaying to 0.

    gradient: the encoder's. "plain" is autograd's; "dreg" drops its score term by a second
    reparameterisation and weighs every path by the square of its normalised weight: the same
    mean, and a noise that does not take over as K grows. The decoder's is the same in both.
    Source: Tucker et al., "Doubly reparameterized gradient estimators", ICLR 2019, eq. 8.
    """
    validate.integer(1, num_importance=num_importance)
    decoder.check(x)
    check(x, validate.encoded(encoder, x, rsample=True), decoder, "what encoder returns")

    def loss(x: Tensor) -> Tensor:
        if gradient == "plain":
            return -log_mean_exp(_log_weights(x, encoder(x), decoder, num_importance)).mean()
        return -doubly_reparameterised(x, encoder, decoder, num_importance).mean()

    return training.fit_both(encoder, decoder, loss, x, num_steps, batch_size, lr, progress)


def doubly_reparameterised(x: Tensor, encoder: nn.Module, decoder: deep.Model, K: int) -> Tensor:
    """L_K (N,), whose gradient in phi is sum_k w~_k^2 (d log w_k / dz_k) (dz_k / dphi).

    A second q with phi held gives log q(z) no gradient but through z; on its way back to z the
    gradient, which has one w~, gets the other.
    """
    z = encoder(x).rsample(torch.Size([K]))
    held = {name: p.detach() for name, p in encoder.named_parameters()}
    log_w = log_joint(x, z, decoder) - functional_call(encoder, held, x).log_prob(z)
    share = log_w.detach().softmax(0)
    if z.requires_grad:
        z.register_hook(lambda slope: share[..., None] * slope)
    linear = (share * log_w).sum(0)
    return log_mean_exp(log_w.detach()) + linear - linear.detach()


def draw(q: Distribution, num_samples: int, num_points: int) -> tuple[Tensor, Tensor]:
    """z (S, N, H) and log q(z) (S, N), from one q a data point or one q of all."""
    shape = [num_samples] if q.batch_shape else [num_samples, num_points]
    if hasattr(q, "rsample_and_log_prob"):  # a flow knows log q of its own samples, uninverted
        return q.rsample_and_log_prob(torch.Size(shape))
    z = (q.rsample if q.has_rsample else q.sample)(torch.Size(shape))
    return z, q.log_prob(z)


def check(x: Tensor, q: Distribution, model: deep.Model, name: str = "q") -> None:
    """Raise unless the model can have made x, and q is over its latents: one a point, or one."""
    model.check(x)
    if not isinstance(q, Distribution):
        raise TypeError(f"{name} must be a distribution over z, got {type(q).__name__}")
    batch = len(x) if q.batch_shape else None
    validate.latents(q, batch, (model.latent_dim,), x.dtype, name)


def not_nan(values: Tensor) -> Tensor:
    """The values, if they are numbers."""
    if values.isnan().any():
        raise ValueError("model must not give NaN: its log density, or that of q, is, at some z")
    return values


def _log_weights(x: Tensor, q: Distribution, model: deep.Model, num_importance: int) -> Tensor:
    z, log_q = draw(q, num_importance, len(x))
    return log_joint(x, z, model) - log_q


def _check_weights(log_w: Tensor) -> None:
    if log_w.numel() == 0 or (log_w.isnan() | log_w.isposinf()).any():
        raise ValueError("log_w must not be empty, and neither NaN nor +inf")
