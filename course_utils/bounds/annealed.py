"""Annealed importance sampling: many small steps from a start q to the posterior.

Between q(z) and p(x, z) lie pi_beta, proportional to q^(1 - beta) p(x, z)^beta. A chain starts at
z_0 ~ q and is moved at each beta_t by a transition that leaves pi_beta_t as it is; its weight
    log w = sum_t (beta_t - beta_(t-1)) [log p(x, z_(t-1)) - log q(z_(t-1))]
has E w = p(x), however badly the chain mixes.

Source: Neal, "Annealed importance sampling", Statistics and Computing 2001; resampling: Del Moral,
Doucet & Jasra, "Sequential Monte Carlo samplers", JRSS B 2006; from both sides: Grosse, Ghahramani
& Adams, "Sandwiching the marginal likelihood using bidirectional Monte Carlo", 2015.
"""

import itertools
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Distribution

from course_utils import deep, validate
from course_utils.bounds import hmc
from course_utils.bounds.estimate import (
    Estimate,
    from_log_weights,
    log_mean_exp,
    some_above_zero,
    warn,
)
from course_utils.bounds.importance import check, draw, not_nan
from course_utils.vem.objective import log_joint

__all__ = ["Annealed", "annealed", "sandwich", "schedule"]

MORE = "Take more steps (betas), or more chains."
PILOTS = 4  # chains of the run that sets the steps


class Annealed(NamedTuple):
    """`Estimate`, each (N,); the chains' ends z (S, N, H) and their log weights (S, N).

    Weighted by log_w the ends are draws from the posterior.
    """

    value: Tensor
    error: Tensor
    ess: Tensor
    z: Tensor
    log_w: Tensor


@validate.typed
def schedule(num_steps: int, power: float = 4.0) -> Float[Tensor, "T"]:
    """beta_t = (t / T)^power from 0 to 1, T + 1 of them, float64.

    From the prior a power of 4 takes small steps where the likelihood first bites; from a q that
    is near the posterior already, 1 is as good.
    """
    validate.integer(1, num_steps=num_steps)
    validate.positive(power=power)
    return torch.linspace(0, 1, num_steps + 1, dtype=torch.float64) ** power


@validate.typed
def annealed(
    x: Float[Tensor, "N D"],
    model: deep.Model,
    start: Distribution | None = None,
    betas: Float[Tensor, "T"] | None = None,
    num_chains: int = 10,
    num_leapfrog: int = 3,
    resample: bool = False,
) -> Annealed:
    """log p(x_n) by S chains of T steps each, for any number of latents.

    start: q, one a data point or one of all; None is the prior. betas: from 0 to 1, increasing;
    None is schedule(100). One HMC move at each, its step set by a pilot run and then held.
    resample: where the effective sample size falls below S / 2, draw the chains anew by their
    weights (sequential Monte Carlo); chains of one ancestor then count as one in error and ess.
    Warns (`Unreliable`) when the steps, or the chains, were too few.
    Source of the error under resampling: Chan & Lai, Annals of Statistics 2013, eq. 2.15.
    """
    run = _Run(x, model, start, betas, num_chains, num_leapfrog)
    with torch.no_grad():
        result = _forward(run, resample)
    warn(Estimate(*result[:3]), result.log_w, MORE)
    return result


@validate.typed
def sandwich(
    x: Float[Tensor, "N D"],
    z: Float[Tensor, "M H"],
    model: deep.Model,
    start: Distribution | None = None,
    betas: Float[Tensor, "T"] | None = None,
    num_chains: int = 10,
    num_leapfrog: int = 3,
) -> tuple[Estimate, Estimate]:
    """A lower and an upper bound of log p(x_n), in expectation, for x_n that the model made from z_n.

    z: draws from the posterior, as the latents are that x was simulated from: no other data have
    any. The lower bound is `annealed`. In the upper one the first chain is replaced by one that
    starts at z and runs backwards, E log (1/S) (w* + w_2 + ... + w_S) >= log p(x).
    """
    run = _Run(x, model, start, betas, num_chains, num_leapfrog)
    validate.finite(z=z)
    validate.same_dtype(x.dtype, z=z)
    if z.shape != (len(x), model.latent_dim):
        raise ValueError(
            f"z must have shape {(len(x), model.latent_dim)}, a row for every x, "
            f"got {tuple(z.shape)}"
        )
    with torch.no_grad():
        log_w = _forward(run, False).log_w
        if not run.log_w(z[None]).isfinite().all():
            raise ValueError("z must be latents that x was made from: at some p(x, z) is 0")
        upper = torch.cat([_backward(run, z), log_w[1:]])
    lower = from_log_weights(log_w)
    warn(lower, log_w, MORE)
    return lower, from_log_weights(upper)


