"""1 · A model that makes data: z from the prior, x from the line and noise."""

from math import pi, sqrt

import numpy as np
import torch
from matplotlib.collections import LineCollection
from torch import Tensor

from course_utils import ppca
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

DATA, PRIOR, MODEL = style.ROLES["data"], style.ROLES["prior"], style.ROLES["model"]


def plot_samples(model: ppca.PPCA, z: Tensor, x: Tensor) -> Picture:
    """How the model makes data: z (N, 1) to the line, noise to x (N, 2)."""
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.2])
    grid = np.linspace(-3.5, 3.5, 201)
    left.plot(grid, np.exp(-(grid**2) / 2) / sqrt(2 * pi), **PRIOR.line)
    left.plot(z[:, 0], torch.zeros(len(z)), "|", color=PRIOR.color, markersize=16, clip_on=False)
    left.text(1.1, 0.3, "prior", color=PRIOR.ink)
    left.set(xlabel="latent $z$", ylabel="density", ylim=(0, 0.45), title="First draw z …")
    on_line = z @ model.W.T + model.mu
    right.plot([-4, 4], [-4, 4], **MODEL.line, zorder=1)
    right.add_collection(
        LineCollection(list(torch.stack([on_line, x], 1).numpy()), colors=style.GUIDE)
    )
    right.plot(*x.T, **DATA.dots)
    right.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    right.set_title("… then x round $Wz+\\mu$")
    return figure(
        fig,
        alt=f"Left, {len(z)} draws of z from a standard normal prior. Right, the line W z + mu and the "
        "data points, each displaced from its place on the line by noise.",
    )
