"""The course's one measure: mean nats per test point, bound and exact evidence, model by model.

The table holds what the lessons measured, rounded to three decimals. Each lesson computes its own
rung anew and claims that it is the table's, so a lesson that changes makes its table entry false.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Distribution

from course_utils import bounds, data, deep, validate, vem

__all__ = [
    "ARC",
    "ARC_ERROR",
    "DIGITS",
    "DIGITS_ERROR",
    "DIGITS_SEEDS",
    "Rung",
    "amortised",
    "arc",
    "below",
    "digits",
    "limit",
    "measure",
]

# Standard errors of a mean over the test points: the limit's, and PPCA's. Rungs are compared on
# the same points, one by one: a difference is far surer than either level.
ARC_ERROR, DIGITS_ERROR = 0.014, 0.56


class Rung(NamedTuple):
    """Means over the test points, in nats: elbo <= evidence, equal where inference is exact."""

    elbo: float
    evidence: float


ARC = {
    "PPCA": Rung(-1.671, -1.671),
    "EM": Rung(-1.671, -1.671),
    "vEM": Rung(-0.593, -0.593),
    "VAE": Rung(-0.603, -0.550),
    "VAE, mixture q": Rung(-0.548, -0.546),
    "flow density": Rung(-0.571, -0.571),
}
DIGITS = {
    "PPCA": Rung(-0.590, -0.590),
    "EM": Rung(-0.590, -0.590),
    "vEM": Rung(20.204, 20.306),
    "VAE": Rung(17.536, 19.396),
    "VAE, flow q": Rung(15.250, 19.973),
    "VAE, flow prior": Rung(15.547, 20.383),
    "VAE, K = 5": Rung(12.699, 20.783),
    "training set + fog": Rung(31.058, 31.058),
}

# Lowest and highest evidence over seeds: of eleven, 0 to 10, for vEM, whose rung is their median; of
# the rung's own and the five of tests/seeds else.
DIGITS_SEEDS = {
    "vEM": (18.80, 20.79),
    "VAE": (17.58, 20.28),
    "VAE, flow q": (18.81, 20.54),
    "VAE, flow prior": (19.34, 20.90),
    "VAE, K = 5": (20.48, 21.34),
}


def arc() -> tuple[Tensor, Tensor]:
    """15 000 training and 5 000 test points of the arc, (., 2), float32."""
    x = data.arc(20_000).x.float()
    return x[:15_000], x[15_000:]


def digits() -> tuple[Tensor, Tensor]:
    """The training and the test images of `data.digits`, (1400, 64) and (397, 64), float32."""
    images = data.digits()
    return images.train.float(), images.test.float()


def limit() -> float:
    """The mean log density of arc's test points under the model that made them: no model's
    mean can be above it, but for chance (ARC_ERROR).
    """
    return deep.log_evidence(arc()[1], deep.arc()).mean().item()


@validate.typed
def below(name: str, table: dict[str, Rung]) -> dict[str, Rung]:
    """The rungs under the one of this name."""
    names = list(table)
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    return {rung: table[rung] for rung in names[: names.index(name)]}


@validate.typed
def measure(x: Float[Tensor, "N D"], model: deep.Model, q: Distribution) -> Rung:
    """The rung of a model and its q(z | x_n), batch shape (N,): the bound by 100 samples a point.

    Evidence by quadrature with one or two latents. With more, by ten chains of 200 steps annealed
    from q, which warns if they were too few (see `bounds.annealed`).
    """
    model.check(x)
    validate.latents(q, len(x), (model.latent_dim,), x.dtype)
    if model.latent_dim <= 2:
        evidence = deep.log_evidence(x, model).mean().item()
    else:
        evidence = bounds.annealed(x, model, q, bounds.schedule(200, 1.0)).value.mean().item()
    with torch.no_grad():
        elbo = vem.elbo(x, q, model, num_samples=100).mean().item()
    return Rung(elbo, evidence)


@validate.typed
def amortised(model: deep.Model, encoder: nn.Module) -> tuple[Rung, float]:
    """The arc's rung of a model with one latent and its encoder; the standard error of its gap.

    Evidence on the test points, as of every rung. The gap, evidence - bound, on 100 000 fresh ones:
    it sits in a few points of a thousand, and of those 5 000 hold now three, now ten.
    """
    test = arc()[1]
    fresh = data.arc(100_000, seed=1).x.float()
    with torch.no_grad():
        bound = vem.elbo(fresh, encoder(fresh), model, num_samples=2)
    gap = deep.log_evidence(fresh, model, deep.grid(1, spacing=0.05)) - bound
    evidence = deep.log_evidence(test, model).mean().item()
    return Rung(evidence - gap.mean().item(), evidence), gap.std().item() / len(gap) ** 0.5
