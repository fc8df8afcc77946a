"""The steps of variational EM, in lambda_n and in theta, and the best Gaussian q of each point.

Source: Hoffman, Blei, Wang & Paisley, "Stochastic variational inference", JMLR 2013; Rezende,
Mohamed & Wierstra, "Stochastic backpropagation and approximate inference in deep generative
models", ICML 2014.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, MultivariateNormal

from course_utils import deep, training, validate
from course_utils.vem.local import Covariance, Local, gaussian
from course_utils.vem.objective import bound, exact_bound, exact_elbo

__all__ = ["best_q", "e_step", "fit", "m_step"]


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

    def __init__(self, *optimizers: Any) -> None:
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
