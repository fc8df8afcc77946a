"""5, can a flow be anything? Whether the ring's hole can be empty."""

from collections.abc import Callable
from math import log

import torch
from torch import Tensor

from course_utils.flows import Flow
from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]


def poll_topology() -> Poll:
    """Whether layers can empty the ring's hole."""
    return Poll(
        "With enough of section 3's layers, a flow from a Gaussian in the plane can make the ring's "
        "hole exactly empty.",
        [
            Option(
                "true",
                False,
                "Every point of the hole is T(z) for some z, and the Gaussian has mass around "
                "every z.",
            ),
            Option(
                "false",
                True,
                "T maps the plane onto the plane. It can make the hole as thin as it likes, by "
                "stretching a pinhole, but never empty.",
            ),
        ],
    )


def plot_bridge(flow: Flow, truth: Callable[[Tensor], Tensor]) -> Picture:
    """The density along the x axis through the ring's hole, on a log scale."""
    along = torch.linspace(-1.6, 1.6, 641)
    line = torch.stack([along, torch.zeros_like(along)], 1)
    with torch.no_grad():
        exact, ours = truth(line) / log(10), flow.log_prob(line) / log(10)
    fig, ax = style.subplots()
    ax.plot(along, exact, **TRUTH.line)
    ax.plot(along, ours, **MODEL.line)
    ax.set(xlim=(-1.6, 1.6), ylim=(-22, 3), xlabel="$x_1$, at $x_2 = 0$")
    ax.set(ylabel="$\\log_{10}$ density", title="The hole is thin, not empty")
    middle = [values[320].item() for values in (exact, ours)]
    ax.text(0, middle[1] + 0.7, "flow", color=MODEL.ink, ha="center", va="bottom")
    ax.text(0.42, middle[0] + 4, "truth", color=TRUTH.ink)
    return figure(
        fig,
        alt=f"Along a line through the ring's centre the true density falls to 10 to the "
        f"{middle[0]:.0f} in the hole; the flow's stays near 10 to the {middle[1]:.1f}.",
    )
