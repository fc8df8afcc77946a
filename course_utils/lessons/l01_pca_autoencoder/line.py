"""1 · One line for a cloud of points: turn it, and what it keeps and loses adds up."""

from math import radians

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils import pca
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l01_pca_autoencoder.variance import KEPT, LOST

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]


def cloud() -> Tensor:
    """Forty points in the plane with a long axis at 30 degrees. (40, 2)"""
    generator = torch.Generator().manual_seed(4)
    z = torch.randn(40, 2, generator=generator, dtype=torch.float64) * torch.tensor([2.0, 0.7])
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    return z @ torch.tensor([[c, s], [-s, c]], dtype=torch.float64)


def predict_rotation(x: Tensor) -> Prediction:
    """Ask what stays constant as the line turns, then turn it."""
    question = "We turn a line round the mean of the cloud. What stays the same at every angle?"
    options = [
        Option("The residual", False, "It is smallest along the cloud and largest across it."),
        Option("The variance kept", False, "It is largest along the cloud and smallest across it."),
        Option("Their sum", True, "Pythagoras, once per point: kept² + residual² = distance²."),
        Option("None of these", False, "Add the two bars: the total does not move."),
    ]
    return predict(question, options, explore_rotation(x))


def explore_rotation(x: Tensor) -> Explorer:
    """A line through the mean of x (N, 2), its residuals, and where the variance goes."""
    centred = x - x.mean(0)
    total = centred.square().sum(1).mean().item()
    best = pca.fit(x, 1).eigenvalues[0].item()
    reach = 1.15 * centred.norm(dim=1).max().item()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        left.plot(*centred.T, **DATA.dots)
        left.set(xlim=(-reach, reach), ylim=(-0.8 * reach, 0.8 * reach), aspect="equal")
        left.set(xlabel="$x_1$", ylabel="$x_2$", title="The line, and what it misses")
        right.set(xlim=(-0.8, 1.6), ylim=(0, 1.3 * total), xticks=[], ylabel="variance")
        right.set_title("The variance")
        right.plot([-0.5, 0.5], [best, best], **TRUTH.line)
        right.text(0.6, best, "$\\lambda_1$: the most\na line keeps", color=TRUTH.ink, va="center")
        kept = right.bar([0], [0], width=0.8, **KEPT)[0]
        lost = right.bar([0], [0], width=0.8, **LOST)[0]
        return fig, {
            "line": left.plot([], [], **MODEL.line, zorder=1)[0],
            "misses": left.add_collection(LineCollection([], colors=style.GUIDE, linewidths=2.5)),
            "kept": kept,
            "lost": lost,
            "kept_label": right.text(0, 0, "", ha="center", va="center"),
            "lost_label": right.text(0, 0, "", ha="center", va="bottom"),
        }

    def update(angle: float) -> dict:
        direction = np.array([np.cos(radians(angle)), np.sin(radians(angle))])
        w = torch.from_numpy(direction)
        projected = (centred @ w)[:, None] * w
        kept = projected.square().sum(1).mean().item()
        lost = (centred - projected).square().sum(1).mean().item()
        return {
            "line": np.outer(3 * reach * direction, [-1, 1]),
            "misses": torch.stack([centred, projected], 1).numpy(),
            "kept": (-0.4, 0, 0.8, kept),
            "lost": (-0.4, kept, 0.8, lost),
            "kept_label": (0, max(kept / 2, 0.05 * total), f"kept {kept:.2f}"),
            "lost_label": (0, total * 1.02, f"lost {lost:.2f}"),
            "alt": f"A line at {angle:.0f} degrees through the cloud. The variance kept is "
            f"{kept:.2f} and the mean squared residual {lost:.2f}; their sum is always {total:.2f}. "
            f"The most a line can keep is {best:.2f}.",
        }

    slider = widgets.FloatSlider(value=100, min=0, max=180, step=1, description="angle (degrees)")
    return Explorer(scene, update, {"angle": slider}, [{"angle": a} for a in (0, 30, 75, 120)])
