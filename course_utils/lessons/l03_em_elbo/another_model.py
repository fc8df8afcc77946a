"""Section 8, the same three functions, another model: a mixture of two Gaussians."""

from math import pi

import numpy as np
from torch import Tensor

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.mixture import Mixture

DATA, TRUTH, MODEL = (style.ROLES[role] for role in ("data", "truth", "model"))


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
