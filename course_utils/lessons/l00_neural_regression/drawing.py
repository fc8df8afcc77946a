"""How the lesson draws: its lines, the noise about the sine, and where there are no data."""

import numpy as np
from torch import Tensor

from course_utils.kit import style

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]
NO_DATA = {"facecolor": style.GROUND, "edgecolor": style.PALE, "hatch": "//", "linewidth": 0}
GUIDE = {"color": style.GUIDE, "linestyle": (0, (5, 2)), "linewidth": 2}
NOISE = 0.1  # the scale of the noise in data.sine


def draw_sine(ax, z: Tensor, x: Tensor, reach: float, labels=(0.03, 0.03)) -> None:
    """Some of the data, the sine, and a shade over the sides where there are no data."""
    grid = np.linspace(-reach, reach, 400)
    sides = (-reach, z.min().item()), (z.max().item(), reach)
    for side, height in zip(sides, labels, strict=True):
        ax.axvspan(*side, **NO_DATA)
        ax.text(sum(side) / 2, height, "no data", ha="center", transform=ax.get_xaxis_transform())
    ax.plot(z[:500], x[:500], ".", color=DATA.color, markersize=4, alpha=0.5)
    ax.plot(grid, np.sin(grid), **TRUTH.line)
    ax.set(xlim=(-reach, reach), xlabel="$z$", ylabel="$x$")


def signed(number: float, digits: int) -> str:
    """The number with a minus sign, not a hyphen."""
    return f"{number:.{digits}f}".replace("-", "−")
