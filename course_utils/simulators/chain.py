"""The populations of the Ricker map, a chain in one dimension, on the nodes of a grid."""

from functools import lru_cache
from math import exp, inf
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils import filtering, validate

__all__ = ["Chain", "on_grid"]

MOST_NODES = 5000  # of a grid: its matrix of moves takes 200 MB
KEPT_NODES = 1000  # of a grid that is kept for the next call


class Chain(NamedTuple):
    """nodes (G,): of n. start (G,): masses before the first count. moves (G, G): masses of a step
    from a node (row) to a node (column), the column's quadrature weight included.
    """

    nodes: Tensor
    start: Tensor
    moves: Tensor


@validate.typed
def on_grid(
    log_r: float, sigma: float, num_unseen: int, deepest: int, spacing: float = 1.0
) -> Chain:
    """The chain on nodes even in v = n + exp(n), `spacing` sigmas apart, down to n = `deepest`.

    Populations below are unseen for longer than any run of zeros in the data, so where exactly they
    are does not matter: their mass is put on the lowest node. While nothing is counted it matters,
    so the generations before the first count are run on a grid that reaches all the way down.
    """
    validate.positive(sigma=sigma, spacing=spacing)
    validate.integer(1, num_unseen=num_unseen)
    if not 1 <= log_r < inf:
        raise ValueError(
            f"theta must have log_r of 1 or more, got {log_r:.3g}: below, populations recover too slowly"
        )
    num = _number_of_nodes(log_r, sigma, deepest, spacing)
    if num > MOST_NODES:
        raise ValueError(
            f"theta with log_r = {log_r:.3g}, sigma = {sigma:.3g} and spacing = {spacing:.3g} need a grid of "
            f"{num:.3g} nodes: above {MOST_NODES} it would not fit in memory"
        )
    return (_kept if num <= KEPT_NODES else _built)(log_r, sigma, num_unseen, deepest, spacing)


def _number_of_nodes(log_r: float, sigma: float, deepest: int, spacing: float) -> float:
    """From the top down to where a population at the top falls in one step, or to `deepest`."""
    top = min(_top(log_r, sigma), 100.0)  # exp(1000) is none
    return (top + exp(top) + max(exp(top), -deepest) + 5) / (spacing * sigma)


def _top(log_r: float, sigma: float) -> float:
    return log_r - 1 + 5 * sigma  # log r - 1 is the highest mean


def _built(log_r: float, sigma: float, num_unseen: int, deepest: int, spacing: float) -> Chain:
    top, h = _top(log_r, sigma), spacing * sigma
    num = round(_number_of_nodes(log_r, sigma, deepest, spacing))
    n = from_v((top + exp(top) - h * torch.arange(num).double()).flip(0))
    weights = h / (1 + n.exp())
    moves = filtering.transition(n, weights, log_r + n - n.exp(), sigma)
    first = (n - log_r + 1) / sigma  # from N_0 = 1
    mass = weights * torch.exp(-first.square() / 2) / (sigma * (2 * torch.pi) ** 0.5)
    for _ in range(num_unseen):
        mass = mass @ moves
    keep = int((n < deepest).sum())
    inside = moves[keep:, keep:].clone()
    inside[:, 0] += moves[keep:, :keep].sum(1)
    start = mass[keep:].clone()
    start[0] += mass[:keep].sum()
    return Chain(n[keep:], start, inside)


_kept = lru_cache(maxsize=64)(_built)


def from_v(v: Tensor) -> Tensor:
    """n with n + exp(n) = v, by Newton's method; n is v itself far below 0."""
    n = torch.where(v > 1, v.clamp(min=1).log(), v.clamp(max=1))
    for _ in range(30):
        n = n - (n + n.exp() - v) / (1 + n.exp())
    return n
