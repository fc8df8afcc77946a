"""Flows as densities beside zuko's, Pyro's and normflows': a training step, and samples.

The data are arcs, one for every two dimensions, whose density is known by quadrature: what a flow
lacks after as many steps is a KL in nats.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from bench.maps import SETTINGS, Map, normflows_map, our_map, pyro_map, zuko_map
from bench.rounds import Contender, Row, race
from course_utils import deep

__all__ = ["arcs", "densities"]


def densities(
    kind: str,
    sizes: tuple[tuple[int, int], ...] = ((2, 5), (8, 3)),
    num_points: int = 512,
    num_steps: int = 30,
    num_draws: int = 3,
    rounds: int = 7,
) -> list[Row]:
    """A kind of flow at sizes (dimension, number of layers)."""
    rows: list[Row] = []
    for dim, num_layers in sizes:
        rows += _at(kind, dim, num_layers, num_points, num_steps, num_draws, rounds)
    return rows


def _at(
    kind: str,
    dim: int,
    num_layers: int,
    num_points: int,
    num_steps: int,
    num_draws: int,
    rounds: int,
) -> list[Row]:
    train, _ = arcs(num_points * num_steps, dim, 0)
    test, truth = arcs(2000, dim, 1)
    makers: dict[str, Callable[[str, int, int], Map]] = {
        "ours": our_map,
        "zuko": zuko_map,
        "Pyro": pyro_map,
        "normflows": normflows_map,
    }
    trained: dict[str, Map] = {}

    def steps(name: str) -> Callable[[], Callable[[], Map]]:
        """Training from scratch: Adam on minibatches."""

        def start() -> Callable[[], Map]:
            flow = makers[name](kind, dim, num_layers)
            adam = torch.optim.Adam(flow.module.parameters(), lr=5e-3, fused=True)

            def train_it() -> Map:
                for x in train.split(num_points):
                    adam.zero_grad()
                    (-flow.log_prob(x).mean()).backward()
                    adam.step()
                trained[name] = flow
                return flow

            return train_it

        return start

    def samples(name: str) -> Callable[[], Callable[[], Map]]:
        """From the flow that was trained last."""

        def start() -> Callable[[], Map]:
            flow = trained[name]

            def draw() -> Map:
                for _ in range(num_draws):
                    flow.sample(num_points)
                return flow

            return draw

        return start

    @torch.no_grad()
    def kl(flow: Map) -> float:
        return (truth - flow.log_prob(test).mean()).item()

    rows: list[Row] = []
    for what, number, work in (("steps", num_steps, steps), ("draws", num_draws, samples)):
        rows += race(
            f"{kind}, {number} {what} of {num_points} points, D = {dim}, {num_layers} layers",
            Contender("ours", work("ours")),
            *(
                Contender(name, work(name), SETTINGS[name], _goal(kind, name, what), package)
                for name, package in (
                    ("zuko", "zuko"),
                    ("Pyro", "pyro"),
                    ("normflows", "normflows"),
                )
            ),
            truth="KL from the data's density to the flow, nats",
            judge=kl,
            rounds=rounds,
        )
    return rows


def _goal(kind: str, name: str, what: str) -> float:
    """Of the ratio ours / theirs."""
    if name != "zuko":
        return 1.0
    return 0.85 if (kind, what) == ("MAF", "steps") else 0.95


def arcs(num_points: int, dim: int, seed: int) -> tuple[Tensor, Tensor]:
    """dim / 2 independent arcs side by side, (num_points, dim), and their mean log density."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = [deep.arc().sample(num_points) for _ in range(dim // 2)]
    nodes = deep.grid(1, spacing=0.02)
    return torch.cat(parts, 1), sum(deep.log_evidence(x, deep.arc(), nodes).mean() for x in parts)
