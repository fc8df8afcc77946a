"""9 · If an assumption goes: with a curved decoder the posterior's width depends on x."""

from math import pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils import exact
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction

DATA, PRIOR, TRUTH = style.ROLES["data"], style.ROLES["prior"], style.ROLES["truth"]
MODEL = style.ROLES["model"]
TOWARDS = torch.tensor([0.8, 0.6], dtype=torch.float64)  # from the centre to the curve


def predict_curved() -> Prediction:
    """Ask what the posterior does when x leaves the curve for its centre, then move x."""
    question = (
        "The decoder is a circle. x moves from the circle to its centre. The posterior of z …"
    )
    options = [
        Option(
            "stays as it is: only the evidence falls",
            False,
            "So it is with a straight line: the squared distances to all its points grow by the same.",
        ),
        Option(
            "widens until it is the prior",
            True,
            "From the centre all z are equally far: x says nothing about z.",
        ),
        Option(
            "narrows: x is closer to the whole curve",
            False,
            "Closer to all of it alike is what makes it hard to tell where on the curve z is.",
        ),
    ]
    return predict(question, options, explore_curved())


def explore_curved() -> Explorer:
    """A circle as the decoder: the posterior on a grid, for x between its centre and beyond it."""
    z = torch.linspace(-5, 5, 801, dtype=torch.float64)
    circle = torch.stack([z.cos(), z.sin()], 1)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
        angle = np.linspace(-pi, pi, 201)
        left.plot(np.cos(angle), np.sin(angle), **MODEL.line, zorder=1)
        left.set(xlim=(-1.4, 1.5), ylim=(-1.4, 1.5), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        left.set_title("A curved decoder")
        right.plot(z, torch.exp(-(z**2) / 2) / (2 * pi) ** 0.5, **PRIOR.line)
        right.text(-2.9, 0.12, "prior", color=PRIOR.ink)
        right.set(xlim=(-3, 3), xlabel="latent $z$", ylabel="density", ylim=(0, 1.9))
        right.set_title("Prior and posterior")
        return fig, {
            "x": left.plot([], [], **DATA.dots | {"markersize": 11})[0],
            "posterior": right.plot([], [], **TRUTH.line)[0],
            "numbers": right.text(-2.9, 1.7, "", color=TRUTH.ink),
        }

    def update(distance: float) -> dict:
        x = distance * TOWARDS
        misfit = (x - circle).square().sum(1) / (2 * 0.3**2)
        density = exact.posterior(lambda _: (-misfit - z**2 / 2)[None], z)
        sd = posterior_sd(z, density).item()
        return {
            "x": ([x[0]], [x[1]]),
            "posterior": (z, density[0]),
            "numbers": f"posterior: sd {sd:.2f}",
            "alt": f"x lies {distance:.2f} from the centre of a circle of radius 1, which is the decoder. "
            f"Its posterior has the standard deviation {sd:.2f}; the prior has 1.",
        }

    slider = widgets.FloatSlider(
        value=1, min=0, max=1.3, step=0.05, description="distance of x from the centre"
    )
    return Explorer(scene, update, {"distance": slider}, [{"distance": d} for d in (1.0, 0.0)])


def posterior_sd(grid: Tensor, density: Tensor) -> Tensor:
    """Standard deviations (N,) of densities (N, G) on a grid (G,), by the trapezoid rule."""
    mean = torch.trapezoid(density * grid, grid)
    return torch.trapezoid(density * (grid - mean[:, None]) ** 2, grid).sqrt()
