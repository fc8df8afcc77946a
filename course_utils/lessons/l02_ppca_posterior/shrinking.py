"""4 · Shrinking, and the way back to PCA: the noise goes to 0."""

import ipywidgets as widgets
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils.kit import Explorer, style
from course_utils.lessons.l02_ppca_posterior.toy_model import W_TOY, toy

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]


def explore_collapse(x: Tensor) -> Explorer:
    """Let the noise of the toy model go to 0: the posteriors shrink onto the scores.

    x: (N, 2).
    """
    scores = x @ W_TOY[:, 0] / 2  # least squares: (w^T w)^-1 w^T x

    def scene():
        fig, (left, right) = style.subplots(2)
        left.plot([-4, 4], [-4, 4], **MODEL.line | {"linewidth": 2}, zorder=1)
        left.plot(*x.T, **DATA.dots)
        left.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        left.set_title("Each x and its posterior")
        right.plot([-3, 3], [-3, 3], **TRUTH.line | {"linewidth": 2.5})
        right.text(2.9, 2.95, "$\\sigma^2\\to 0$", color=TRUTH.ink, ha="right", va="bottom")
        right.set(
            xlim=(-3, 3), ylim=(-3.4, 3.9), xlabel="least-squares score", ylabel="posterior of $z$"
        )
        right.set_title("Shrunk by one factor")
        return fig, {
            "spreads": left.add_collection(
                LineCollection([], colors=TRUTH.color, linewidths=8, alpha=0.3)
            ),
            "means": left.plot([], [], "s", color=TRUTH.color, markersize=8)[0],
            "slope": right.plot([], [], **TRUTH.line | {"linestyle": "--", "linewidth": 2.5})[0],
            "bars": right.add_collection(
                LineCollection([], colors=TRUTH.color, linewidths=3, alpha=0.6)
            ),
            "points": right.plot([], [], "s", color=TRUTH.color, markersize=8)[0],
            "factor": right.text(-2.8, 3.0, ""),
        }

    def update(sigma2: float) -> dict:
        q = toy(sigma2).posterior(x)
        mean, sd = q.mean[:, 0], q.variance[0, 0].sqrt()
        low, high, factor = mean - 2 * sd, mean + 2 * sd, 2 / (2 + sigma2)
        return {
            "spreads": torch.stack([low, low, high, high], 1).reshape(-1, 2, 2).numpy(),
            "means": (mean, mean),
            "slope": ([-3, 3], [-3 * factor, 3 * factor]),
            "bars": torch.stack([scores, low, scores, high], 1).reshape(-1, 2, 2).numpy(),
            "points": (scores, mean),
            "factor": f"factor {factor:.3f}",
            "alt": f"With noise variance {sigma2:.3g} every posterior mean is {factor:.3f} times the "
            f"least-squares score, with a standard deviation of {sd:.3f} that all points share.",
        }

    slider = widgets.FloatLogSlider(
        value=1, min=-4, max=1, step=0.05, description="noise variance σ²"
    )
    return Explorer(scene, update, {"sigma2": slider}, [{"sigma2": s} for s in (10.0, 1.0, 0.001)])
