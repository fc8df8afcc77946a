"""5, can a flow be anything? The ring's hole, the slope that a gap takes, and exercise 07.6."""

from collections.abc import Callable
from math import cos, log, radians, sin

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.patches import Polygon
from torch import Tensor
from torch.distributions import Normal

from course_utils.flows import Flow
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction

PRIOR, TRUTH, MODEL = (style.ROLES[name] for name in ("prior", "truth", "model"))


def predict_hole(flow: Flow, truth: Callable[[Tensor], Tensor]) -> Prediction:
    """Whether layers can empty the ring's hole; then cut through it."""
    question = (
        "With enough of section 3's layers, a flow from a Gaussian in the plane can make the ring's "
        "hole exactly empty."
    )
    options = [
        Option(
            "true",
            False,
            "Every point of the hole is T(z) for some z, and the Gaussian has mass around every z.",
        ),
        Option(
            "false",
            True,
            "T maps the plane onto the plane. It can make the hole as thin as it likes, by stretching "
            "a pinhole, but never empty.",
        ),
    ]
    return predict(question, options, explore_cut(flow, truth))


def explore_cut(flow: Flow, truth: Callable[[Tensor], Tensor]) -> Explorer:
    """The density along a straight cut through the ring's centre, on a log scale."""
    along = torch.linspace(-1.6, 1.6, 641)

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-1.6, 1.6), ylim=(-23, 5), xlabel="along the cut, 0 at the ring's centre")
        ax.set(ylabel="$\\log_{10}$ density", title="Straight through the ring")
        ax.text(-0.62, -14, "truth", color=TRUTH.ink, ha="right")
        return fig, {
            "truth": ax.plot([], [], **TRUTH.line)[0],
            "flow": ax.plot([], [], **MODEL.line)[0],
            "flow_says": ax.text(0, 0, "", color=MODEL.ink, ha="center", va="bottom"),
        }

    @torch.no_grad()
    def update(degrees: int) -> dict:
        direction = torch.tensor([cos(radians(degrees)), sin(radians(degrees))])
        line = along[:, None] * direction
        exact, ours = truth(line) / log(10), flow.log_prob(line) / log(10)
        middle = [values[320].item() for values in (exact, ours)]
        alt = (
            f"Along a cut at {degrees} degrees the true density falls to 10 to the {middle[0]:.0f} "
            f"at the ring's centre; the flow's is 10 to the {middle[1]:.1f} there."
        )
        top = ours[(along.abs() < 0.4)].max().item()
        return {
            "truth": (along, exact),
            "flow": (along, ours),
            "flow_says": (0.0, top + 0.8, "flow"),
            "alt": alt.replace("-", "−"),
        }

    controls = {
        "degrees": widgets.IntSlider(
            value=0, min=0, max=180, step=10, description="direction of the cut, in degrees"
        )
    }
    return Explorer(scene, update, controls, [{"degrees": d} for d in (0, 50, 130)])


WIDTH = 1.0  # of the gap, from -½ to ½


