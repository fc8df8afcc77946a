"""1, bend the decoder: the evidence on a grid."""

from math import log

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.l05_variational_em.cases import table, uneven


def log_evidence(log_joint: Tensor, nodes: Tensor) -> Tensor:
    """log p(x_n) (N,) by the trapezoid rule, from log p(x_n, z_j) (N, G) at ascending z_j (G,)."""
    gaps = nodes.diff()
    weights = torch.cat([gaps[:1], gaps[:-1] + gaps[1:], gaps[-1:]]) / 2
    return (log_joint + weights.log()).logsumexp(1)


def _weighted(weights):
    """An answer with these weights of the nodes, a function of the gaps between them."""
    return lambda log_joint, nodes: (log_joint + weights(nodes.diff()).log()).logsumexp(1)


def _whole(gaps: Tensor) -> Tensor:
    """Twice the trapezoid rule's weights."""
    return torch.cat([gaps[:1], gaps[:-1] + gaps[1:], gaps[-1:]])


def _both_ends(gaps: Tensor) -> Tensor:
    return torch.cat([gaps[:1], (gaps[:-1] + gaps[1:]) / 2, gaps[-1:]])


def _log_weights(log_joint: Tensor, nodes: Tensor) -> Tensor:
    return log_joint + (_whole(nodes.diff()) / 2).log()


# The last point is far from all that the decoder makes: exp(log p) is 0 in the computer.
CASES = [(table(uneven(161), 0) - torch.tensor([[0.0], [1.0], [900.0]]), uneven(161))]
CASES += [(table(uneven(41) / 4, 1) - torch.tensor([[800.0], [0.0], [2.0]]), uneven(41) / 4)]

Exercise(
    "05.1",
    log_evidence,
    cases=CASES,
    mistakes=[
        Mistake(
            lambda log_joint, nodes: log_joint.logsumexp(1),
            "That is the log of a sum of densities. An integral has widths, too.",
        ),
        Mistake(
            lambda log_joint, nodes: log_joint.logsumexp(1) + log(nodes[1] - nodes[0]),
            "You took one spacing for all. The nodes are closer in the middle: each has its own weight.",
        ),
        Mistake(
            lambda log_joint, nodes: log_joint.logsumexp(1) + nodes.diff().mean().log(),
            "You took the mean spacing for all: so the middle, where nodes are dense, counts too much.",
        ),
        Mistake(
            lambda log_joint, nodes: (log_joint[:, :-1] + nodes.diff().log()).logsumexp(1),
            "That holds each slice at its left end. The straight line between two nodes uses both.",
        ),
        Mistake(
            lambda log_joint, nodes: (log_joint[:, 1:] + nodes.diff().log()).logsumexp(1),
            "That holds each slice at its right end. The straight line between two nodes uses both.",
        ),
        Mistake(
            _weighted(_whole),
            "A factor ½ is missing: a slice's area is its width times the <i>mean</i> of its two ends.",
        ),
        Mistake(
            _weighted(_both_ends),
            "The first and the last node have a neighbour on one side only: half of one gap.",
        ),
        Mistake(
            lambda log_joint, nodes: (
                (log_joint[:, 1:] + log_joint[:, :-1]) / 2 + nodes.diff().log()
            ).logsumexp(1),
            "You drew the straight lines between the <i>logarithms</i>. They are drawn between densities.",
        ),
        Mistake(
            lambda log_joint, nodes: torch.trapezoid(log_joint.exp(), nodes, dim=1).log(),
            "Right where it can be computed. But exp(−900) is 0 in the computer, and its log −∞: weigh "
            "with logarithms, and leave the exp to <code>logsumexp</code>.",
        ),
        Mistake(
            lambda log_joint, nodes: torch.trapezoid(log_joint, nodes, dim=1),
            "You integrated the logarithm. Integrate the density: exp inside, log outside.",
        ),
        Mistake(
            lambda log_joint, nodes: _log_weights(log_joint, nodes).exp().sum(1),
            "That is p(x). The measure of this course is its logarithm, in nats.",
        ),
    ],
    nudge="Each slice between two nodes has the area width times mean height. In which slices does node "
    "j stand, and with what share of each? A weight on a density is a summand on its logarithm.",
    formula="$$p(x_n) \\approx \\sum_j w_j\\,p(x_n, z_j), \\qquad w_j = \\tfrac12(z_{j+1} - z_{j-1}),$$ "
    "and at the two ends half of the one gap. <code>logsumexp</code> is the log of a sum of "
    "exponentials.",
)
