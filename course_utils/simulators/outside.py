"""An answer for a series from outside: samples, the exact posterior, and a warning where due."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import validate
from course_utils.simulators.npe import Posterior
from course_utils.simulators.ricker import BeyondPrior, Exact, Ricker

__all__ = ["Answer", "Familiar", "answer"]


class Familiar:
    """How far a series' summaries are from those of the simulations, in Mahalanobis' distance.

    summaries: of y (N, T). y: simulated series, 1000 or so.
    """

    @validate.typed
    def __init__(self, summaries: Callable[[Tensor], Tensor], y: Float[Tensor, "N T"]) -> None:
        self.summaries, self.num_steps = summaries, y.shape[1]
        s = summaries(y)
        if not isinstance(s, Tensor) or s.ndim != 2 or len(s) < s.shape[1] + 2:
            raise ValueError("y must be more series than there are summaries, and two")
        self.mean, scale = s.mean(0), s.std(0).clamp(min=1e-6)
        cov = torch.cov(((s - self.mean) / scale).mT).reshape(s.shape[1], -1)
        inverse = torch.linalg.pinv(cov)
        self.precision = inverse / scale / scale[:, None]
        self.known = self.distance(y).sort().values

    @validate.typed
    def distance(self, y: Float[Tensor, "N T"]) -> Float[Tensor, "N"]:
        """Of every series, (N,)."""
        off = self.summaries(y) - self.mean
        return (off @ self.precision * off).sum(1).clamp(min=0).sqrt()

    @validate.typed
    def share_beyond(self, y: Float[Tensor, "N T"]) -> Float[Tensor, "N"]:
        """The share of the simulations that are further out than each series."""
        place = torch.searchsorted(self.known, self.distance(y))
        return 1 - place / len(self.known)


class Answer(NamedTuple):
    """samples (S, 2): of theta = (log r, log phi), from q. exact: the grid posterior, of z; None
    where it is beyond the prior's tails.

    share_beyond: of the simulations, further out than the series. strange: whether that is below
    1 %. Not strange does not mean that the model is right.
    """

    samples: Tensor
    exact: Exact | None
    share_beyond: float
    strange: bool


@validate.typed
def answer(
    counts: Float[Tensor, "T"],
    posterior: Posterior,
    model: Ricker,
    familiar: Familiar,
    num_samples: int = 1000,
) -> Answer:
    """What a network that was trained on model's series says of another one, with the truth beside.

    posterior, familiar: made from model's simulations, which nothing here can check. familiar's
    summaries decide what is strange, whichever summaries the network has.
    counts: whole numbers, as many as the network was trained on, none missing and one above 0:
    ValueError else. A shorter series, or one with gaps (NaN), has an exact posterior all the same:
    `Ricker.posterior`.
    """
    validate.integer(1, num_samples=num_samples)
    if len(counts) != familiar.num_steps:
        raise ValueError(
            f"counts must be the {familiar.num_steps} that the network was trained on, got "
            f"{len(counts)}; model.posterior takes any number"
        )
    if counts.isnan().any():
        raise ValueError(
            f"counts must be complete, but {int(counts.isnan().sum())} are NaN; model.posterior "
            "takes missing ones"
        )
    if not counts.isfinite().all() or (counts < 0).any() or (counts != counts.round()).any():
        raise ValueError("counts must be whole numbers, 0 or more")
    if not counts.any():
        raise ValueError("counts must not be all 0: that tells a small phi, and nothing of log r")
    y = counts[None]
    with torch.no_grad():
        z = posterior(y.to(next(posterior.parameters()))).sample(torch.Size([num_samples]))[:, 0]
    share = familiar.share_beyond(y.to(familiar.mean)).item()
    try:
        exact = model.posterior(y)
    except BeyondPrior:  # the strangest series: all the more are samples and flag wanted
        exact = None
    return Answer(model.theta(z), exact, share, share < 0.01)
