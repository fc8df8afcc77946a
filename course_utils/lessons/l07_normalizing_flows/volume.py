"""2, more dimensions: what a linear map does to an area, and so to a density."""

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

PRIOR, MODEL = style.ROLES["prior"], style.ROLES["model"]
CORNERS = torch.tensor([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=torch.float64)


def predict_stretch() -> Prediction:
    """Ask what a stretch in two dimensions does to the density, then stretch."""
    question = (
        "A map stretches the plane ×2 in each of its two dimensions. The density is multiplied by …"
    )
    options = [
        Option("2", False, "Stretching makes room: a density can only fall."),
        Option("½", False, "That is one dimension's share. There are two."),
        Option("¼", True, "The area is 4 times as large, the mass the same: |det J| = 2 · 2 = 4."),
        Option("4", False, "That is what the area is multiplied by. Density is mass / area."),
    ]
    return predict(question, options, explore_volume())


def explore_volume() -> Explorer:
    """A square of the plane under a linear map: its area is |det J|, its mass stays."""
    dots = normal(400, 2, seed=1)

    def scene():
        fig, (left, right) = style.subplots(2, sharey=True)
        fig.get_layout_engine().set(rect=(0, 0.08, 1, 0.92))
        view = {"xlim": (-4, 4), "ylim": (-4, 4), "aspect": "equal"}
        left.set(**view, xlabel="$z_1$", ylabel="$z_2$", title="Before")
        right.set(**view, xlabel="$x_1$", title="After")
        small = {"s": 12, "linewidths": 0}
        left.scatter(*dots.T.numpy(), color=PRIOR.color, **small)
        unit = {"fill": False, "linewidth": 4, "edgecolor": style.INK}
        left.add_patch(Polygon(CORNERS.numpy(), **unit))
        return fig, {
            "dots": right.scatter([], [], color=MODEL.color, **small),
            "square": right.add_patch(Polygon(np.zeros((3, 2)), **unit)),
            "edges": right.add_collection(
                LineCollection([], colors=[MODEL.ink, MODEL.ink], linewidths=5)
            ),
            "numbers": fig.text(0.5, 0.02, "", ha="center"),
        }

    def update(first: float, second: float, shear: float) -> dict:
        J = torch.tensor([[first, shear], [0.0, second]], dtype=torch.float64)
        columns = J.T
        area = abs(J.det().item())
        inside = int(((dots > 0) & (dots < 1)).all(1).sum())
        return {
            "dots": dots @ columns,
            "square": (CORNERS @ columns).numpy(),
            "edges": [np.stack([np.zeros(2), column]) for column in columns.numpy()],
            "numbers": f"the square holds {inside} of {len(dots)} dots, its area is |det J| = "
            f"{area:.2f}",
            "alt": f"The square with edges 1 became a parallelogram whose edges are J's columns, "
            f"({first:.2f}, 0) and ({shear:.2f}, {second:.2f}), with area {area:.2f}. It "
            f"still holds {inside} of {len(dots)} dots, so their density "
            f"is 1/{area:.2f} of what it was.",
        }

    controls = {
        "first": widgets.FloatSlider(
            value=1, min=0.5, max=2, step=0.25, description="stretch along axis 1"
        ),
        "second": widgets.FloatSlider(
            value=1, min=0.5, max=2, step=0.25, description="stretch along axis 2"
        ),
        "shear": widgets.FloatSlider(value=0, min=-2, max=2, step=0.25, description="shear"),
    }
    strip = [
        {"first": a, "second": b, "shear": c} for a, b, c in [(2, 2, 0), (1, 1, 1.5), (2, 0.5, 1)]
    ]
    return Explorer(scene, update, controls, strip)
