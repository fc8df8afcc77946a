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
    fig, ax = subplots()
    ax.axhline(limit, **truth.line)
    ax.text(0, limit, f" entropy limit {limit:.3f}", color=truth.color, va="bottom")
    for place, (name, value) in enumerate(rungs.items(), 1):
        ax.plot([place - 0.3, place + 0.3], [value, value], color=model.color, linewidth=6)
        label = f"{name}\n{value:.3f}"
        ax.annotate(
            label,
            (place, value),
            (0, -8),
            textcoords="offset points",
            color=model.color,
            ha="center",
            va="top",
        )
        ax.annotate(
            "", (place, limit), (place, value), arrowprops={"arrowstyle": "<->", "color": "#404040"}
        )
        ax.text(place + 0.05, (value + limit) / 2, f"{limit - value:.3f} nats to go", va="center")
    lowest = min(rungs.values())
    ax.set(xlim=(0, len(rungs) + 1), xticks=[], ylabel=f"nats per {data}")
    ax.set_ylim(lowest - 0.35 * (limit - lowest), limit + 0.2 * (limit - lowest))
    ax.set_title("The ladder so far")
    steps = "; ".join(f"{name} at {value:.3f}" for name, value in rungs.items())
    return figure(fig, alt=f"In nats per {data}: {steps}; the entropy limit is {limit:.3f}.")
