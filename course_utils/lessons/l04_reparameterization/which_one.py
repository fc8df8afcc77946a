"""Section 6, which one, then? Both estimators on one function after another."""

from math import cos, exp, sin

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.patches import Polygon

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l04_reparameterization.estimators import (
    MOVED,
    MU,
    WEIGHED,
    cos_variances,
    square_variances,
)

TRUTH = style.ROLES["truth"]


def predict_variance() -> Prediction:
    """Ask which estimator is less noisy for a wave, under a narrow and a wide q."""
    question = (
        "h = cos 2z, and μ = 1. Which estimator of the gradient in μ is less noisy if q is narrow, "
        "s = 0.3, and which if it is wide, s = 2?"
    )
    options = [
        Option("pathwise, both times", False, "Look at s = 2: variance 2 against 0.12."),
        Option("the score function, both times", False, "Look at s = 0.3: 4.03 against 0.33."),
        Option(
            "the score function if narrow, pathwise if wide",
            False,
            "The other way round: a narrow q has large scores, a wide one meets many slopes.",
        ),
        Option(
            "pathwise if narrow, the score function if wide",
            True,
            "Moving pays for the slope of h, reweighting for its height times the score. Across a "
            "narrow q this h is nearly straight, across a wide one it turns again and again.",
        ),
    ]
    return predict(question, options, explore_variance())


def explore_variance() -> Explorer:
    """Histograms of 2000 one-sample gradients in mu, pathwise above and score function below."""
    eps = torch.randn(2000, generator=torch.Generator().manual_seed(1), dtype=torch.float64).numpy()
    edges = np.linspace(-12, 12, 97)

    def scene():
        fig, ax = style.subplots()
        ax.axhline(0, color=style.GUIDE, linewidth=1)
        ax.set(xlim=(-12, 12), ylim=(-1.9, 1.9), yticks=[])
        ax.set(xlabel="gradient in $\\mu$ from one sample (bars: ± 1 sd)", ylabel="root of count")
        ax.set_title("The same mean, not the same noise")
        bar = {"color": style.INK, "linewidth": 3, "marker": "|", "markersize": 12}
        return fig, {
            "moved": ax.add_patch(Polygon([[0, 0]] * 3, **MOVED.area)),
            "weighed": ax.add_patch(Polygon([[0, 0]] * 3, **WEIGHED.area)),
            "truth": ax.plot([], [], **TRUTH.line)[0],
            "exact": ax.text(0, 0, "", color=TRUTH.ink, va="center"),
            "moved_sd": ax.plot([], [], **bar)[0],
            "weighed_sd": ax.plot([], [], **bar)[0],
            "moved_label": ax.text(-11.8, 1.88, "", color=MOVED.ink, va="top"),
            "weighed_label": ax.text(-11.8, -1.84, "", color=WEIGHED.ink, va="bottom"),
        }

    def update(k: int, scale: float, baseline: int) -> dict:
        z = MU + scale * eps
        h, slope = (np.cos(k * z), -k * np.sin(k * z)) if k else (z**2, 2 * z)
        gradient, b, moved, weighed = _exact(k, scale, baseline)
        estimates = {"moved": slope, "weighed": (h - b) * eps / scale}
        outlines = {name: _outline(values, edges) for name, values in estimates.items()}
        outlines["weighed"][:, 1] *= -1
        outside = {name: np.mean(np.abs(values) > 12) for name, values in estimates.items()}
        beyond = {
            side: f" ({v:.0%} outside)" if v >= 0.01 else " (under 1% outside)" if v else ""
            for side, v in outside.items()
        }
        with_baseline = f", b = {_two(b)}" if baseline else ""
        name = f"cos {k if k > 1 else ''}z" if k else "z squared"
        return outlines | {
            "truth": ([gradient, gradient], [-1.35, 1.35]),
            "exact": (gradient - 0.1, 1.6, f"exact gradient {_two(gradient)}"),
            "moved_sd": (gradient + np.array([-1, 1]) * moved**0.5, [1.18, 1.18]),
            "weighed_sd": (gradient + np.array([-1, 1]) * weighed**0.5, [-1.18, -1.18]),
            "moved_label": f"pathwise\nvariance {moved:.3g}{beyond['moved']}",
            "weighed_label": f"score function{with_baseline}\nvariance {weighed:.3g}{beyond['weighed']}",
            "alt": f"h is {name}, q has mean 1 and width {scale:.2f}. The exact gradient is "
            f"{_two(gradient)}. Single pathwise estimates scatter round it with variance {moved:.3g}, "
            f"score-function estimates with baseline {_two(b)} with variance {weighed:.3g}; "
            f"{outside['moved']:.0%} and {outside['weighed']:.0%} of them lie outside the axis.",
        }

    names = {"z²": 0, "cos z": 1, "cos 2z": 2, "cos 4z": 4, "cos 8z": 8}
    baselines = {"none": 0, "the mean of h": 1, "the best": 2}
    controls = {
        "k": widgets.SelectionSlider(
            options=list(names.items()), value=0, description="function h(z)"
        ),
        "scale": widgets.FloatSlider(
            value=1, min=0.3, max=2, step=0.05, description="width s of q"
        ),
        "baseline": widgets.SelectionSlider(
            options=list(baselines.items()), value=0, description="baseline b"
        ),
    }
    strip = [{"k": k, "scale": 1.0, "baseline": b} for k, b in ((0, 0), (0, 2), (8, 0))]
    return Explorer(scene, update, controls, strip)


def _two(number: float) -> str:
    """Two decimals, and no minus before a zero."""
    return f"{round(number, 2) + 0.0:.2f}"


def _outline(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The outline (2 B + 2, 2) of a histogram of root counts, so that tails are seen, up to 1."""
    counts, _ = np.histogram(values, edges)
    heights = np.repeat(np.sqrt(counts / counts.max()), 2)
    return np.stack([np.repeat(edges, 2), np.concatenate([[0], heights, [0]])], 1)


def _exact(k: int, scale: float, baseline: int) -> tuple[float, float, float, float]:
    """Gradient, baseline, and both variances, for h = cos kz, or z squared if k = 0.

    baseline: 0 is none, 1 the mean of h, 2 the best, E[h eps^2].
    """
    if k:
        u, angle = (k * scale) ** 2, k * MU
        gradient, average = -k * sin(angle) * exp(-u / 2), cos(angle) * exp(-u / 2)
        best = (1 - u) * average
        moved, weighed = cos_variances(k, MU, scale)
    else:
        gradient, average, best = 2 * MU, MU**2 + scale**2, MU**2 + 3 * scale**2
        moved, weighed = square_variances(MU, scale)
    b = [0.0, average, best][baseline]
    return gradient, b, moved, weighed + b * (b - 2 * best) / scale**2
