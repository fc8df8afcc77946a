"""Any chain that can be drawn from: the bootstrap particle filter."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils import validate

__all__ = ["Particles", "particle"]


class Particles(NamedTuple):
    """log_evidence: an estimate, unbiased for the evidence. effective (T,): of the particles."""

    log_evidence: Tensor
    effective: Tensor


@validate.typed
def particle(
    start: Callable[[int], Tensor],
    move: Callable[[Tensor], Tensor],
    log_likelihood: Callable[[int, Tensor], Tensor],
    num_steps: int,
    num_particles: int,
) -> Particles:
    """The bootstrap filter: move the particles, weigh them by what was seen, draw anew by weight.

    start: called with P, draws z_1 (P, ...). move: draws z_t+1 from z_t.
    log_likelihood: called with t = 0, ..., num_steps - 1 and z_t, gives log p(y_t | z_t), (P,).
    Source: Gordon, Salmond & Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state
    estimation", IEE Proceedings F 140, 1993; systematic resampling as in Kitagawa, 1996.
    """
    validate.integer(1, num_steps=num_steps, num_particles=num_particles)
    z, evidence, effective = start(num_particles), torch.zeros(()), []
    for t in range(num_steps):
        log_w = log_likelihood(t, z)
        if not isinstance(log_w, Tensor) or log_w.shape != (num_particles,):
            got = tuple(log_w.shape) if isinstance(log_w, Tensor) else log_w
            raise ValueError(f"log_likelihood must return shape ({num_particles},), got {got}")
        total = torch.logsumexp(log_w, 0)
        if not total.isfinite():
            raise ValueError(f"log_likelihood must leave some particle possible, none at step {t}")
        evidence = evidence + (total - math.log(num_particles))
        weight = (log_w - total).exp()
        effective.append(1 / weight.square().sum())
        if t < num_steps - 1:
            place = torch.arange(num_particles, device=z.device) + torch.rand((), device=z.device)
            chosen = torch.searchsorted(weight.cumsum(0), place / num_particles)
            z = move(z[chosen.clamp(max=num_particles - 1)])
    return Particles(evidence, torch.stack(effective))
