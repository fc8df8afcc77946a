"""1, bend the decoder: the evidence on a grid."""

from math import log

from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.l05_variational_em.cases import table


def log_evidence(log_joint: Tensor, spacing: float) -> Tensor:
    """log p(x_n) (N,) from log p(x_n, z_j) (N, G) on equally spaced z_j."""
    return log_joint.logsumexp(1) + log(spacing)


Exercise(
    "05.1",
    log_evidence,
    cases=[(table(0.05, 0), 0.05), (table(0.1, 1), 0.1)],
    mistakes=[
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1),
            "That is the log of a sum of densities. An integral has a width too: the spacing.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) + spacing,
            "The sum is <i>multiplied</i> by the spacing; on logarithms, add its <i>logarithm</i>.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) * spacing,
            "You multiplied the logarithm by the spacing. It multiplies the sum, before the log.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.logsumexp(1) - log(log_joint.shape[1]),
            "That is the log of the <i>average</i> over the grid, as if z were uniform on it.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.exp().sum(1) * spacing,
            "That is p(x). The measure of this course is its logarithm, in nats.",
        ),
        Mistake(
            lambda log_joint, spacing: log_joint.sum(1) * spacing,
            "You integrated the logarithm. Integrate the density: exp inside, log outside.",
        ),
    ],
    nudge="The integral is about the sum of p(x, z) at the nodes times their spacing. Take the log last.",
    formula="$$\\log p(x_n) \\approx \\log\\sum_j p(x_n, z_j) + \\log\\Delta z$$ "
    "<code>logsumexp</code> is the log of a sum of exponentials.",
    tolerance=1e-4,
)
