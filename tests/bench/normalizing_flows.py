"""Flows beside zuko and Pyro."""

from collections.abc import Callable

import pyro
import torch
import zuko
from pyro.distributions.transforms import Planar
from torch import Tensor, nn

from bench import compare, repeat
from course_utils import flows

SIZES = ((2, 5), (8, 3))  # dimensions and layers


def training_step(model: nn.Module, loss: Callable[[], Tensor]) -> Callable[[], None]:
    """Loss, gradient and a step of Adam."""
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        adam.zero_grad()
        loss().backward()
        adam.step()

    return repeat(step)


def all_flows(sizes: tuple = SIZES, num_points: int = 512, rounds: int = 15) -> None:
    """Splines and affine maps, autoregressive and coupling; 8 bins, two hidden layers of 64."""
    for dim, num_layers in sizes:
        against_zuko(dim, num_layers, num_points, rounds)


def against_zuko(dim: int, num_layers: int, num_points: int, rounds: int) -> None:
    x = torch.randn(num_points, dim, generator=torch.Generator().manual_seed(0))
    turn = flows.Permutation(range(dim)[::-1])
    for name, layer, rival, passes in (
        ("NSF", flows.AutoregressiveSpline, zuko.flows.NSF, dim),
        ("MAF", flows.MaskedAutoregressive, zuko.flows.MAF, dim),
        ("NSF with couplings", flows.SplineCoupling, zuko.flows.NSF, 2),
        ("RealNVP", flows.AffineCoupling, zuko.flows.MAF, 2),
    ):
        layers = [layer(dim) for _ in range(num_layers)]
        chain = [part for each in layers for part in (each, turn)][:-1]
        ours = flows.Flow(flows.standard_normal(dim), chain)
        theirs = rival(dim, transforms=num_layers, hidden_features=(64, 64), passes=passes)
        size = f"D={dim}, {num_layers} layers, {num_points} points, against zuko"
        compare(
            f"a training step of {name}, {size}",
            training_step(ours, lambda ours=ours: -ours.log_prob(x).mean()),
            training_step(theirs, lambda theirs=theirs: -theirs().log_prob(x).mean()),
            goal=1,
            rounds=rounds,
        )
        compare(
            f"samples of {name}, {size}",
            repeat(lambda ours=ours: ours.sample((num_points,))),
            repeat(lambda theirs=theirs: theirs().sample((num_points,))),
            goal=1,
            rounds=rounds,
        )


def planar(sizes: tuple = SIZES, num_points: int = 512, rounds: int = 15) -> None:
    """E_q[log q - log p] for an unnormalised Gaussian p: Pyro has no density of given points."""
    for dim, num_layers in sizes:
        planar_against_pyro(dim, num_layers, num_points, rounds)


def planar_against_pyro(dim: int, num_layers: int, num_points: int, rounds: int) -> None:
    ours = flows.Flow(flows.standard_normal(dim), [flows.Planar(dim) for _ in range(num_layers)])
    layers = nn.ModuleList(Planar(dim) for _ in range(num_layers))
    base = pyro.distributions.Normal(torch.zeros(dim), torch.ones(dim)).to_event(1)
    theirs = pyro.distributions.TransformedDistribution(base, list(layers))

    def our_loss() -> Tensor:
        x, log_q = ours.rsample_and_log_prob((num_points,))
        return (log_q + x.square().sum(-1)).mean()

    def their_loss() -> Tensor:
        x = theirs.rsample((num_points,))
        log_q = theirs.log_prob(x)
        theirs.clear_cache()
        return (log_q + x.square().sum(-1)).mean()

    size = f"D={dim}, {num_layers} layers, {num_points} points, against Pyro"
    compare(
        f"a training step of the planar flow, {size}",
        training_step(ours, our_loss),
        training_step(layers, their_loss),
        goal=1,
        rounds=rounds,
    )
    compare(
        f"samples of the planar flow, {size}",
        repeat(lambda: ours.sample((num_points,))),
        repeat(lambda: theirs.sample((num_points,))),
        goal=1,
        rounds=rounds,
    )
