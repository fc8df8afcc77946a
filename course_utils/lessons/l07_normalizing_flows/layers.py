"""4, two moons, layer by layer: a square of the plane is followed through a flow."""

from functools import cache, partial

import ipywidgets as widgets

from course_utils.deep import frozen
from course_utils.flows import Flow
from course_utils.kit import Explorer
from course_utils.lessons.l07_normalizing_flows.warp import (
    SQUARES,
    plane_after,
    scene,
    warped,
)


def explore_layers(flow: Flow) -> Explorer:
    """A flow in the plane, layer by layer: the grid, its log-determinant, the density.

    The flow as it is now: what is learned later is not shown.
    """
    transforms = list(frozen(flow).transforms)
    most = len(transforms)

    @cache  # for another square nothing else moves
    def plane(layers: int) -> dict:
        return plane_after(transforms[:layers])

    def update(layers: int, square: int) -> dict:
        what = f"After {layers} of {most} layers, square {square}"
        return warped(transforms[:layers], square - 1, what, plane(layers))

    controls = {
        "layers": widgets.IntSlider(value=0, min=0, max=most, description="layers applied"),
        "square": widgets.IntSlider(
            value=7, min=1, max=len(SQUARES), description="square to follow"
        ),
    }
    strip = [{"layers": k, "square": 7} for k in (1, most // 2, most)]
    return Explorer(partial(scene, top=0.6), update, controls, strip)