def explore_gap() -> Explorer:
    """The exact map that leaves a mass in the gap between two peaks: how steep it must be."""
    peaks = Normal(torch.tensor([-2.0, 2.0], dtype=torch.float64), 0.5)
    x = torch.linspace(-4, 4, 1601, dtype=torch.float64)
    in_gap = x.abs() < WIDTH / 2
    outside = peaks.log_prob(x[:, None]).exp().mean(1) * ~in_gap
    outside = outside / torch.trapezoid(outside, x)
    inside = in_gap / torch.trapezoid(in_gap.double(), x)
    base = torch.linspace(-3, 3, 301, dtype=torch.float64)
    height = 2.4 * Normal(0.0, 1.0).log_prob(base).exp() / 0.4

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1], sharey=True)
        left.set(xlim=(-3, 3), ylim=(-4, 4), xlabel="z ~ N(0, 1)", ylabel="x = T(z)")
        left.set_title("A sliver is pulled apart")
        left.plot(base, -4 + height, **PRIOR.line)
        right.set(xlim=(0, 1.0), xlabel="density of x", title="The gap it fills")
        fill = {"facecolor": MODEL.color, "alpha": 0.45, "edgecolor": MODEL.color}
        return fig, {
            "band": left.add_patch(Polygon(np.zeros((3, 2)), **fill)),
            "map": left.plot([], [], color=style.INK)[0],
            "left_in_gap": right.add_patch(Polygon(np.zeros((3, 2)), **fill)),
            "density": right.plot([], [], **MODEL.line)[0],
            "numbers": right.text(0.99, 3.9, "", ha="right", va="top"),
        }

    def update(mass: float) -> dict:
        density = (1 - mass) * outside + mass * inside
        below = torch.cumulative_trapezoid(density, x).clamp(1e-6, 1 - 1e-6)
        z = torch.special.ndtri(below)
        half = torch.special.ndtri(torch.tensor((1 + mass) / 2, dtype=torch.float64)).item()
        slope, g = WIDTH / (2 * half), WIDTH / 2
        band = [(-half, -4), (-half, -g), (half, g), (3, g), (3, -g), (half, -g), (half, -4)]
        return {
            "band": np.array(band),
            "map": (z, x[1:]),
            "left_in_gap": np.array([(0, -g), (mass / WIDTH, -g), (mass / WIDTH, g), (0, g)]),
            "density": (density, x),
            "numbers": f"mass in the gap {mass:.3g}\nsliver {2 * half:.3g} wide\nmean slope {slope:.0f}",
            "alt": f"To leave mass {mass:.3g} in a gap of width 1, the map stretches a sliver of "
            f"the base, {2 * half:.3g} wide, over it: its mean slope there is {slope:.0f}.",
        }

    controls = {
        "mass": widgets.FloatLogSlider(
            value=0.1, min=-4, max=-0.4, step=0.2, description="mass left in the gap"
        )
    }
    return Explorer(scene, update, controls, [{"mass": 10.0**k} for k in (-0.4, -1.2, -3)])


def least_mass(width: float, slope: float) -> Tensor:
    """The least mass in a gap between two equal halves, for a map nowhere steeper than slope."""
    half = torch.tensor(width / slope / 2, dtype=torch.float64)
    return 2 * torch.special.ndtr(half) - 1


def _mass(low: Callable, high: Callable) -> Callable:
    """The base's mass between two functions of w = width / slope."""

    def answer(width: float, slope: float) -> Tensor:
        ends = torch.tensor([high(width / slope), low(width / slope)], dtype=torch.float64)
        above, below = torch.special.ndtr(ends)
        return above - below

    return answer


Exercise(
    "07.6",
    least_mass,
    cases=[(1.0, 10.0), (2.0, 1.5)],
    mistakes=[
        Mistake(
            lambda width, slope: torch.tensor(width / slope / (2 * torch.pi) ** 0.5).double(),
            "Very near, for steep maps: you took the base as flat, at its height .399, across the "
            "whole sliver. Its exact mass is a difference of two Φ.",
            tolerance=0.005,  # .4 and .399, too
        ),
        Mistake(
            _mass(lambda w: 0.0, lambda w: w),
            "That sliver begins at z = 0. With half the mass on either side, where does it lie?",
        ),
        Mistake(
            _mass(lambda w: -w, lambda w: w),
            "Twice too wide: the sliver as a whole is width / slope wide, half of it on either side.",
        ),
        Mistake(
            lambda width, slope: torch.tensor(width / slope).double(),
            "That is the width of the sliver in z. How much mass does N(0, 1) have on it?",
        ),
        Mistake(
            lambda width, slope: (
                2 * torch.special.ndtr(torch.tensor(width * slope / 2).double()) - 1
            ),
            "The slope stretches z into x. So the sliver in z is narrower than the gap: divide.",
        ),
        Mistake(
            lambda width, slope: torch.special.ndtr(torch.tensor(width / slope / 2).double()),
            "That is all the mass to the left of the sliver's end. Take off what lies left of its "
            "beginning.",
        ),
    ],
    nudge="Which interval of z becomes the gap? How narrow can it be, and where must it lie for half "
    "the remaining mass to be on either side?",
    formula="$$\\Phi(r) - \\Phi(-r),\\qquad r = \\frac{\\text{width}}{2\\,\\text{slope}}$$ The sliver lies "
    "symmetric about 0, as the halves are equal, and is no narrower than width / slope. "
    "In code Φ is <code>torch.special.ndtr</code>, of a tensor.",
    tolerance=1e-5,  # float32 will do
)
