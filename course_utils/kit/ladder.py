"""The course's one chart: every model a rung, in nats per data point, below the entropy limit."""

from collections.abc import Mapping

from course_utils.kit.figure import Picture, figure
from course_utils.kit.style import ROLES, subplots

__all__ = ["ladder"]


def ladder(rungs: Mapping[str, float], limit: float, data: str) -> Picture:
    """Draw the rungs climbed so far.

    rungs: {model: mean log evidence on test data, in nats per data point}, lowest first.
    limit: the mean log density of the same points under the distribution that made them.
    data: what a data point is, e.g. "test point".
    """
    truth, model = ROLES["truth"], ROLES["model"]
    low, high = min([limit, *rungs.values()]), max([limit, *rungs.values()])
    span = high - low or 1.0
    fig, ax = subplots(height=max(4.5, 2 + 0.45 * len(rungs)))
    ax.axvline(limit, **truth.line)
    top = len(rungs) + 0.6
    ax.text(limit - 0.02 * span, top, f"entropy limit {limit:.3f}", color=truth.color, ha="right")
    for place, value in enumerate(rungs.values(), 1):
        ax.plot([value, limit], [place, place], color="#404040", linewidth=2, zorder=1)
        ax.plot([value], [place], "s", color=model.color, markersize=13)
        label = f" {value:.3f}, {limit - value:.3f} to go"
        ax.text(1, place, label, transform=ax.get_yaxis_transform(), va="center")
    ax.set_yticks(range(1, len(rungs) + 1), rungs, color=model.color)
    ax.set(xlim=(low - 0.1 * span, high + 0.05 * span), ylim=(0.4, top + 0.5))
    ax.set(xlabel=f"nats per {data}", title="The ladder so far")
    steps = "; ".join(f"{name} at {value:.3f}" for name, value in rungs.items())
    return figure(fig, alt=f"In nats per {data}: {steps}; the entropy limit is {limit:.3f}.")
