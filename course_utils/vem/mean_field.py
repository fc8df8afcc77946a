"""Mean field: q(z, x_hidden) with the cluster and every hidden pixel of an image independent.

Source: Jordan, Ghahramani, Jaakkola & Saul, "An introduction to variational methods for
graphical models", Machine Learning 1999; Bishop, Pattern Recognition and Machine Learning, 2006,
sec. 10.1.1.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.distributions import Bernoulli, Independent

from course_utils import validate
from course_utils.mixture import BernoulliMixture

__all__ = ["MeanField", "mean_field"]


@dataclass(frozen=True)
class MeanField:
    """q(z, x_hidden) = q(z) times one Bernoulli a hidden pixel, for every image.

    weights (N, C): q(z_n = k). means (N, M): q(x_nd = 1) of the M hidden pixels.
    elbo: L_n (N,) after each sweep, in nats; the last is that of weights and means.
    """

    weights: Tensor
    means: Tensor
    elbo: list[Tensor]


@validate.typed
def mean_field(
    model: BernoulliMixture,
    x: Float[Tensor, "N D"],
    seen: Bool[Tensor, "D"],
    start: Float[Tensor, "N C"],
    num_sweeps: int = 50,
) -> MeanField:
    """Coordinate ascent on the ELBO of log p(x_seen), with z and the hidden pixels independent.

    Each factor is set to exp E[log joint] under the others, which is its best value:
        q(z = k) ~ exp(log p(x_seen, k) + sum_d E[log p(x_d | k)])
        logit q(x_d = 1) = sum_k q(k) logit means_kd
    seen (D,): which pixels are given; the others of x are ignored. start (N, C): q(z) to begin
    with, rows that sum to 1. Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 10.1.1.
    """
    validate.integer(1, num_sweeps=num_sweeps)
    if seen.all():
        raise ValueError("seen must leave out at least one pixel")
    validate.finite(start=start)
    validate.columns(model.weights, start=start)
    if (start < 0).any() or ((start.sum(1) - 1).abs() > 1e-5).any():
        raise ValueError("start must have rows of probabilities, which sum to 1")
    log_joint = model.log_joint(torch.where(seen, x, 0.0), seen)  # (N, C)
    on, off = model.means[:, ~seen].log(), (1 - model.means[:, ~seen]).log()  # (C, M)
    q, history = start, []
    for _ in range(num_sweeps):
        pixels = torch.sigmoid(q @ (on - off))
        score = log_joint + pixels @ on.T + (1 - pixels) @ off.T  # E[log p(x_seen, x_hidden, k)]
        q = score.softmax(1)
        entropy = Independent(Bernoulli(pixels), 1).entropy()
        history.append(score.logsumexp(1) + entropy)  # = E_q[score] + both entropies, at this q
    return MeanField(q, pixels, history)
