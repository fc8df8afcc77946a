"""What the sections share: simulated pairs, 32 held-out series with their exact posteriors, posteriors
trained on the pairs.
"""

from functools import cache
from typing import NamedTuple

import torch
from matplotlib.axes import Axes
from torch import Tensor, nn

from course_utils.flows import Affine, Flow, MaskedAutoregressive, standard_normal
from course_utils.kit import style
from course_utils.lessons.draws import seeded
from course_utils.simulators import Ricker, calibration, npe, summaries
from course_utils.simulators.ricker import Exact

MODEL = Ricker()
KINDS = {
    "two": summaries.two,
    "Wood": summaries.wood,
    "two + growth": lambda y: torch.cat([summaries.two(y), summaries.growth(y)], 1),
}


def simulated(num: int, seed: int, model: Ricker = MODEL) -> tuple[Tensor, Tensor]:
    """Pairs: z ~ N(0, I), (num, 2), and a series of counts for each, (num, 50)."""
    with seeded(seed):
        z = torch.randn(num, 2)
        return z, model.simulate(z)


@cache
def pairs() -> tuple[Tensor, Tensor]:
    """50 000 simulated pairs to train on."""
    return simulated(50_000, 0)


@cache
def series() -> tuple[Tensor, Tensor, Exact]:
    """32 held-out pairs, and the exact posterior of each."""
    z, y = simulated(32, 1)
    return z, y, MODEL.posterior(y)


@cache
def fresh() -> tuple[Tensor, Tensor]:
    """2000 pairs that calibrate."""
    return simulated(2000, 2)


@cache
def summarised(kind: str) -> tuple[Tensor, Tensor]:
    """Summaries of the pairs' series, and of the held-out ones."""
    return KINDS[kind](pairs()[1]), KINDS[kind](series()[1])


@cache
def trained(kind: str, num: int = 50_000, factorised: bool = False) -> npe.Posterior:
    """A flow on summaries of one of KINDS, or on "learned" ones, from the first `num` pairs."""
    z, y = (part[:num] for part in pairs())
    with seeded(), torch.enable_grad():
        layer = Affine if factorised else MaskedAutoregressive
        if kind == "learned":
            embedding = summaries.Learned(y)
            posterior = npe.Posterior(
                embedding, Flow(standard_normal(2), [layer(2, context_dim=embedding.dim)])
            )
            npe.fit(posterior, z, y, 700, 128, progress=False)
            return posterior
        s = summarised(kind)[0][:num]  # computed once
        scaled = summaries.Standardised(nn.Identity(), s)
        flow = Flow(standard_normal(2), [layer(2, context_dim=scaled.dim)])
        seen = npe.Posterior(nn.Identity(), flow)
        npe.fit(seen, z, scaled(s), 500, lr=1e-2, progress=False)
    return npe.Posterior(lambda y: scaled(KINDS[kind](y)), flow)


@torch.no_grad()
def gaps(posterior: npe.Posterior) -> Tensor:
    """KL(p || q) of the 32 series, (32,)."""
    _, y, exact = series()
    return npe.gap(posterior(y).log_prob(exact.z.float().transpose(0, 1)).T.double(), exact)


class Judged(NamedTuple):
    """covers: the share of 2000 true z in q's 90 % region. ranks (2, 10): histograms. loss: nats."""

    covers: float
    ranks: Tensor
    loss: float


@cache
@torch.no_grad()
def judged(posterior: npe.Posterior) -> Judged:
    """A posterior on 2000 fresh pairs, by 99 samples each."""
    z, y = fresh()
    with seeded(3):
        q = posterior(y)
        drawn, log_q = q.sample(torch.Size([99])), q.log_prob(z)
    found = calibration.ranks(z, drawn)
    histograms = [torch.bincount(column // 10, minlength=10) for column in found.T]
    covers = calibration.coverage(log_q, q.log_prob(drawn))
    return Judged(covers, torch.stack(histograms), -log_q.mean().item())


@cache
def shown() -> int:
    """The held-out series whose posterior is nearest to the prior's middle, for pictures."""
    return int(series()[2].mean.norm(dim=1).argmin())


def draw_exact(ax: Axes, exact: Exact, n: int) -> None:
    """The exact posterior of series n in theta: ellipses of 1, 2 and 3 standard deviations.

    It is Gaussian to within a thousandth of a nat, and its grid too coarse to draw a curve.
    """
    angle = torch.linspace(0, 2 * torch.pi, 200, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin()], 1)
    root = torch.linalg.cholesky(exact.cov[n])
    for size in (1, 2, 3):
        outline = MODEL.theta(exact.mean[n] + size * circle @ root.mT)
        ax.plot(*outline.T, **style.ROLES["truth"].line | {"linewidth": 3}, zorder=3)
