"""The figure: every ratio on one axis."""

from collections.abc import Sequence

from bench.report import nearness
from bench.rounds import Race
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

MARKS = {"further": ("v", False)}  # from the truth than the rival; others a full circle


def picture(rows: Sequence[Race]) -> Picture:
    """Ours / theirs with quartiles and goals, task by task; a hollow triangle: further from the truth."""
    rows = [row for row in rows if row.ratio is not None]
    fig, ax = style.subplots(width=14, height=1.8 + 0.42 * len(rows))
    ours, goal = style.ROLES["truth"], style.ROLES["q"]
    ax.axvline(1, color=style.GUIDE, linewidth=1.5)
    for y, row in enumerate(reversed(rows)):
        mark, filled = MARKS.get(nearness(row), ("o", True))
        ax.plot(row.quartiles, [y, y], color=ours.color, linewidth=2)
        face = ours.color if filled else "white"
        ax.plot(row.ratio, y, mark, color=ours.color, markerfacecolor=face, markersize=9)
        if row.goal:
            ax.plot(row.goal, y, "|", color=goal.color, markersize=16, markeredgewidth=3)
    names = [f"{row.task} / {row.rival}" for row in reversed(rows)]
    ax.set(xscale="log", ylim=(-0.8, len(rows) - 0.2), xlabel="seconds, ours / theirs")
    ax.set_yticks(range(len(names)), names, fontsize=11)
    ax.set_title(
        "Left of its bar a goal is met; hollow: further from the truth", fontsize=16, loc="right"
    )
    faster = sum(row.ratio < 1 for row in rows)
    further = [f"{row.task} beside {row.rival}" for row in rows if nearness(row) == "further"]
    worse = f"further from the truth: {'; '.join(further)}" if further else "nowhere less exact"
    return figure(
        fig,
        alt=f"Ratios of seconds, ours by the rival's, of {len(rows)} comparisons on a logarithmic "
        f"axis: {faster} are below one; {worse}.",
    )
