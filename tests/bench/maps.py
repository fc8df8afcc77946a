"""The same flow in four libraries: 8 bins on [-5, 5], two hidden layers of 64, dimensions reversed
or halves exchanged between layers, a standard normal base.

Each takes a kind (KINDS), a dimension and a number of layers.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pyro.distributions as dist
import pyro.distributions.transforms as T
import torch
import zuko
from pyro.nn import AutoRegressiveNN, DenseNN
from torch import Tensor, nn

from course_utils import flows

__all__ = ["KINDS", "SETTINGS", "Map", "normflows_map", "our_map", "pyro_map", "zuko_map"]

KINDS = ("MAF", "NSF", "RealNVP", "NSF, couplings")
HIDDEN, BINS, BOUND = (64, 64), 8, 5.0
SETTINGS = {
    "zuko": "couplings by its NICE class, which needs one plain network a layer",
    "Pyro": "autoregressive layers inverted, so that a density takes one pass; validation off",
    "normflows": "MAF through its Reverse, so that a density takes one pass; one hidden block",
}


class Map(NamedTuple):
    """A flow of any library. log_prob: of x (N, D). sample: N of them, without a gradient."""

    module: nn.Module
    log_prob: Callable[[Tensor], Tensor]
    sample: Callable[[int], Tensor]


def our_map(kind: str, dim: int, num_layers: int) -> Map:
    layer: Callable[[int], flows.Layer] = {
        "MAF": flows.MaskedAutoregressive,
        "NSF": flows.AutoregressiveSpline,
        "RealNVP": flows.AffineCoupling,
        "NSF, couplings": flows.SplineCoupling,
    }[kind]
    turn = flows.Permutation(range(dim)[::-1])
    chain = [part for _ in range(num_layers) for part in (layer(dim), turn)][:-1]
    flow = flows.Flow(flows.standard_normal(dim), chain)
    return Map(flow, flow.log_prob, lambda number: flow.sample((number,)))


def zuko_map(kind: str, dim: int, num_layers: int) -> Map:
    spline = partial(zuko.transforms.MonotonicRQSTransform, bound=BOUND)
    coupled = partial(zuko.flows.NICE, univariate=spline, shapes=[(BINS,), (BINS,), (BINS - 1,)])
    make = {
        "MAF": zuko.flows.MAF,
        "NSF": partial(zuko.flows.NSF, bins=BINS),
        "RealNVP": zuko.flows.RealNVP,
        "NSF, couplings": coupled,
    }[kind]
    flow = make(dim, transforms=num_layers, hidden_features=HIDDEN)

    @torch.no_grad()
    def sample(number: int) -> Tensor:
        return flow().sample((number,))

    return Map(flow, lambda x: flow().log_prob(x), sample)


def pyro_map(kind: str, dim: int, num_layers: int) -> Map:
    half, hidden = dim // 2, list(HIDDEN)

    def coupled_spline() -> nn.Module:
        rest = dim - half
        network = DenseNN(half, hidden, [rest * BINS, rest * BINS, rest * (BINS - 1)])
        return T.SplineCoupling(dim, half, network, BINS, BOUND, order="quadratic")

    def autoregressive_spline() -> nn.Module:
        network = AutoRegressiveNN(dim, hidden, param_dims=[BINS, BINS, BINS - 1])
        return T.SplineAutoregressive(dim, network, BINS, BOUND, order="quadratic")

    make = {
        "MAF": lambda: T.affine_autoregressive(dim, hidden_dims=hidden),
        "NSF": autoregressive_spline,
        "RealNVP": lambda: T.affine_coupling(dim, hidden_dims=hidden),
        "NSF, couplings": coupled_spline,
    }[kind]
    layers = [make() for _ in range(num_layers)]
    inverted = kind in ("MAF", "NSF")
    turn = T.Permute(torch.arange(dim).flip(0))
    chain = [part for each in layers for part in (each.inv if inverted else each, turn)][:-1]
    base = dist.Normal(torch.zeros(dim), torch.ones(dim), validate_args=False).to_event(1)
    flow = dist.TransformedDistribution(base, chain, validate_args=False)

    @torch.no_grad()
    def sample(number: int) -> Tensor:
        return flow.sample(torch.Size([number]))

    def log_prob(x: Tensor) -> Tensor:
        flow.clear_cache()
        return flow.log_prob(x)

    return Map(nn.ModuleList(layers), log_prob, sample)


def normflows_map(kind: str, dim: int, num_layers: int) -> Map:
    import normflows as nf

    width = HIDDEN[0]
    make = {
        "MAF": lambda k: nf.flows.Reverse(
            nf.flows.MaskedAffineAutoregressive(dim, width, num_blocks=1, use_residual_blocks=False)
        ),
        "NSF": lambda k: nf.flows.AutoregressiveRationalQuadraticSpline(
            dim, 1, width, num_bins=BINS, tail_bound=BOUND
        ),
        "RealNVP": lambda k: nf.flows.AffineCouplingBlock(
            nf.nets.MLP([dim // 2, *HIDDEN, dim], init_zeros=True)
        ),
        "NSF, couplings": lambda k: nf.flows.CoupledRationalQuadraticSpline(
            dim, 1, width, num_bins=BINS, tail_bound=BOUND, reverse_mask=k % 2 == 1
        ),
    }[kind]
    chain: list[nn.Module] = []
    for k in range(num_layers):
        chain.append(make(k))
        if kind != "NSF, couplings" and k < num_layers - 1:
            chain.append(nf.flows.Permute(dim, mode="swap"))
    flow = nf.NormalizingFlow(nf.distributions.DiagGaussian(dim, trainable=False), chain)

    @torch.no_grad()
    def sample(number: int) -> Tensor:
        return flow.sample(number)[0]

    return Map(flow, flow.log_prob, sample)
