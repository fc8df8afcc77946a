"""4 · Three numbers in place of one: the two gaps, what an encoder can win, and who pays."""

import torch
from torch import Tensor

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

GAP = style.ROLES["gap"]


def poll_remedy() -> Poll:
    """Which of two measured VAEs a better encoder helps, and how far."""
    return Poll(
        "Two VAEs of the arc, limit −0.54. The first: evidence −0.60, refined bound −0.62, ELBO −0.64 "
        "nats. The second: evidence −0.56, refined bound −0.58, ELBO −0.70. Their decoders are held; you "
        "may train one encoder on, as long as you like. What is the best ELBO that you can reach?",
        [
            Option(
                "−0.62, with the first",
                False,
                "So far it gets. But the second, worse today, has more to win from its encoder.",
            ),
            Option(
                "−0.60, with the first",
                False,
                "Its evidence: no Gaussian q gets there. What q* lacks is the approximation gap.",
            ),
            Option(
                "−0.56, with the second",
                False,
                "Its evidence is what its posterior itself would score; the best Gaussian has −0.58.",
            ),
            Option(
                "−0.58, with the second",
                True,
                "The perfect encoder chooses q* everywhere: the refined bound. 0.12 nats of "
                "amortisation gap close, the approximation gap of 0.02 stays.",
            ),
            Option(
                "−0.54, with either",
                False,
                "That takes another decoder: an ELBO is never above its own model's evidence.",
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
