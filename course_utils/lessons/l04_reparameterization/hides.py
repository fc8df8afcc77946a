"""Section 2, where the gradient hides: the slope of a density is no density."""

import numpy as np

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l04_reparameterization.estimators import MU, WEIGHED

Q = style.ROLES["q"]


def plot_density_slope() -> Picture:
    """q = N(1, 1) and its derivative in the mean, positive on the right and negative on the left."""
    z = np.linspace(-2.5, 4.5, 281)
    density = np.exp(-((z - MU) ** 2) / 2) / np.sqrt(2 * np.pi)
    slope = density * (z - MU)
    fig, ax = style.subplots(height=4)
    ax.axhline(0, color=style.GUIDE, linewidth=1)
    ax.fill_between(z, slope, where=z >= MU, **WEIGHED.area)
    ax.fill_between(z, slope, where=z <= MU, **WEIGHED.area)
    ax.plot(z, density, **Q.line)
    ax.plot(z, slope, color=WEIGHED.color, linewidth=2)
    ax.text(1.9, 0.34, "$q(z)$", color=Q.ink)
    ax.text(2.9, 0.19, "gains mass", color=WEIGHED.ink)
    ax.text(-0.95, -0.19, "loses mass", color=WEIGHED.ink, ha="right")
    ax.text(1.25, -0.19, "$\\partial q/\\partial\\mu$: both areas are 0.399", color=WEIGHED.ink)
    ax.set(xlim=(-2.5, 4.5), ylim=(-0.3, 0.45), xlabel="$z$")
    ax.set_title("As $\\mu$ grows, mass goes from left to right")
    return figure(
        fig,
        alt="The density q of N(1, 1), at most 0.40, and its derivative in the mean: below zero left of "
        "1, at most 0.24 above zero right of it. The two areas, 0.399 each, cancel.",
    )
