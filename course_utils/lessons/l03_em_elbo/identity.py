"""Section 2, the identity behind it: the ELBO of any q over a discrete latent."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
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


def plot_every_q(joint: tuple[float, float] = (0.12, 0.03)) -> Picture:
    """The ELBO of every q over two components, from p(x, 1) and p(x, 2), below log p(x)."""
    truth, bound, gap = (style.ROLES[role] for role in ("truth", "bound", "gap"))
    first = torch.linspace(0.001, 0.999, 301).double()
    q = torch.stack([first, 1 - first], 1)
    log_joint = torch.tensor(joint).double().log()[None]
    elbo, top = mixture_elbo(log_joint, q), log_joint.logsumexp(1).item()
    best = joint[0] / sum(joint)
    fig, ax = style.subplots(height=4)
    ax.fill_between(first, elbo, top, **gap.area)
    ax.fill_between(first, -4.1, elbo, color=bound.tint)
    ax.plot(first, elbo, **bound.line)
    ax.axhline(top, **truth.line)
    ax.plot([best], [top], "o", color=style.INK, markersize=12)
    ax.text(0.02, top + 0.1, f"log p(x) = {top:.2f}", color=truth.ink)
    ax.text(best, top + 0.1, "q = posterior", ha="center")
    ax.text(0.12, -2.5, "KL", color=gap.ink, bbox={"color": "white"}, ha="center", va="center")
    ax.text(0.5, -3.3, "ELBO", color=bound.ink, ha="center")
    ax.set(xlim=(0, 1), ylim=(-4.1, top + 0.45), xlabel="q(first component)", ylabel="nats")
    ax.set_title("For every q, log p = ELBO + KL")
    return figure(
        fig,
        alt=f"The ELBO against q of the first of two components: a hill that touches the constant line "
        f"log p(x) = {top:.2f} at the posterior, {best:.2f}, and lies below it everywhere else; the "
        "distance is the KL.",
    )
