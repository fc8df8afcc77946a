"""Variational EM: one Gaussian q_n(z) = N(mu_n, Sigma_n) per data point, all points at once.

The bound of a data point, L_n = E_q[log p(x_n | z)] - KL(q_n || p(z)) = log p(x_n) -
KL(q_n || p(z | x_n)), is raised in theta, the model's parameters (M-step), and in lambda_n, those
of q_n (E-step).

Source: Hoffman, Blei, Wang & Paisley, "Stochastic variational inference", JMLR 2013; Rezende,
Mohamed & Wierstra, "Stochastic backpropagation and approximate inference in deep generative
models", ICML 2014; Jordan, Ghahramani, Jaakkola & Saul, "An introduction to variational methods
for graphical models", Machine Learning 1999 (mean field).
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.distributions import (
    Bernoulli,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    kl_divergence,
)

from course_utils import deep, exact, training, validate
from course_utils.gaussian import Gaussian
from course_utils.mixture import BernoulliMixture
from course_utils.portions import in_portions

__all__ = [
    "Local",
    "MeanField",
    "best_q",
    "e_step",
    "elbo",
    "exact_elbo",
    "fit",
    "gaussian",
    "m_step",
    "mean_field",
]

Covariance = Literal["diagonal", "full"]


def num_parameters(latent_dim: int, covariance: Covariance) -> int:
    """How many numbers lambda_n holds: 2 H, or H + H (H + 1) / 2."""
    return 2 * latent_dim if covariance == "diagonal" else latent_dim * (latent_dim + 3) // 2


def gaussian(parameters: Tensor, latent_dim: int) -> Independent | MultivariateNormal:
    """q from lambda (..., P): the means, the H log variances, then any Cholesky entries.

    P = 2 H gives a diagonal covariance. With more, Sigma = L L^T with the roots of the
    variances on the diagonal of L and the further entries below it, row by row. Unchecked, as
    `Gaussian` is: NaN is found, with advice, by the training loop.
    """
    validate.integer(1, latent_dim=latent_dim)
    widths = num_parameters(latent_dim, "diagonal"), num_parameters(latent_dim, "full")
    if not isinstance(parameters, Tensor) or parameters.shape[-1:].numel() not in widths:
        got = tuple(parameters.shape) if isinstance(parameters, Tensor) else type(parameters)
        raise ValueError(
            f"parameters must be a tensor with {widths[0]} columns for a diagonal covariance or "
            f"{widths[1]} for a full one, got {got}"
        )
    num_below = parameters.shape[-1] - 2 * latent_dim
    mean, log_variance, below = parameters.split([latent_dim, latent_dim, num_below], -1)
    if not num_below:
        return Gaussian(mean, log_variance)
    row, column = torch.tril_indices(latent_dim, latent_dim, -1, device=parameters.device)
    scale_tril = torch.diag_embed((log_variance / 2).exp())
    scale_tril[..., row, column] = below
    return MultivariateNormal(mean, scale_tril=scale_tril, validate_args=False)


def parameters_of(q: Distribution, covariance: Covariance) -> Tensor:
    """lambda (N, P) of a Gaussian q: `gaussian` turned round."""
    parameters = [q.mean, q.variance.log()]
    if covariance == "full":
        H = q.event_shape.numel()
        row, column = torch.tril_indices(H, H, -1, device=q.mean.device)
        full = isinstance(q, MultivariateNormal)
        scale_tril = q.scale_tril if full else torch.diag_embed(q.stddev)  # type: ignore
        parameters = [q.mean, 2 * scale_tril.diagonal(dim1=-2, dim2=-1).log()]
        parameters.append(scale_tril[..., row, column])
    return torch.cat(parameters, -1).detach()


@validate.typed
class Local(nn.Module):
    """q_n(z) = N(z | mu_n, Sigma_n), with lambda_n row n of `rows` (N, P).

    covariance: "diagonal" or "full". Every q_n begins as N(0, I), or as start's.
    """

    def __init__(
        self,
        num_points: int,
        latent_dim: int,
        covariance: Covariance = "diagonal",
        start: Distribution | None = None,
    ) -> None:
        super().__init__()
        validate.integer(1, num_points=num_points, latent_dim=latent_dim)
        width = num_parameters(latent_dim, covariance)
        if start is None:
            values = torch.zeros(num_points, width)
        else:
            validate.latents(start, num_points, (latent_dim,), name="start")
            values = parameters_of(start, covariance)
            if not values.isfinite().all():
                raise ValueError("start must have finite means, and finite variances above 0")
        self.latent_dim = latent_dim
        self.rows = nn.Parameter(values)

    def forward(self, n: Int[Tensor, "B"] | None = None) -> Independent | MultivariateNormal:
        """q of the data points n, or of all: batch shape (B,) or (N,), event shape (H,).

        Of chosen points the gradient is sparse: a minibatch costs the same for any N.
        """
        chosen = self.rows if n is None else nn.functional.embedding(n, self.rows, sparse=True)
        return gaussian(chosen, self.latent_dim)


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
    shape = torch.Size([num_samples])
    log_q = None
    if hasattr(q, "rsample_and_log_prob"):  # a flow knows log q of its own samples, uninverted
        z, log_q = q.rsample_and_log_prob(shape)  # (S, N, H), (S, N)
    else:
        z = q.rsample(shape)
    log_likelihood = _in_portions(partial(_log_likelihood, model), x, z, model).mean(0)
    try:
        kl = kl_divergence(q, model.prior)
    except NotImplementedError:
        log_q = q.log_prob(z) if log_q is None else log_q
        kl = (log_q - model.prior.log_prob(z)).mean(0)
    return log_likelihood - beta * kl


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

    def log_joint(x: Tensor, z: Tensor) -> Tensor:
        return _log_likelihood(model, x, z) + model.prior.log_prob(z)

    expected = exact.gauss_hermite(lambda z: _in_portions(log_joint, x, z, model), q, num_nodes)
    return expected + q.entropy()


def _in_portions(log_p, x: Tensor, z: Tensor, model: deep.Model) -> Tensor:
    """log_p(x, z) (S, N) for z (S, N, H), from some of the data points at a time."""
    if z.dtype != x.dtype:
        raise TypeError(f"q must have the dtype of x, {x.dtype}, got {z.dtype}")
    return in_portions(log_p, len(z) * deep.width(model), x, z)


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


@validate.typed
def e_step(
    x: Float[Tensor, "N D"],
    q: Local,
    model: deep.Model,
    num_steps: int = 200,
    lr: float = 0.2,
    num_samples: int | None = None,
    num_nodes: int = 10,
) -> training.History:
    """Raise every L_n in lambda_n, theta held: num_steps of Adam on all rows of q at once.

    num_samples: reparameterised samples a step; None takes the exact expectation, for one or
    two latents, by num_nodes of Gauss-Hermite a latent.
    """
    if num_samples is None:
        validate.integer(1, 2, latent_dim=model.latent_dim)
    else:
        validate.integer(1, num_samples=num_samples)
    fixed = deep.frozen(model)
    _check(x, q, fixed)

    def loss(x: Tensor) -> Tensor:
        if num_samples is None:
            return -exact_bound(x, q(), fixed, num_nodes).mean()
        return -bound(x, q(), fixed, num_samples, 1.0).mean()

    return training.fit(q, loss, x, num_steps=num_steps, lr=lr, decay=True, progress=False)


@validate.typed
def m_step(
    x: Float[Tensor, "N D"],
    q: Local,
    model: deep.Model,
    num_steps: int = 200,
    batch_size: int | None = None,
    lr: float = 5e-3,
    num_samples: int = 1,
) -> training.History:
    """Raise the sum of L_n in theta, every q_n held: num_steps of Adam on minibatches."""
    validate.integer(1, num_samples=num_samples)
    _check(x, q, model)

    def loss(x: Tensor, rows: Tensor) -> Tensor:
        return -bound(x, gaussian(rows, q.latent_dim), model, num_samples, 1.0).mean()

    held = q.rows.detach()
    return training.fit(
        model, loss, x, held, num_steps=num_steps, batch_size=batch_size, lr=lr, progress=False
    )


@validate.typed
def fit(
    x: Float[Tensor, "N D"],
    q: Local,
    model: deep.Model,
    num_epochs: int,
    batch_size: int = 500,
    num_samples: int = 1,
    lr: float = 5e-3,
    lr_local: float = 0.1,
    progress: bool = True,
) -> training.History:
    """Stochastic variational EM: on each minibatch, one step in theta and one in its lambda_n.

    Both follow the reparameterised gradient of the mean L_n, by Adam, whose rates lr and
    lr_local decay to 0. A row of q moves once an epoch, when its point is drawn; the others
    are not touched, so an epoch's cost is linear in N. History's loss is -L_n per data point.
    """
    validate.integer(1, num_epochs=num_epochs, batch_size=batch_size, num_samples=num_samples)
    validate.positive(lr_local=lr_local)
    _check(x, q, model)
    batch_size = min(batch_size, len(x))

    def loss(x: Tensor, n: Tensor) -> Tensor:
        return -bound(x, q(n), model, num_samples, 1.0).mean()

    def optimizer(parameters: list[nn.Parameter], lr: float) -> _Both:
        theta = [p for p in parameters if p is not q.rows]
        return _Both(training.Adam(theta, lr), torch.optim.SparseAdam([q.rows], lr_local))

    return training.fit(
        nn.ModuleList([model, q]),
        loss,
        x,
        torch.arange(len(x), device=x.device),
        num_steps=num_epochs * (len(x) // batch_size),
        batch_size=batch_size,
        lr=lr,
        decay=True,
        optimizer=optimizer,
        progress=progress,
    )


def _check(x: Tensor, q: Local, model: deep.Model) -> None:
    """Raise unless q has one row for every row of x, over the model's latents, in its dtype."""
    model.check(x)
    validate.latents(q(), len(x), (model.latent_dim,))
    if q.rows.dtype != x.dtype:
        raise TypeError(f"q must have the dtype of x, {x.dtype}, got {q.rows.dtype}")


