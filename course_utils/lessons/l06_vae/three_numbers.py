"""4 · Three numbers in place of one: the two gaps, what to mend, and who pays."""

import torch
from torch import Tensor

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

GAP = style.ROLES["gap"]


def poll_remedy() -> Poll:
    """Which of the losses of a measured VAE is the large one."""
    return Poll(
        "A VAE of the arc: entropy limit −0.54, evidence −0.57, refined bound −0.57, ELBO −0.75 nats. "
        "What would raise its ELBO most?",
        [
            Option(
                "a larger decoder",
                False,
                "The model's evidence lacks 0.03 nats of the limit: there is little to win.",
            ),
            Option(
                "a richer family of q",
                False,
                "The best Gaussians already reach the evidence: the approximation gap is near 0.",
            ),
            Option(
                "a better encoder, or refining its q",
                True,
                "0.18 nats lie between ELBO(encoder) and ELBO(q*): the amortisation gap.",
            ),
            Option(
                "more samples of z in the estimate",
                False,
                "They steady the number. The ELBO is an expectation: it stays where it is.",
            ),
        ],
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
    ax.set_title("Gap by angle, point by point")
    return figure(
        fig,
        alt=f"The gap of {len(x)} test points against their angle: median {gap.median():.4f}, mean "
        f"{gap.mean():.4f} nats. The ten largest, up to {worst.values[0]:.1f} nats, lie at angles of at "
        f"least {angle[worst.indices].abs().min():.0f} degrees, at the seam, and make {share:.0%} of "
        "the sum.",
    )
