"""The course's one chart: every model a rung, in nats per data point, below the entropy limit."""

from collections.abc import Mapping
from textwrap import fill

from matplotlib.transforms import offset_copy

from course_utils.kit.figure import Picture, figure
from course_utils.kit.style import ROLES, subplots

__all__ = ["plot_ladder"]

BLACK = "#262626"  # of the axes and other texts


def plot_ladder(
    rungs: Mapping[str, tuple[float, float]],
    limit: float | None,
    data: str,
    title: str = "The ladder so far",
) -> Picture:
    """Draw the rungs climbed so far: what each model reaches, what its bound shows of it.

    rungs: {model: (bound, evidence)}, lowest first: mean ELBO and mean log evidence on test
        data, in nats per data point; the same number twice for a model whose bound is tight.
    limit: the mean log density of the same points under the distribution that made them;
        None where that is unknown.
    data: what a data point is, e.g. "test point".
    """
    if not rungs:
        raise ValueError("rungs must hold at least one model")
    truth, model, q = ROLES["truth"], ROLES["model"], ROLES["q"]
    bounds, evidences = zip(*rungs.values(), strict=True)
    places, top = range(1, len(rungs) + 1), len(rungs) + 1
    names = [fill(name, 18) for name in rungs]
    pitch = 0.45 + 0.2 * max(name.count("\n") for name in names)  # inches a rung
    fig, ax = subplots(height=max(3.4, 2.2 + pitch * len(rungs)))
    table = [("■ evidence", model.color, evidences), ("◆ bound", q.color, bounds)]
    if limit is not None:
        ax.vlines(limit, 0, top - 0.3, **truth.line)
        ax.hlines(places, evidences, limit, BLACK, linewidth=2, zorder=1)
        table.append(("to go", BLACK, tuple(limit - value for value in evidences)))
        cap = {"color": truth.color, "ha": "right", "va": "center_baseline"}
        ax.text(1, top, f"entropy limit {_number(limit)}", cap, transform=ax.get_yaxis_transform())
    ax.hlines(places, bounds, evidences, **q.line)
    ax.plot(evidences, places, "s", color=model.color, markersize=13)
    ax.plot(bounds, places, "D", color=q.color, markersize=7)
    # Each column ends so many points to the right of the plot, with room for -999.999.
    for (heading, color, values), end in zip(table, (112, 200, 278), strict=False):
        beside = offset_copy(ax.get_yaxis_transform(), fig, end, units="points")
        for place, text in enumerate([*map(_number, values), heading], 1):
            ax.text(1, place, text, transform=beside, color=color, ha="right", va="center_baseline")
    ax.set_yticks(places, names, color=model.color)
    ax.locator_params("x", nbins=4)
    ax.ticklabel_format(axis="x", useOffset=False)
    ax.set(ylim=(0.4, top + 0.5), xlabel=f"nats per {data}", title=title)
    rows = []
    for name, (bound, evidence) in rungs.items():
        rest = "" if limit is None else f", {_number(limit - evidence)} to go"
        rows.append(f"{name} has evidence {_number(evidence)}, bound {_number(bound)}{rest}")
    last = "" if limit is None else f" The entropy limit is {_number(limit)}."
    alt = f"In nats per {data}, from the lowest rung up: {'; '.join(rows)}.{last}"
    return figure(fig, alt=alt)


def _number(value: float) -> str:
    """Three decimals, no negative zero, and a minus as long as a plus."""
    return f"{value:z.3f}".replace("-", "−")
