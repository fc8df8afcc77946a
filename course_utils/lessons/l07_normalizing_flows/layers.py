"""4, two moons, layer by layer: a square of the plane is followed through a flow."""

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from torch import Tensor

from course_utils.flows import Flow
from course_utils.kit import Explorer, style
from course_utils.lessons.l07_normalizing_flows.plane import (
    WINDOW,
    lattice,
    pull,
    push,
    square_grid,
)

SQUARES = [(i, j) for j in range(-2, 2) for i in range(-2, 2)]  # lower left corners, side 1


def square_outline(square: int) -> Tensor:
    """The edge of one of SQUARES as a polygon of 200 points, (200, 2)."""
    turn = torch.linspace(0, 1, 51)[:-1]
    one, zero = torch.ones_like(turn), torch.zeros_like(turn)
    sides = [(turn, zero), (one, turn), (1 - turn, one), (zero, 1 - turn)]
    edge = torch.cat([torch.stack(side, 1) for side in sides])
    return edge + torch.tensor(SQUARES[square], dtype=torch.float32)


def area(outline: Tensor) -> float:
    """The area inside a polygon (P, 2), by the shoelace formula."""
    x, y = outline.double().unbind(1)
    return abs((x * y.roll(-1) - y * x.roll(-1)).sum().item()) / 2


def mass(square: int) -> float:
    """The share of N(0, I) on one of SQUARES."""
    low = torch.tensor(SQUARES[square], dtype=torch.float64)
    return (torch.special.ndtr(low + 1) - torch.special.ndtr(low)).prod().item()


def explore_layers(flow: Flow) -> Explorer:
    """A flow in the plane, layer by layer: the grid, its log-determinant, the density."""
    with torch.no_grad():
        pixels, side = lattice(120), 120
        grids, volumes, densities, outlines = [], [], [], []
        for k in range(len(flow.transforms) + 1):
            layers = flow.transforms[:k]
            grids.append(push(layers, square_grid())[0].numpy())
            z, log_det = pull(layers, pixels)
            density = (flow.base.log_prob(z) - log_det).exp()
            shown = log_det.where(density > 1e-3, 0.0)  # elsewhere nothing is left to stretch
            volumes.append(shown.reshape(side, side).numpy())
            densities.append(density.reshape(side, side).numpy())
            squares = [push(layers, square_outline(s))[0] for s in range(len(SQUARES))]
            outlines.append(squares)
    extent = (-WINDOW, WINDOW, -WINDOW, WINDOW)

    def scene():
        fig, (left, right) = style.subplots(2, sharey=True)
        fig.get_layout_engine().set(rect=(0, 0.08, 1, 0.92))  # room for a line of text below
        limits = {"xlim": extent[:2], "ylim": extent[2:], "aspect": "equal", "xlabel": "$x_1$"}
        left.set(**limits, ylabel="$x_2$", title="log|det J|, and the grid")
        right.set(**limits, title="Density")
        show = {"extent": extent, "origin": "lower"}
        colours = left.imshow(volumes[0], cmap="PuOr", vmin=-3, vmax=3, **show)
        glow = right.imshow(densities[0], vmin=0, vmax=0.7, **show)
        fig.colorbar(colours, ax=left, ticks=[-3, 0, 3])
        fig.colorbar(glow, ax=right, ticks=[0, 0.7])
        edge = {"fill": False, "linewidth": 3}
        return fig, {
            "volume": colours,
            "grid": left.add_collection(LineCollection([], colors=style.GUIDE, linewidths=0.7)),
            "square": left.add_patch(Polygon(np.zeros((3, 2)), edgecolor=style.INK, **edge)),
            "density": glow,
            "on_density": right.add_patch(Polygon(np.zeros((3, 2)), edgecolor="white", **edge)),
            "numbers": fig.text(0.5, 0.02, "", ha="center"),
        }

    def update(layers: int, square: int) -> dict:
        outline = outlines[layers][square - 1]
        now, held = area(outline), mass(square - 1)
        return {
            "volume": volumes[layers],
            "grid": grids[layers],
            "square": outline.numpy(),
            "density": densities[layers],
            "on_density": outline.numpy(),
            "numbers": f"the square: mass {held:.4f} / area {now:.3f} = density {held / now:.3f}",
            "alt": f"After {layers} of {len(outlines) - 1} layers square {square}, of area 1 at "
            f"first, has area {now:.3f}; its mass is still {held:.4f}, so its mean density is "
            f"{held / now:.3f}. The log-determinant runs from {volumes[layers].min():.1f} to "
            f"{volumes[layers].max():.1f}.",
        }

    most = len(flow.transforms)
    controls = {
        "layers": widgets.IntSlider(value=most, min=0, max=most, description="layers applied"),
        "square": widgets.IntSlider(
            value=7, min=1, max=len(SQUARES), description="square to follow"
        ),
    }
    strip = [{"layers": k, "square": 7} for k in (0, most // 2, most)]
    return Explorer(scene, update, controls, strip)
