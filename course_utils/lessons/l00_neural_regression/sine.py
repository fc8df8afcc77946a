"""1 · Data whose answer we know."""

import numpy as np
from torch import Tensor

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l00_neural_regression.drawing import DATA, TRUTH


def plot_data(z: Tensor, x: Tensor) -> Picture:
    """The data and the sine they scatter about."""
    fig, ax = style.subplots()
    grid = np.linspace(-4, 4, 200)
    ax.plot(z[:1000], x[:1000], ".", color=DATA.color, markersize=6, alpha=0.6)
    ax.plot(grid, np.sin(grid), **TRUTH.line)
    ax.text(-1.45, -0.72, "$\\sin z$", color=TRUTH.ink, ha="right", va="bottom")
    ax.text(3.95, 1.2, "1000 of the points", color=DATA.ink, ha="right")
    ax.set(xlim=(-4, 4), ylim=(-1.5, 1.5), xlabel="$z$", ylabel="$x$")
    ax.set_title("The same spread about the sine everywhere")
    spread = (x - z.sin()).std().item()
    return figure(
        fig,
        alt=f"Points scattered about the sine of z with standard deviation {spread:.3f}, between "
        f"z = {z.min():.1f} and {z.max():.1f}, most of them between -2 and 2.",
    )
