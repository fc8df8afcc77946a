"""The figure: every ratio on one axis."""

from collections.abc import Sequence
from itertools import groupby

from bench.report import nearness
from bench.rounds import Race
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

MARKS = {"further": ("v", False)}  # from the truth than the rival; others a full circle


def picture(rows: Sequence[Race]) -> Picture:
    """Ours / theirs with quartiles and goals, task by task; a hollow triangle: further from the truth."""
    rows = [row for row in rows if row.ratio is not None]
    tasks = [(task, list(group)) for task, group in groupby(rows, lambda row: row.task)]
    height = len(rows) + 1.4 * len(tasks)
    fig, ax = style.subplots(width=10, height=1.5 + 0.3 * height)
    ours, goal = style.ROLES["truth"], style.ROLES["q"]
    ax.axvline(1, color=style.GUIDE, linewidth=1.5)
    places, y = [], 0.0
    for task, group in tasks:
        name = ax.text(0.01, y - 1.4, task, transform=ax.get_yaxis_transform(), weight="bold")
        name.set(va="center", backgroundcolor="white")
        y -= 1.4
        for row in group:
            y -= 1
            places.append(y)
            mark, filled = MARKS.get(nearness(row), ("o", True))
            ax.plot(row.quartiles, [y, y], color=ours.color, linewidth=2)
            face = ours.color if filled else "white"
            ax.plot(row.ratio, y, mark, color=ours.color, markerfacecolor=face, markersize=9)
            if row.goal:
                ax.plot(row.goal, y, "|", color=goal.color, markersize=14, markeredgewidth=3)
    ax.set(xscale="log", ylim=(-height - 0.7, 0), xlabel="seconds, ours / theirs")
    ax.set_yticks(places, [row.rival for row in rows], fontsize=12)
    ax.tick_params(labeltop=True, top=True)
    ax.set_title("Left of its bar a goal is met; hollow: further from the truth", fontsize=15)
    faster = sum(row.ratio < 1 for row in rows)
    further = [f"{row.task} beside {row.rival}" for row in rows if nearness(row) == "further"]
    worse = f"further from the truth: {'; '.join(further)}" if further else "nowhere less exact"
    return figure(
        fig,
        alt=f"Ratios of seconds, ours by the rival's, of {len(rows)} comparisons on a logarithmic "
        f"axis: {faster} are below one; {worse}.",
    )
