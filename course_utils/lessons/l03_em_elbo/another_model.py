"""Section 8, the same three functions, another model: a mixture of Gaussians, and k-means."""

from math import pi

import numpy as np
import torch
from torch import Tensor

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.mixture import Mixture

DATA, TRUTH, MODEL, Q = (style.ROLES[role] for role in ("data", "truth", "model", "q"))


def plot_mixture(x: Tensor, start: Mixture, end: Mixture, history: list[float]) -> Picture:
    """A mixture of two Gaussians before and after EM, and its likelihood."""
    fig, (left, right) = style.subplots(2)
    left.plot(*x.T, **DATA.dots | {"markersize": 5, "alpha": 0.5})
    turn = np.linspace(0, 2 * pi, 100)
    for model, linestyle in ((start, "--"), (end, "-")):
        look = MODEL.line | {"linestyle": linestyle}
        for (across, up), sigma2 in zip(model.means.tolist(), model.sigma2.tolist(), strict=True):
            radius = 2 * sigma2**0.5
            left.plot(across + radius * np.cos(turn), up + radius * np.sin(turn), **look)
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", title="Before (dashed), after")
    right.plot(history, **TRUTH.line)
    right.set(xlabel="EM step", ylabel="log p, nats per point", title="The same climb")
    return figure(
        fig,
        alt=f"Two clusters of points with circles of two standard deviations round each component before "
        f"and after EM; the log evidence rises from {history[0]:.2f} to {history[-1]:.2f} nats per point.",
    )


def plot_hardening(means: tuple[float, float], scales: list[float]) -> Picture:
    """q(second component) along a line through two equal components, for ever smaller widths."""
    x = torch.linspace(-4, 4, 401).double()[:, None]
    fig, ax = style.subplots(height=3.6)
    ax.axvline(sum(means) / 2, color=style.GUIDE, linewidth=2, linestyle=":")
    for scale, linestyle in zip(scales, (":", "--", "-"), strict=True):
        sigma2 = torch.full((2,), scale**2).double()
        centres = torch.tensor(means).double()[:, None]
        q = Mixture(torch.tensor([0.5, 0.5]).double(), centres, sigma2).posterior(x).probs[:, 1]
        look = Q.line | {"linestyle": linestyle, "label": f"$\\sigma$ = {scale:g}"}
        ax.plot(x, q, **look)
    ax.legend(loc="center right", frameon=False)
    ax.plot(means, [0, 0], "s", color=MODEL.color, markersize=12, clip_on=False)
    ax.set(xlabel="$x$ (squares: the two means)", ylabel="q(second)", xlim=(-4, 4), ylim=(0, 1.03))
    ax.set_title("Soft votes become hard ones")
    return figure(
        fig,
        alt=f"The probability of the second of two components along a line, for standard deviations "
        f"{', '.join(f'{scale:g}' for scale in scales)}: an S-curve that becomes a step half-way between "
        "the means.",
    )
