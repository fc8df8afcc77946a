"""4, two moons, layer by layer: a square of the plane is followed through a flow."""

from functools import partial

import ipywidgets as widgets

from course_utils.flows import Flow
from course_utils.kit import Explorer
from course_utils.lessons.l07_normalizing_flows.warp import SQUARES, scene, warped


def explore_layers(flow: Flow) -> Explorer:
    """A flow in the plane, layer by layer: the grid, its log-determinant, the density."""
    most = len(flow.transforms)

    def update(layers: int, square: int) -> dict:
        what = f"After {layers} of {most} layers, square {square}"
        return warped(list(flow.transforms)[:layers], square - 1, what)

    controls = {
        "layers": widgets.IntSlider(value=0, min=0, max=most, description="layers applied"),
        "square": widgets.IntSlider(
            value=7, min=1, max=len(SQUARES), description="square to follow"
        ),
    }
    strip = [{"layers": k, "square": 7} for k in (1, most // 2, most)]
    return Explorer(partial(scene, top=0.6), update, controls, strip)