class _Both:
    """Two optimisers stepping as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers
        self.param_groups = [group for o in optimizers for group in o.param_groups]

    def step(self) -> None:
        for optimizer in self.optimizers:
            optimizer.step()


@validate.typed
def best_q(
    x: Float[Tensor, "N D"],
    model: deep.Model,
    *starts: Distribution,
    covariance: Covariance = "diagonal",
    num_steps: int = 100,
    num_nodes: int = 10,
) -> tuple[Independent | MultivariateNormal, Float[Tensor, "N"]]:
    """For every point the Gaussian with the largest L_n that can be reached, and that L_n.

    An exact `e_step` from each of the starts, for one or two latents; the best of the ends and
    the starts is kept, point by point, so that it is never worse than a start.
    """
    model.check(x)
    if not starts:
        raise ValueError("starts must be one Gaussian or more, got none")
    for start in starts:
        validate.latents(start, len(x), (model.latent_dim,), x.dtype, name="each of starts")
    rows = []
    for start in starts:
        q = Local(len(x), model.latent_dim, covariance, start)
        rows.append(q.rows.detach().clone())
        e_step(x, q, model, num_steps, num_nodes=num_nodes)
        rows.append(q.rows.detach())
    with torch.no_grad():
        values = torch.stack(
            [exact_elbo(x, gaussian(row, model.latent_dim), model, num_nodes) for row in rows]
        )
    best = values.argmax(0)
    chosen = torch.stack(rows)[best, torch.arange(len(x), device=x.device)]
    return gaussian(chosen, model.latent_dim), values.amax(0)


@dataclass(frozen=True)
class MeanField:
    """q(z, x_hidden) = q(z) times one Bernoulli a hidden pixel, for every image.

    weights (N, C): q(z_n = k). means (N, M): q(x_nd = 1) of the M hidden pixels.
    elbo: L_n (N,) after each sweep, in nats; the last is that of weights and means.
    """

    weights: Tensor
    means: Tensor
    elbo: list[Tensor]


@validate.typed
def mean_field(
    model: BernoulliMixture,
    x: Float[Tensor, "N D"],
    seen: Bool[Tensor, "D"],
    start: Float[Tensor, "N C"],
    num_sweeps: int = 50,
) -> MeanField:
    """Coordinate ascent on the ELBO of log p(x_seen), with z and the hidden pixels independent.

    Each factor is set to exp E[log joint] under the others, which is its best value:
        q(z = k) ~ exp(log p(x_seen, k) + sum_d E[log p(x_d | k)])
        logit q(x_d = 1) = sum_k q(k) logit means_kd
    seen (D,): which pixels are given; the others of x are ignored. start (N, C): q(z) to begin
    with, rows that sum to 1. Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 10.1.1.
    """
    validate.integer(1, num_sweeps=num_sweeps)
    if seen.all():
        raise ValueError("seen must leave out at least one pixel")
    validate.finite(start=start)
    validate.columns(model.weights, start=start)
    if (start < 0).any() or ((start.sum(1) - 1).abs() > 1e-5).any():
        raise ValueError("start must have rows of probabilities, which sum to 1")
    log_joint = model.log_joint(torch.where(seen, x, 0.0), seen)  # (N, C)
    on, off = model.means[:, ~seen].log(), (1 - model.means[:, ~seen]).log()  # (C, M)
    q, history = start, []
    for _ in range(num_sweeps):
        pixels = torch.sigmoid(q @ (on - off))
        score = log_joint + pixels @ on.T + (1 - pixels) @ off.T  # E[log p(x_seen, x_hidden, k)]
        q = score.softmax(1)
        entropy = Independent(Bernoulli(pixels), 1).entropy()
        history.append(score.logsumexp(1) + entropy)  # = E_q[score] + both entropies, at this q
    return MeanField(q, pixels, history)
