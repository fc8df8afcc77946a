"""9 · If an assumption goes: one noise for all dimensions makes the units matter."""

from math import sqrt

import ipywidgets as widgets
import numpy as np
import torch

from course_utils import ppca
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

DATA, MODEL = style.ROLES["data"], style.ROLES["model"]


def cloud() -> torch.Tensor:
    """Eighty points on the diagonal, with noise of the same size in both dimensions. (80, 2)"""
    return 1.2 * normal(80, 1, seed=1) + 0.7 * normal(80, 2, seed=2)


def predict_units() -> Prediction:
    """Ask what a change of units does to PPCA's line, then change it."""
    question = (
        "x₂ was in metres and now is in centimetres: its numbers are 100 times as large. PPCA with "
        "one latent is fitted again. Drawn in metres, its line …"
    )
    options = [
        Option(
            "is the old one: units are a matter of taste",
            False,
            "The model's one σ² must now serve both dimensions in the new units.",
        ),
        Option(
            "turns to the vertical axis",
            False,
            "It does so in the new units. Drawn in the old ones, everything upright shrinks by 100.",
        ),
        Option(
            "turns to the least-squares line that predicts x₁ from x₂",
            True,
            "In the old units the noise of x₂ is now 100 times smaller than that of x₁: "
            "the model takes x₂ at its word and blames all scatter on x₁.",
        ),
    ]
    return predict(question, options, explore_units())


def explore_units() -> Explorer:
    """PPCA fitted to a cloud whose second coordinate is in another unit, drawn in the old one."""
    x = cloud()
    mu, S = x.mean(0).numpy(), x.T.cov(correction=0).numpy()
    ends = np.array([-4.0, 4.0])

    def line(direction) -> tuple:
        slope = direction[1] / direction[0]
        return ends, mu[1] + slope * (ends - mu[0])

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1])
        left.plot(*x.T, **DATA.dots | {"alpha": 0.5})
        guide = {"color": style.GUIDE, "linewidth": 2}
        left.plot(*line(S[0]), **guide, linestyle=":")
        left.plot(*line(S[1]), **guide, linestyle="--")
        left.text(3.95, -2.9, "dotted: $x_2$ from $x_1$", ha="right")
        left.text(3.95, -3.7, "dashed: $x_1$ from $x_2$", ha="right")
        left.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        left.set_title("PPCA's line, in metres")
        right.set(xlim=(-0.6, 1.6), ylim=(0, 1.4), xticks=[0, 1], ylabel="standard deviation")
        right.set_xticklabels(["of $x_1$", "of $x_2$"])
        right.set_title("Noise it believes in")
        bars = [right.bar([place], [0], 0.7, color=MODEL.color)[0] for place in (0, 1)]
        return fig, {
            "line": left.plot([], [], **MODEL.line | {"linewidth": 4})[0],
            "noise_1": bars[0],
            "noise_2": bars[1],
            "numbers": right.text(1.6, 1.28, "", ha="right"),
        }

    def update(factor: float) -> dict:
        unit = torch.tensor([1.0, factor], dtype=torch.float64)
        model = ppca.fit(x * unit, 1)
        direction = (model.W[:, 0] / unit).numpy()
        noise = sqrt(model.sigma2)
        return {
            "line": line(direction),
            "noise_1": (-0.35, 0, 0.7, noise),
            "noise_2": (0.65, 0, 0.7, noise / factor),
            "numbers": f"{noise:.2f} m and {noise / factor:.2g} m",
            "alt": f"With x2 multiplied by {factor:.3g} before the fit, PPCA's line has the slope "
            f"{direction[1] / direction[0]:.2f} in the old units, between the regressions' "
            f"{S[1, 0] / S[0, 0]:.2f} and {S[1, 1] / S[0, 1]:.2f}, and believes in noise of standard "
            f"deviation {noise:.2f} in x1 and {noise / factor:.2g} in x2.",
        }

    slider = widgets.FloatLogSlider(
        value=1, min=-2, max=2, step=0.1, description="numbers of x₂ multiplied by"
    )
    return Explorer(scene, update, {"factor": slider}, [{"factor": f} for f in (0.01, 1.0, 100.0)])
