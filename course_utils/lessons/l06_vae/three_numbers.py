"""4 · Three numbers in place of one: the two gaps, and who pays; exercise 06.3."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal

GAP = style.ROLES["gap"]


def split_gap(evidence: Tensor, best: Tensor, bound: Tensor) -> tuple[Tensor, Tensor]:
    """Amortisation and approximation gap (N,), from log p(x), ELBO(q*) and ELBO(encoder)."""
    return best - bound, evidence - best


Exercise(
    "06.3",
    split_gap,
    cases=[
        (normal(5), normal(5) - 0.3, normal(5) - 1 - normal(5, seed=1).abs()),
        (normal(4, seed=2) + 1, normal(4, seed=2) + 0.75, normal(4, seed=2) - 0.5),
        (normal(3), normal(3) - 0.5, normal(3) - 0.4),  # the search for q* has missed
        (normal(3), normal(3) + 0.1, normal(3) - 0.4),  # so has the quadrature of log p(x)
    ],
    mistakes=[
        Mistake(
            lambda evidence, best, bound: (bound - best, best - evidence),
            "The signs are reversed: both gaps are what is lost, so neither should be negative.",
        ),
        Mistake(
            lambda evidence, best, bound: ((best - bound).abs(), (evidence - best).abs()),
            "Leave the sign: a negative gap would tell you that the search for q* has missed.",
        ),
        Mistake(
            lambda evidence, best, bound: (
                (best - bound).clamp(min=0),
                (evidence - best).clamp(min=0),
            ),
            "You cut negative gaps off. They say that a search or a quadrature has missed: show them.",
        ),
        Mistake(
            lambda evidence, best, bound: (evidence - best, best - bound),
            "You swapped them. Amortisation: what the encoder lacks against q*.",
        ),
        Mistake(
            lambda evidence, best, bound: (evidence - bound, evidence - best),
            "The first is the whole gap. The encoder answers only for the part below ELBO(q*).",
        ),
        Mistake(
            lambda evidence, best, bound: (bound - best, evidence - best),
            "The amortisation gap has the wrong sign: q* is the best, so ELBO(q*) stands first.",
        ),
        Mistake(
            lambda evidence, best, bound: ((best - bound).mean(), (evidence - best).mean()),
            "One value per data point, please: the mean hides who pays.",
        ),
    ],
    nudge="From the bottom: ELBO(encoder), then ELBO(q*), then the evidence. Two steps up.",
    formula="$$\\log p(x) = \\mathcal L(q_\\phi) + \\underbrace{[\\mathcal L(q^*) - "
    "\\mathcal L(q_\\phi)]}_{\\text{amortisation}} + \\underbrace{[\\log p(x) - "
    "\\mathcal L(q^*)]}_{\\text{approximation}}$$",
)


def plot_seam(x: Tensor, gap: Tensor) -> Picture:
    """The whole gap, evidence minus ELBO, of every point against its angle."""
    angle = torch.atan2(x[:, 1], x[:, 0]).rad2deg()
    worst = gap.topk(10)
    share = worst.values.sum() / gap.sum()
    fig, ax = style.subplots()
    ax.plot(angle, gap.clamp(min=1e-5), ".", color=GAP.tint, markersize=4)
    ax.plot(angle[worst.indices], worst.values, "D", color=GAP.color, markersize=9)
    ax.text(0, 40, f"the ten largest: {share:.0%} of the sum", color=GAP.ink, ha="center")
    ax.axhline(gap.mean(), color=style.INK, linestyle="--", linewidth=2)
    ax.text(0, 6, f"mean {gap.mean():.4f}, dashed", ha="center")
    ax.axhline(gap.median(), color=style.INK, linewidth=2)
    ax.text(0, 0.9, f"median {gap.median():.4f}, solid", ha="center")
    ax.set(yscale="log", xlim=(-182, 182), ylim=(1e-5, 400), xticks=[-180, -90, 0, 90, 180])
    ax.set(xlabel="angle of $x$ (degrees)", ylabel="gap in nats")
    ax.set_title("A handful of points at the seam carries the gap")
    return figure(
        fig,
        alt=f"The gap of {len(x)} test points against their angle: median {gap.median():.4f}, mean "
        f"{gap.mean():.4f} nats. The ten largest, up to {worst.values[0]:.1f} nats, lie at angles of at "
        f"least {angle[worst.indices].abs().min():.0f} degrees, at the seam, and make {share:.0%} of "
        "the sum.",
    )
