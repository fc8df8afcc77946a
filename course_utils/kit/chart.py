"""The course's one chart: every model a rung, in nats per data point, below the entropy limit."""

from collections.abc import Mapping
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from course_utils.kit.figure import Picture, figure
from course_utils.kit.style import INK, ROLES, subplots

__all__ = ["plot_ladder"]

DECIMALS = 3  # of every number, written or drawn: what a lesson measures and what a table holds


def plot_ladder(
    rungs: Mapping[str, tuple[float, float]],
    limit: float | None,
    data: str,
    title: str = "The ladder so far",
    error: float | None = None,
    seeds: Mapping[str, tuple[float, float]] | None = None,
) -> Picture:
    """Draw the rungs climbed so far: what each model reaches, what its bound shows of it.

    rungs: {model: (bound, evidence)}, lowest first: mean ELBO and mean log evidence on test
        data, in nats per data point; the same number twice for a model whose bound is tight.
        Where all are, bounds are not drawn.
    limit: the mean log density of the same points under the distribution that made them, from
        which every rung's distance is drawn, on a log scale; None where that is unknown.
    data: what a data point is, e.g. "test point".
    error: the standard error of the limit, or of every rung where there is none: of their level, as
        all stand on the same points.
    seeds: {model: (lowest, highest evidence over seeds)}, a bar below each rung that is in it,
        where there is no limit.
    """
    if not rungs:
        raise ValueError("rungs must hold at least one model")
    table = {name: _rounded(*rung) for name, rung in rungs.items()}
    bounds, evidences = zip(*table.values(), strict=True)
    columns = [("■ evidence", ROLES["truth"].ink, evidences)]
    tight = bounds == evidences
    if not tight:
        columns.append(("◆ bound", ROLES["bound"].ink, bounds))
    places, top = range(1, len(rungs) + 1), len(rungs) + 1
    names = [fill(name, 18) for name in rungs]
    pitch = 0.39 + 0.2 * max(name.count("\n") for name in names)  # inches a rung
    fig, ax = subplots(height=max(3.4, 2.2 + pitch * len(rungs)))
    known = "" if error is None else f" ± {error:.2g}"
    ranges = {name: seeds[name] for name in rungs if name in seeds} if seeds else {}
    if limit is None:
        _marks(ax, bounds, evidences)
        for place, (low, high) in (
            (list(rungs).index(name) + 0.72, r) for name, r in ranges.items()
        ):
            ax.plot([low, high], [place, place], "|-", color=ROLES["truth"].color, markersize=8)
        lowest = min(bounds + tuple(low for low, _ in ranges.values()))
        highest = max(evidences + tuple(high for _, high in ranges.values()))
        middle, half = (lowest + highest) / 2, (highest - lowest) / 2
        half = max(0.5, 1.1 * half)  # at least a nat wide: less is noise
        label = f"nats per {data}{known}" + ("\nbar: the evidence over seeds" if ranges else "")
        ax.set(xlim=(middle - half, middle + half), xlabel=label)
        ax.locator_params("x", nbins=4)
        ax.ticklabel_format(axis="x", useOffset=False)
    else:
        [limit] = _rounded(limit)
        to_go = _rounded(*(limit - value for value in evidences))
        columns.append(("to go", INK, to_go))
        finest = 10**-DECIMALS
        # A rung above the limit, as by chance one may be, stands at the axis' end.
        drawn = [[max(limit - v, finest) for v in values] for values in (bounds, evidences)]
        _marks(ax, *drawn)
        ax.set(xscale="log", xlim=(2 * max(1.0, *drawn[0]), finest / 1.4))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel(f"nats per {data} to go, log scale")
        cap = {"color": INK, "ha": "right", "va": "center_baseline"}
        words = f"limit {_number(limit)}{known} →"
        ax.text(1, top, words, cap, transform=ax.get_yaxis_transform())
    # Each column ends so many points to the right of the plot, with room for -999.999.
    for (heading, color, values), end in zip(columns, (98, 182, 264), strict=False):
        beside = offset_copy(ax.get_yaxis_transform(), fig, end, units="points")
        for place, text in enumerate([*map(_number, values), heading], 1):
            ax.text(1, place, text, transform=beside, color=color, ha="right", va="center_baseline")
    ax.set_yticks(places, names, color=ROLES["model"].ink)
    ax.set(ylim=(0.4, top + 0.5), title=title)
    rows = []
    for name, (bound, evidence) in table.items():
        rest = "" if limit is None else f", {_number(limit - evidence)} to go"
        if name in ranges:
            rest += f", over seeds {_number(ranges[name][0])} to {_number(ranges[name][1])}"
        if not tight:
            rest = f", bound {_number(bound)}{rest}"
        rows.append(f"{name} has evidence {_number(evidence)}{rest}")
    last = "" if limit is None else f" The entropy limit is {_number(limit)}."
    alt = f"In nats per {data}{known}, from the lowest rung up: {'; '.join(rows)}.{last}"
    return figure(fig, alt=alt)


def _marks(ax: Axes, bounds, evidences) -> None:
    """A square for every evidence; unless all are tight, diamonds for bounds, lines between."""
    places = range(1, len(bounds) + 1)
    ax.plot(evidences, places, "s", color=ROLES["truth"].color, markersize=13, clip_on=False)
    if tuple(bounds) != tuple(evidences):
        ax.hlines(places, bounds, evidences, **ROLES["gap"].line)
        ax.plot(bounds, places, "D", color=ROLES["bound"].color, markersize=7, clip_on=False)


def _rounded(*values: float) -> tuple[float, ...]:
    return tuple(round(float(value), DECIMALS) for value in values)


def _number(value: float) -> str:
    """Three decimals, no negative zero, and a minus as long as a plus."""
    return f"{value:z.{DECIMALS}f}".replace("-", "−")
