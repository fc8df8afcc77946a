"""Section 2, the identity behind it: the ELBO of any q over a discrete latent."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal


def mixture_elbo(log_joint: Tensor, q: Tensor) -> Tensor:
    """ELBO per data point (N,) of any q (N, C) above 0 from log p(x_n, z_n = k) (N, C)."""
    return (q * (log_joint - q.log())).sum(1)


def gap_of_one_label(log_joint: Tensor) -> Tensor:
    """Nats (N,) from log p(x_n) down to the ELBO of the best q on one label. log_joint (N, K)."""
    return log_joint.logsumexp(1) - log_joint.max(1).values


Exercise(
    "03.1",
    gap_of_one_label,
    cases=[(normal(5, 2) - 2,), (2 * normal(4, 3, seed=2) - 1,), (normal(3, 4, seed=3),)],
    mistakes=[
        Mistake(
            lambda log_joint: log_joint.max(1).values,
            "That is the ELBO of the best one-label q. The gap is what it leaves below log p(x).",
        ),
        Mistake(
            lambda log_joint: log_joint.max(1).values - log_joint.logsumexp(1),
            "The sign is turned: the bound lies below, so the gap is log p(x) minus the bound.",
        ),
        Mistake(
            lambda log_joint: 1 - log_joint.softmax(1).max(1).values,
            "That is a probability, the one that q's label is wrong. The gap is in nats: a "
            "difference of logarithms.",
        ),
        Mistake(
            lambda log_joint: -(log_joint.softmax(1) * log_joint.log_softmax(1)).sum(1),
            "That is the entropy of the posterior, −log p(k | x) averaged over all components. Under "
            "a q on one label the average has one term.",
        ),
        Mistake(
            lambda log_joint: -log_joint.log_softmax(1).mean(1),
            "You averaged over the components as if q were even. It is on one of them.",
        ),
        Mistake(
            lambda log_joint: log_joint.logsumexp(1) - log_joint.min(1).values,
            "The smallest gap is asked for: which label is the best?",
        ),
        Mistake(
            lambda log_joint: log_joint.logsumexp(1) - log_joint[:, log_joint.mean(0).argmax()],
            "You took one label for all data points. Each has a q of its own.",
        ),
        Mistake(
            lambda log_joint: log_joint.exp().sum(1) - log_joint.exp().max(1).values,
            "You subtracted probabilities. Bound and evidence are logarithms.",
        ),
        Mistake(
            lambda log_joint: torch.full_like(log_joint[:, 0], torch.nan),
            "NaN: in q log q the empty labels give 0 · log 0 = 0 · (−∞). They count as 0: write "
            "down what is left of the sum.",
        ),
    ],
    nudge="With all of q on one label the expectation has one term, and log q is 0 there. Which label "
    "makes the bound largest?",
    formula="On label $k$ the ELBO is $\\log p(x_n,k) - \\log 1$, so the gap is "
    "$$\\log p(x_n) - \\max_k\\log p(x_n,k) = -\\log \\max_k\\, p(k\\mid x_n).$$",
)


def plot_every_q(joint: tuple[float, float] = (0.12, 0.03)) -> Picture:
    """The ELBO of every q over two components, from p(x, 1) and p(x, 2), below log p(x)."""
    truth, bound, gap = (style.ROLES[role] for role in ("truth", "bound", "gap"))
    first = torch.linspace(0.001, 0.999, 301).double()
    q = torch.stack([first, 1 - first], 1)
    log_joint = torch.tensor(joint).double().log()[None]
    elbo, top = mixture_elbo(log_joint, q), log_joint.logsumexp(1).item()
    best = joint[0] / sum(joint)
    evidence = f"log p(x) = {top:.2f}".replace("-", "−")
    fig, ax = style.subplots(height=4)
    ax.fill_between(first, elbo, top, **gap.area)
    ax.fill_between(first, -4.1, elbo, color=bound.tint)
    ax.plot(first, elbo, **bound.line)
    ax.axhline(top, **truth.line)
    ax.plot([best], [top], "o", color=style.INK, markersize=12)
    ax.text(0.02, top + 0.1, evidence, color=truth.ink)
    ax.text(best, top + 0.1, "q = posterior", ha="center")
    ax.text(0.12, -2.5, "KL", color=gap.ink, bbox={"color": "white"}, ha="center", va="center")
    ax.text(0.5, -3.3, "ELBO", color=bound.ink, ha="center")
    ax.set(xlim=(0, 1), ylim=(-4.1, top + 0.45), xlabel="q(first component)", ylabel="nats")
    ax.set_title("For every q, log p = ELBO + KL")
    return figure(
        fig,
        alt=f"The ELBO against q of the first of two components: a hill that touches the constant line "
        f"{evidence} at the posterior, {best:.2f}, and lies below it everywhere else; the "
        "distance is the KL.",
    )