class _Run:
    """The arguments, checked, and the HMC steps (N, 1) at every beta but the first."""

    def __init__(self, x, model, start, betas, num_chains, num_leapfrog) -> None:
        validate.integer(2, num_chains=num_chains)
        validate.integer(1, num_leapfrog=num_leapfrog)
        self.x, self.model = x, deep.frozen(model)
        self.start = self.model.prior if start is None else start
        check(x, self.start, model, "start")
        betas = schedule(100) if betas is None else betas
        validate.finite(betas=betas)
        if len(betas) < 2 or betas[0] != 0 or betas[-1] != 1 or (betas.diff() <= 0).any():
            raise ValueError("betas must increase from 0 to 1")
        self.betas = betas.tolist()
        self.num_chains, self.num_leapfrog = num_chains, num_leapfrog
        with torch.no_grad():
            self.scale = self._scale()
            self.steps = self._pilot()

    def log_w(self, z: Tensor) -> Tensor:
        """log p(x, z) - log q(z) (S, N)."""
        return not_nan(log_joint(self.x, z, self.model)) - self.start.log_prob(z)

    def move(self, z: Tensor, beta: float, step: Tensor) -> tuple[Tensor, Tensor]:
        """z after one move that leaves pi_beta as it is, and how often such are accepted."""

        def log_density(z: Tensor) -> Tensor:
            log_q = (1 - beta) * self.start.log_prob(z) if beta < 1 else 0
            return log_q + beta * log_joint(self.x, z, self.model)

        point = hmc.at(z, log_density)
        point, rate = hmc.move(point, log_density, step * self.scale, self.num_leapfrog)
        return point.z, rate

    def _scale(self) -> Tensor:
        """The start's width in every latent, by which steps are measured: the pilot sets the rest."""
        return draw(self.start, 100, len(self.x))[0].std(0)

    def _pilot(self) -> list[Tensor]:
        z, _ = draw(self.start, PILOTS, len(self.x))
        step, steps = self.x.new_full((len(self.x), 1), 0.3), []
        moves = max(1, 50 // (len(self.betas) - 1))
        for beta in self.betas[1:]:
            for _ in range(moves):
                z, rate = self.move(z, beta, step)
                step = hmc.tuned(step, rate)
            steps.append(step)
        return steps


def _forward(run: _Run, resample: bool) -> Annealed:
    S, N = run.num_chains, len(run.x)
    z, _ = draw(run.start, S, N)
    log_w, banked = torch.zeros_like(z[..., 0]), torch.zeros_like(z[0, :, 0])
    ancestor = torch.arange(S, device=z.device)[:, None].expand(S, N)
    for (before, beta), step in zip(itertools.pairwise(run.betas), run.steps, strict=True):
        log_w = log_w + (beta - before) * run.log_w(z)
        some_above_zero(log_w)
        few = 1 / log_w.softmax(0).square().sum(0) < S / 2
        if resample and few.any():
            chosen = _systematic(log_w.softmax(0)).where(
                few, torch.arange(S, device=z.device)[:, None]
            )
            z = z.gather(0, chosen[..., None].expand_as(z))
            ancestor = ancestor.gather(0, chosen)
            banked = banked + log_mean_exp(log_w).where(few, 0)
            log_w = log_w.masked_fill(few, 0)
        z, _ = run.move(z, beta, step)
    if not resample:
        return Annealed(*from_log_weights(log_w), z, log_w)
    families = torch.zeros_like(log_w).scatter_add(0, ancestor, log_w.softmax(0))
    error = ((families - 1 / S).square().sum(0) * S / (S - 1)).sqrt()
    value = banked + log_mean_exp(log_w)
    return Annealed(value, error, 1 / families.square().sum(0), z, log_w + banked)


def _backward(run: _Run, z: Tensor) -> Tensor:
    """The log weight (1, N) of a chain that starts at posterior draws z (N, H)."""
    z, log_w = z[None], torch.zeros_like(z[None, :, 0])
    steps = zip(itertools.pairwise(run.betas), run.steps, strict=True)
    for (before, beta), step in reversed(list(steps)):
        z, _ = run.move(z, beta, step)
        log_w = log_w + (beta - before) * run.log_w(z)
    return log_w


def _systematic(share: Tensor) -> Tensor:
    """S indices (S, N) drawn by their shares (S, N), each at least as often as S share, rounded down."""
    S, N = share.shape
    comb = (torch.arange(S, device=share.device)[:, None] + torch.rand(N, device=share.device)) / S
    chosen = torch.searchsorted(share.cumsum(0).T.contiguous(), comb.T.to(share).contiguous()).T
    return chosen.clamp(max=S - 1)
