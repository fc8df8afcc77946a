"""Section 2, the identity behind it: the ELBO of any q over a discrete latent."""

from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def mixture_elbo(log_joint: Tensor, q: Tensor) -> Tensor:
    """ELBO per data point (N,) of any q (N, C) above 0 from log p(x_n, z_n = k) (N, C)."""
    return (q * (log_joint - q.log())).sum(1)


Exercise(
    "03.1",
    mixture_elbo,
    cases=[
        (normal(5, 2) - 2, normal(5, 2, seed=1).softmax(1)),
        (normal(4, 3, seed=2) - 1, normal(4, 3, seed=3).softmax(1)),
    ],
    mistakes=[
        Mistake(
            lambda log_joint, q: (q * log_joint).sum(1),
            "That is the expected log joint alone. The entropy of q is missing: subtract log q inside.",
        ),
        Mistake(
            lambda log_joint, q: (q * (log_joint + q.log())).sum(1),
            "The sign of log q: the ELBO is E_q[log p(x, z) − log q(z)].",
        ),
        Mistake(
            lambda log_joint, q: (log_joint - q.log()).sum(1),
            "An expectation under q weighs every term with q. You only added them.",
        ),
        Mistake(
            lambda log_joint, q: log_joint.logsumexp(1),
            "That is the log evidence. The ELBO depends on q, and lies below it.",
        ),
        Mistake(
            lambda log_joint, q: (q * (log_joint.log_softmax(1) - q.log())).sum(1),
            "<code>log_softmax</code> turns the joint into the posterior, so this is −KL, minus the "
            "gap. The ELBO has the log joint as it is.",
        ),
        Mistake(
            lambda log_joint, q: (q * log_joint.log_softmax(1)).sum(1),
            "<code>log_softmax</code> gives the log posterior. The ELBO has the log joint as it is, "
            "and minus log q beside it.",
        ),
        Mistake(
            lambda log_joint, q: (q * (log_joint - q.log())).sum(1).mean(),
            "Return one ELBO per data point; the mean is taken later, in sight.",
        ),
    ],
    nudge="For a discrete z the expectation is a sum over k, weighted with q.",
    formula="$$\\mathcal L_n = \\sum_k q_n(k)\\,\\big[\\log p(x_n, k) - \\log q_n(k)\\big]$$",
)
