"""Planar flows as q, beside Pyro's and normflows'.

The target is a Gaussian, unnormalised as a posterior is: E_q[log q - log p] is then a KL but for a
constant that is known. None of the others has the density of a given point, so the samples' own.
"""

from collections.abc import Callable
from math import log, pi

import pyro.distributions as dist
import torch
from pyro.distributions.transforms import Planar
from torch import Tensor, nn

from bench.rounds import Contender, Row, race
from course_utils import flows

Draw = Callable[[int], tuple[Tensor, Tensor]]  # x and log q(x), of so many samples


def our_draw(dim: int, num_layers: int) -> tuple[nn.Module, Draw]:
    layers = [flows.Planar(dim) for _ in range(num_layers)]
    flow = flows.Flow(flows.standard_normal(dim), layers)
    return flow, lambda number: flow.rsample_and_log_prob((number,))


def pyro_draw(dim: int, num_layers: int) -> tuple[nn.Module, Draw]:
    layers = nn.ModuleList(Planar(dim) for _ in range(num_layers))
    base = dist.Normal(torch.zeros(dim), torch.ones(dim)).to_event(1)
    flow = dist.TransformedDistribution(base, list(layers))

    def draw(number: int) -> tuple[Tensor, Tensor]:
        x = flow.rsample((number,))
        log_q = flow.log_prob(x)
        flow.clear_cache()
        return x, log_q

    return layers, draw


def normflows_draw(dim: int, num_layers: int) -> tuple[nn.Module, Draw]:
    import normflows as nf

    base = nf.distributions.DiagGaussian(dim, trainable=False)
    flow = nf.NormalizingFlow(base, [nf.flows.Planar((dim,)) for _ in range(num_layers)])
    return flow, flow.sample


def planar(
    sizes: tuple[tuple[int, int], ...] = ((2, 5), (8, 3)),
    num_points: int = 512,
    num_steps: int = 100,
    rounds: int = 7,
) -> list[Row]:
    """Training steps, at sizes (dimension, number of layers)."""
    rows: list[Row] = []
    for dim, num_layers in sizes:
        rows += race(
            f"planar, {num_steps} steps of {num_points} samples, D = {dim}, {num_layers} layers",
            Contender("ours", _fit(our_draw, dim, num_layers, num_points, num_steps)),
            Contender(
                "Pyro",
                _fit(pyro_draw, dim, num_layers, num_points, num_steps),
                "log q from its cache, validation off",
                package="pyro",
            ),
            Contender(
                "normflows",
                _fit(normflows_draw, dim, num_layers, num_points, num_steps),
                "sample, which gives log q as well",
                package="normflows",
            ),
            truth="KL from q to the target, nats",
            judge=_kl,
            rounds=rounds,
        )
    return rows


def _fit(make, dim: int, num_layers: int, num_points: int, num_steps: int):
    def start() -> Callable[[], Draw]:
        module, draw = make(dim, num_layers)
        adam = torch.optim.Adam(module.parameters(), lr=1e-2, fused=True)

        def fit() -> Draw:
            for _ in range(num_steps):
                adam.zero_grad()
                x, log_q = draw(num_points)
                (log_q - log_target(x)).mean().backward()
                adam.step()
            return draw

        return fit

    return start


def log_target(x: Tensor) -> Tensor:
    """N(1, diag(1/4, 1, ..., 1)) without its constant."""
    off = x - 1
    return -off.square().sum(-1) / 2 - 3 * off[..., 0].square() / 2


@torch.no_grad()
def _kl(draw: Draw) -> float:
    x, log_q = draw(20_000)
    log_constant = -x.shape[1] / 2 * log(2 * pi) + log(2)
    return (log_q - log_target(x)).mean().item() - log_constant
