"""9 · Where the headline fails: with a curved decoder the posterior's width depends on x."""

from math import pi

import numpy as np
import torch
from torch import Tensor

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]


def plot_curved(grid: Tensor, x: Tensor, density: Tensor) -> Picture:
    """Posteriors (2, G) of two points x (2, 2) when the decoder is the arc."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
    angle = np.linspace(-pi, pi, 201)
    left.plot(np.cos(angle), np.sin(angle), **MODEL.line, zorder=1)
    styles = ["-", (0, (4, 1.5))]
    for name, point, curve, linestyle in zip("AB", x, density, styles, strict=True):
        left.plot(*point[:, None], **DATA.dots | {"markersize": 11})
        left.text(*(point + 0.12), name)
        right.plot(grid, curve, **TRUTH.line | {"linestyle": linestyle})
        right.text(grid[curve.argmax()] - 0.3, curve.max(), name, color=TRUTH.ink, ha="right")
    left.set(xlim=(-1.4, 1.5), ylim=(-1.4, 1.5), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    left.set_title("A curved decoder")
    right.set(xlim=(-3, 3), xlabel="latent $z$", ylabel="posterior density", ylim=(0, None))
    right.set_title("The width depends on x")
    sd = posterior_sd(grid, density)
    return figure(
        fig,
        alt=f"On the circle-shaped decoder, the posterior of point A on the curve has standard deviation "
        f"{sd[0]:.2f}, that of point B near the centre {sd[1]:.2f}.",
    )


def posterior_sd(grid: Tensor, density: Tensor) -> Tensor:
    """Standard deviations (N,) of densities (N, G) on a grid (G,), by the trapezoid rule."""
    mean = torch.trapezoid(density * grid, grid)
    return torch.trapezoid(density * (grid - mean[:, None]) ** 2, grid).sqrt()
