"""What layers do to the plane, drawn: the grid, where volume shrank or grew, and the density.

Shared by the explorers of sections 3 and 4. A square of the base is followed: its mass stays.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from torch import Tensor

from course_utils.flows import Layer, standard_normal
from course_utils.kit import style
from course_utils.lessons.l07_normalizing_flows.plane import (
    WINDOW,
    lattice,
    pull,
    push,
    square_grid,
)

SQUARES = [(i, j) for j in range(-2, 2) for i in range(-2, 2)]  # lower left corners, side 1
SIDE = 120  # pixels of an image


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


def scene(top: float = 0.2):
    """The figure of a warp, and the artists that a frame of `warped` moves; top: of the colours."""
    extent = (-WINDOW, WINDOW, -WINDOW, WINDOW)
    fig, (left, right) = style.subplots(2, sharey=True)
    fig.set_layout_engine("none")  # four axes take long to lay out, and here nothing changes
    left.set_position((0.085, 0.24, 0.4, 0.66))
    right.set_position((0.56, 0.24, 0.4, 0.66))
    limits = {"xlim": extent[:2], "ylim": extent[2:], "aspect": "equal", "xlabel": "$x_1$"}
    left.set(**limits, ylabel="$x_2$", title="The grid, bent")
    right.set(**limits, title="The density")
    # Smooth images need no smoothing, which takes half of their time.
    show = {"extent": extent, "origin": "lower", "interpolation": "nearest"}
    nothing = np.zeros((SIDE, SIDE))
    colours = left.imshow(nothing, cmap="PuOr", vmin=-3, vmax=3, **show)
    glow = right.imshow(nothing, vmin=0, vmax=top, **show)
    fig.colorbar(colours, ax=left, ticks=range(-3, 4), label=r"$\log|\det J|$", shrink=0.85)
    fig.colorbar(glow, ax=right, ticks=[0, top / 2, top], shrink=0.85)
    edge: dict[str, Any] = {"fill": False, "linewidth": 3}
    return fig, {
        "volume": colours,
        "grid": left.add_collection(LineCollection([], colors=style.GUIDE, linewidths=0.7)),
        "square": left.add_patch(Polygon(np.zeros((3, 2)), edgecolor=style.INK, **edge)),
        "density": glow,
        "on_density": right.add_patch(Polygon(np.zeros((3, 2)), edgecolor="white", **edge)),
        "numbers": fig.text(0.5, 0.02, "", ha="center"),
    }


@torch.no_grad()
def plane_after(layers: Sequence[Layer]) -> dict:
    """N(0, I) after the layers: what of a frame of `warped` is the same for every square."""
    z, log_det = pull(layers, lattice(SIDE))
    density = (standard_normal(2).log_prob(z) - log_det).exp()
    volume = log_det.where(density > 1e-3, 0.0)  # else nothing is left
    return {
        "volume": volume.reshape(SIDE, SIDE).numpy(),
        "grid": push(layers, square_grid())[0].numpy(),
        "density": density.reshape(SIDE, SIDE).numpy(),
    }


@torch.no_grad()
def warped(layers: Sequence[Layer], square: int, what: str, plane: dict | None = None) -> dict:
    """A frame that follows one of SQUARES through the layers. what: their name for the alt text.

    plane: `plane_after` of the layers, where it is known.
    """
    plane = plane_after(layers) if plane is None else plane
    outline, _ = push(layers, square_outline(square))
    now, held, volume = area(outline), mass(square), plane["volume"]
    return plane | {
        "square": outline.numpy(),
        "on_density": outline.numpy(),
        "numbers": f"the square: mass {held:.4f} / area {now:.3f} = density {held / now:.3f}",
        "alt": f"{what}: a square of area 1 and mass {held:.4f} has area {now:.3f} now, so its mean "
        f"density is {held / now:.3f}. log|det J| runs from {volume.min():.1f} to "
        f"{volume.max():.1f}.".replace("-", "−"),
    }
