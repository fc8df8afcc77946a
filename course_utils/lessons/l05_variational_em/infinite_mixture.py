"""1, bend the decoder: p(x) as a mixture of infinitely many bumps, drawn."""

import numpy as np
import torch

from course_utils import deep
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l05_variational_em.colors import MODEL, TRUTH

BUMPS, SIGMA = 15, 0.1


def plot_infinite_mixture() -> Picture:
    """The arc's p(x): from fifteen equally likely z, and from all of them."""
    arc = deep.arc().double()
    axis = torch.linspace(-1.4, 1.4, 71, dtype=torch.float64)
    plane = torch.cartesian_prod(axis, axis)
    density = deep.log_evidence(plane, arc).exp().view(71, 71)
    middles = (torch.arange(BUMPS, dtype=torch.float64) + 0.5) / BUMPS
    centres = arc(torch.special.ndtri(middles)[:, None]).mean
    turn = np.linspace(0, 2 * np.pi, 60)
    fig, panels = style.subplots(2, height=4.8)
    for across, up in centres.tolist():
        circle = across + 2 * SIGMA * np.cos(turn), up + 2 * SIGMA * np.sin(turn)
        panels[0].plot(*circle, **MODEL.line | {"linewidth": 2})
    panels[0].plot(*centres.T, **MODEL.dots)
    panels[0].set_title(f"{BUMPS} equally likely $z$")
    levels = (density.max() * torch.tensor([0.03, 0.15, 0.35, 0.6, 0.85])).tolist()
    panels[1].contour(axis, axis, density.T, levels=levels, colors=TRUTH.color)
    panels[1].set_title("All $z$: $p(x)$")
    for panel in panels:
        panel.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
        panel.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    return figure(
        fig,
        alt=f"Left, {BUMPS} circles of radius 0.2, two standard deviations, round g(z) on the unit circle; "
        "they crowd at the right, where z is near 0, and thin out to both sides. Right, contours of p(x), "
        f"an arc of the same shape whose density is highest, {density.max():.2f}, at the right.",
    )
