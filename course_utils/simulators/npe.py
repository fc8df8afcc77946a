"""Neural posterior estimation: a conditional flow, fitted to simulated pairs by likelihood.

E log q(z | y) over pairs (z, y) ~ p(z) p(y | z) is largest, over all q, at q(z | y) = p(z | y):
E[-log q(z | y)] = H(z | y) + E_y KL(p(z | y) || q(z | y)).

Source: Papamakarios & Murray, "Fast epsilon-free inference of simulation models with Bayesian
conditional density estimation", NeurIPS 2016; Radev et al., "BayesFlow: learning complex
stochastic models with invertible neural networks", IEEE TNNLS 33, 2022. Called the sleep phase in
Hinton, Dayan, Frey & Neal, "The wake-sleep algorithm for unsupervised neural networks", Science
268, 1995.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_utils import training, validate
from course_utils.flows import Flow
from course_utils.simulators.ricker import Exact

__all__ = ["Posterior", "fit", "gap", "loss"]


class Posterior(nn.Module):
    """q(z | y) = flow(z | s(y)).

    embedding: s, from data (N, T) to summaries (N, C). flow: over z, with layers of context_dim C.
    """

    def __init__(self, embedding: Callable[[Tensor], Tensor], flow: Flow) -> None:
        super().__init__()
        if not callable(embedding):
            raise TypeError(f"embedding must be a function of y, got {embedding!r}")
        if not isinstance(flow, Flow):
            raise TypeError(f"flow must be a Flow, got {type(flow).__name__}")
        self.embedding, self.flow = embedding, flow

    def forward(self, y: Tensor) -> Flow:
        """One distribution for every row of y: batch shape (N,), event shape (H,)."""
        return self.flow.condition(self.embedding(y))


@validate.typed
def loss(posterior: Posterior, z: Float[Tensor, "N H"], y: Float[Tensor, "N T"]) -> Tensor:
    """-log q(z_n | y_n) in nats, (N,)."""
    _check(posterior, z, y)
    return -posterior(y).log_prob(z)


@validate.typed
def fit(
    posterior: Posterior,
    z: Float[Tensor, "N H"],
    y: Float[Tensor, "N T"],
    num_steps: int,
    batch_size: int = 256,
    lr: float = 5e-3,
    progress: bool = True,
) -> training.History:
    """Minimise the mean loss of simulated pairs, in place; the rate decays to 0."""
    _check(posterior, z, y)
    return training.fit(
        posterior,
        lambda z, y: -posterior(y).log_prob(z).mean(),
        z,
        y,
        num_steps=num_steps,
        batch_size=min(batch_size, len(z)),
        lr=lr,
        decay=True,
        progress=progress,
    )


def _check(posterior: Posterior, z: Tensor, y: Tensor) -> None:
    validate.finite(z=z, y=y)
    validate.same_dtype(next(posterior.parameters()).dtype, z=z, y=y)


@validate.typed
def gap(log_q: Float[Tensor, "N M"], exact: Exact) -> Float[Tensor, "N"]:
    """KL(p(z | y_n) || q_n) in nats by the exact posterior's quadrature.

    log_q: log q_n at exact.z. Where it is -inf and the posterior is not 0, so is the gap infinite.
    """
    if log_q.shape != exact.mass.shape:
        raise ValueError(f"log_q must have shape {tuple(exact.mass.shape)}, got {log_q.shape}")
    if log_q.isnan().any():
        raise ValueError("log_q must not be NaN")
    some = exact.mass > 0
    off = torch.where(some, exact.log_density - log_q.to(exact.mass), 0.0)
    return (exact.mass * torch.where(some, off, 0.0)).sum(1)
