"""Section 1, an average without a gradient: samples follow a step of q, moved or reweighted."""

from math import exp, sqrt

import ipywidgets as widgets
import numpy as np
from matplotlib.collections import LineCollection

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
from course_utils.lessons.l04_reparameterization.estimators import (
    MOVED,
    MU,
    WEIGHED,
    square_variances,
)

Q = style.ROLES["q"]


def predict_step() -> Prediction:
    """Ask which way to follow q scatters more once q is narrow, then make it narrow."""
    question = (
        "Nine numbers are drawn from q = N(μ, s²), then μ grows by 0.4. Nobody draws again: one of us "
        "moves each number by 0.4, another leaves them and weighs each by new density over old. Both "
        "estimate the slope of the average of z² in μ. If q is narrow, s = 0.4 in place of 1, how far "
        "do their slopes scatter from draw to draw?"
    )
    options = [
        Option(
            "both less",
            False,
            "The numbers scatter less, but their weights more: the step is now as wide as q.",
        ),
        Option(
            "moved more, reweighted less", False, "A moved number's slope is 2z + 0.4, as far as z."
        ),
        Option(
            "moved less, reweighted more",
            True,
            "Moved numbers scatter as z does. But the step is now as wide as q: with z = μ + s ε the "
            "weights are exp(ε − ½), and nine of them typically go from 0.14 to 2.6.",
        ),
        Option("both more", False, "A moved number's slope is 2z + 0.4: it scatters as z does."),
    ]
    return predict(question, options, explore_step())


def explore_step() -> Explorer:
    """Nine samples follow a step of mu: on the left they move, on the right they are reweighted."""
    axis = np.linspace(-2, 3.8, 233)

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot(axis, axis**2, color=style.INK, linewidth=2, zorder=1)
        left.text(-1.55, 4.2, "$h(z)=z^2$")
        left.set(xlim=(-2, 3.8), ylim=(-0.5, 17.5), yticks=[0, 4, 8, 12])
        left.set(xlabel="$z$", ylabel="$h(z)$", title="Pathwise: samples move")
        right.axhline(1, color=style.GUIDE, linewidth=2, linestyle=":")
        right.text(-1.95, 1.1, "before")
        right.set(xlim=(-2, 3.8), ylim=(0, 8), yticks=[0, 2, 4, 6])
        right.set(xlabel="$z$", ylabel="weight", title="Score: weights change")
        hollow = {"color": style.INK, "linestyle": "none", "marker": "o", "markersize": 9}
        return fig, {
            "before": left.plot([], [], **hollow, fillstyle="none", markeredgewidth=1.5)[0],
            "paths": left.add_collection(LineCollection([], colors=MOVED.tint, linewidths=4)),
            "after": left.plot([], [], **Q.dots | {"markersize": 9})[0],
            "moved": left.text(-1.8, 13.6, "", color=MOVED.ink),
            "bars": right.add_collection(LineCollection([], colors=WEIGHED.tint, linewidths=8)),
            "ratio": right.plot([], [], **WEIGHED.line)[0],
            "weighed": right.text(-1.8, 6.25, "", color=WEIGHED.ink),
        }

    def update(draw: int, step: float, scale: float) -> dict:
        eps = normal(9, seed=draw).numpy()
        old, new = MU + scale * eps, MU + scale * eps + step
        weights, curve = _ratio(old, step, scale), _ratio(axis, step, scale)
        start, exact = (old**2).mean(), 2 * MU + step
        moved, weighed = (new**2).mean(), (weights * old**2).mean()
        if step:
            slopes = [(average - start) / step for average in (moved, weighed)]
        else:  # the limit: the two gradient estimates
            slopes = [(2 * old).mean(), (old**2 * eps / scale).mean()]
        spreads = [spread / 3 for spread in slope_spreads(step, scale)]  # of a mean of nine
        corners = [(old, old**2), (new, old**2), (new, new**2)]  # run, then rise
        return {
            "before": (old, old**2),
            "paths": np.stack([np.stack(corner, 1) for corner in corners], 1),
            "after": (new, new**2),
            "moved": f"average {start:.2f} → {moved:.2f}\nslope {slopes[0]:.2f}, exact {exact:.2f}\n"
            f"sd over draws {spreads[0]:.2f}",
            "bars": np.stack([np.stack([old, 0 * old], 1), np.stack([old, weights], 1)], 1),
            "ratio": (axis, np.where(curve < 6, curve, np.nan)),
            "weighed": f"average {start:.2f} → {weighed:.2f}\nslope {slopes[1]:.2f}\n"
            f"sd over draws {spreads[1]:.2f}",
            "alt": f"Draw {draw} of nine samples of q with width {scale:.2f}; mu takes a step of {step:.2f}. "
            f"Moved along, their average square goes from {start:.2f} to {moved:.2f}, a slope of "
            f"{slopes[0]:.2f}. Left in place with weights between {weights.min():.2f} and "
            f"{weights.max():.2f}, it goes to {weighed:.2f}, a slope of {slopes[1]:.2f}. The exact "
            f"slope is {exact:.2f}; over all draws of nine the two scatter about it with standard "
            f"deviations {spreads[0]:.2f} and {spreads[1]:.2f}.",
        }

    controls = {
        "draw": widgets.IntSlider(value=1, min=1, max=20, description="draw nine new samples"),
        "step": widgets.FloatSlider(
            value=0.4, min=-0.6, max=0.6, step=0.05, description="step of μ"
        ),
        "scale": widgets.FloatSlider(
            value=1, min=0.4, max=1, step=0.05, description="width s of q"
        ),
    }
    strip = [{"draw": n, "step": 0.6, "scale": s} for n, s in ((1, 1.0), (1, 0.4), (2, 0.4))]
    return Explorer(scene, update, controls, strip)


def _ratio(z: np.ndarray, step: float, scale: float) -> np.ndarray:
    """New density over old at z, when the mean of q moves from MU by `step`."""
    return np.exp((step * (z - MU) - step**2 / 2) / scale**2)


def slope_spreads(step: float, scale: float) -> tuple[float, float]:
    """Standard deviations of the slopes of z^2 that one sample gives, moved and reweighted."""
    if not step:
        moved, weighed = square_variances(MU, scale)
        return sqrt(moved), sqrt(weighed)

    def fourth(mean: float) -> float:
        return mean**4 + 6 * mean**2 * scale**2 + 3 * scale**4  # E[z^4] under N(mean, scale^2)

    # E[w^k z^4] for k = 0, 1, 2: the k-th power of the weight is a shifted bell, times a number.
    square = fourth(MU) - 2 * fourth(MU + step) + exp((step / scale) ** 2) * fourth(MU + 2 * step)
    return 2 * scale, sqrt(square / step**2 - (2 * MU + step) ** 2)
