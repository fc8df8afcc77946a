"""Section 6, which one, then: the noise of both estimators as areas, and where they are equal."""

import numpy as np
from matplotlib.axes import Axes

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l04_reparameterization.estimators import (
    MOVED,
    MU,
    WEIGHED,
    cos_variances,
)

K = 8  # of the wiggly example, cos 8z


def plot_noise() -> Picture:
    """q times the squared estimate, for both estimators: the areas are variance + mean squared."""
    z = np.linspace(MU - 5, MU + 5, 4001)
    eps = z - MU
    q = np.exp(-(eps**2) / 2) / np.sqrt(2 * np.pi)
    cases = {
        "$h=z^2$": (2 * z, z**2 * eps),
        f"$h=\\cos\\,{K}z$": (-K * np.sin(K * z), np.cos(K * z) * eps),
    }
    fig, panels = style.subplots(2)
    areas = [
        _squares(ax, name, z, [q * estimate**2 for estimate in pair])
        for ax, (name, pair) in zip(panels, cases.items(), strict=True)
    ]
    panels[0].set_ylabel("density × estimate²")
    (path, score), (path_k, score_k) = areas
    return figure(
        fig,
        alt="The density of q times the square of each estimate, whose area is the variance plus the "
        f"squared mean. For z squared: pathwise {path:.1f}, score function {score:.1f}, far out where "
        f"h is high. For cos {K}z: pathwise {path_k:.1f}, score function {score_k:.1f}.",
    )


def _squares(ax: Axes, name: str, z: np.ndarray, squares: list[np.ndarray]) -> list[float]:
    """One panel; returns the two areas."""
    areas = [float(np.trapezoid(square, z)) for square in squares]
    for square, role in zip(squares, (MOVED, WEIGHED), strict=True):
        ax.fill_between(z, square, **role.area | {"edgecolor": role.color})
    top = 1.45 * max(square.max() for square in squares)
    ax.set(xlim=(-2.8, 5.8), ylim=(0, top), xlabel="$z$", title=name)
    for height, label, role, area in (
        (0.98, "pathwise", MOVED, areas[0]),
        (0.87, "score function", WEIGHED, areas[1]),
    ):
        ax.text(-2.6, height * top, f"{label}: area {area:.3g}", color=role.ink, va="top")
    return areas


def plot_crossing() -> Picture:
    """Both variances for h = cos kz against k s, for several means."""
    widths = np.geomspace(0.25, 4, 161)
    fig, ax = style.subplots()
    ax.axvspan(0.85, 1.11, color=style.GROUND)
    for mean in (0.0, 0.5, 1.0, 1.5):
        pairs = np.array([cos_variances(width, mean, 1.0) for width in widths])
        ax.plot(widths, pairs[:, 0], **MOVED.line | {"linewidth": 2})
        ax.plot(widths, pairs[:, 1], **WEIGHED.line | {"linewidth": 2})
    ax.text(2.0, 3.2, "pathwise", color=MOVED.ink, ha="right")
    ax.text(2.2, 0.24, "score function", color=WEIGHED.ink)
    ax.text(0.83, 0.0125, "all crossings", ha="right")
    ax.set(xscale="log", yscale="log", xlim=(0.25, 4), ylim=(0.01, 10))
    ax.set(xticks=[0.25, 0.5, 1, 2, 4], xticklabels=["¼", "½", "1", "2", "4"])
    ax.minorticks_off()
    ax.set(xlabel="$k\\,s$: how often $h$ turns within $q$", ylabel="variance $\\times\\ s^2$")
    ax.set_title("Moving wins until $h$ turns within the width of $q$")
    return figure(
        fig,
        alt="Variances of both estimators for cos kz against k s, for four means of q. The pathwise "
        "one grows with k s, the score function's settles at 0.5. Every pair of lines crosses between "
        "k s = 0.85 and 1.11.",
    )
