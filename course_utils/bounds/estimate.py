"""An estimate of log p(x_n) from weights, how sure it is, and the warning when it is not."""

import warnings
from math import log, log10, sqrt
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import validate

__all__ = ["Estimate", "Unreliable", "from_log_weights", "pareto_k", "warn"]

SHORT = 0.1  # nats that a mean may lack before the reader is warned
FEW = 0.05  # share of the points whose tail index may be above its limit: it is an estimate itself
MIN_TAIL = 25  # weights, below which a tail cannot be fitted


class Unreliable(UserWarning):
    """An estimate of the evidence that its own weights speak against."""


class Estimate(NamedTuple):
    """log p_hat(x_n), each (N,): E p_hat = p, so E log p_hat is at most log p(x_n).

    value: in nats. error: its standard error, by the delta method the relative one of p_hat.
    ess: effective sample size, (sum w)^2 / sum w^2, from 1 to the number of samples. To first
    order value lacks error^2 / 2; where the weights' variance is infinite, error is no guide.
    """

    value: Tensor
    error: Tensor
    ess: Tensor


def from_log_weights(log_w: Tensor) -> Estimate:
    """The estimate from independent log weights (K, N), K of 2 or more."""
    some_above_zero(log_w)
    weight = log_w.softmax(0)
    squares = weight.square().sum(0)
    spread = (weight - 1 / len(log_w)).square().sum(0) * len(log_w) / (len(log_w) - 1)
    return Estimate(log_mean_exp(log_w), spread.sqrt(), 1 / squares)


def some_above_zero(log_w: Tensor) -> None:
    """Raise ValueError where all weights of a data point are 0."""
    if (log_w.amax(0) == -torch.inf).any():
        raise ValueError(
            "x must be where the model has a density above 0: all log_w of a data point are -inf"
        )


def log_mean_exp(log_w: Tensor) -> Tensor:
    """log (1/K) sum_k w_k over the first axis."""
    return log_w.logsumexp(0) - log(len(log_w))


@validate.typed
def pareto_k(log_w: Float[Tensor, "K N"]) -> Float[Tensor, "N"]:
    """The tail index of the weights of every data point, from 25 or more of them.

    The M = min(K / 5, 3 sqrt K) largest are fitted by a generalised Pareto distribution, whose
    density falls as w^-(1 + 1/k): their variance is infinite if k >= 1/2, their mean if k >= 1.
    -inf where the largest are all alike. It is an estimate: a weight's mean is p(x), so its own
    index is at most 1, and more says that the samples were too few to see the tail.
    Source: Vehtari et al., "Pareto smoothed importance sampling", JMLR 2024, with the fit of
    Zhang & Stephens, Technometrics 2009.
    """
    K = len(log_w)
    if K < MIN_TAIL:
        raise ValueError(f"log_w must have {MIN_TAIL} rows or more, got {K}")
    if log_w.isnan().any() or log_w.isposinf().any() or (log_w.amax(0) == -torch.inf).any():
        raise ValueError("log_w must be above -inf somewhere, and neither NaN nor +inf")
    M = int(min(K / 5, 3 * sqrt(K)))
    top = log_w.double().topk(M + 1, 0).values.flip(0)  # increasing
    relative = (top - top[-1]).exp()
    beyond = relative[1:] - relative[0]  # (M, N), increasing
    alike = beyond[-1] < 1e-9
    beyond = beyond.clamp(min=1e-12).where(~alike, torch.linspace(0.1, 1, M).double()[:, None])
    count = 30 + int(sqrt(M))
    inverse = 1 - (count / (torch.arange(1, count + 1) - 0.5)).sqrt()[:, None]  # (count, 1)
    slope = 1 / beyond[-1] + inverse / (3 * beyond[int(M / 4 + 0.5) - 1])  # (count, N)
    index = torch.stack([torch.log1p(-b * beyond).mean(0) for b in slope])
    profile = M * ((-slope / index).log() - index - 1)
    best = (profile.softmax(0) * slope).sum(0)
    k = torch.log1p(-best * beyond).mean(0)
    return ((M * k + 5) / (M + 10)).masked_fill(alike, -torch.inf).to(log_w)  # a weak prior at 1/2


def warn(estimate: Estimate, log_w: Tensor, advice: str) -> None:
    """Warn, with the figures, if the weights (K, N) say that the estimate is short."""
    said, K = [], len(log_w)
    short = (estimate.error.square() / 2).mean().item()
    if short > SHORT:
        said.append(
            f"the mean is short by {short:.2f} nats or more: of {K} samples the effective number "
            f"is {estimate.ess.median().item():.1f} at the median point, "
            f"{estimate.ess.min().item():.1f} at the worst, and their log weights spread by "
            f"{log_w.std(0).median().item():.1f} nats"
        )
    if K >= MIN_TAIL:
        k, limit = pareto_k(log_w), min(1 - 1 / log10(K), 0.7)
        heavy = int((k > limit).sum())
        if heavy > FEW * len(k):
            said.append(
                f"at {heavy} of {len(k)} points the weights' estimated tail index is above "
                f"{limit:.2f}, the most that {K} samples can bear, up to {k.max().item():.2f}; a "
                "true one from 0.5 on means infinite variance"
            )
    if said:
        warnings.warn(f"{'; '.join(said)}. {advice}", Unreliable, stacklevel=4)
