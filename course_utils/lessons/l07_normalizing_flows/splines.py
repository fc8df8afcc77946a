"""3, which maps? Splines: a one-dimensional map with as many bends as one likes."""

from math import expm1, log

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal

from course_utils.flows.spline import SMALLEST, SplineMap
from course_utils.kit import Explorer, style

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]
EDGE = 4.0


def peaks(distance: float) -> MixtureSameFamily:
    """Two peaks of width ½, this far apart."""
    places = torch.tensor([-distance / 2, distance / 2], dtype=torch.float64)
    halves = Categorical(torch.ones(2, dtype=torch.float64))
    return MixtureSameFamily(halves, Normal(places, 0.5))


def through(distance: float, num_bins: int) -> tuple[SplineMap, Tensor, Tensor]:
    """A spline with knots on the map that carries N(0, 1) to the peaks; its theta; its knots' z.

    All knots but the outermost are as far apart in x. A knot's slope is the geometric mean of its
    neighbours' chords.
    """
    reach = distance / 2 + 1.5  # three standard deviations beyond the peaks
    x = torch.linspace(-reach, reach, num_bins - 1, dtype=torch.float64)
    z = torch.special.ndtri(peaks(distance).cdf(x))
    edge = torch.tensor([EDGE], dtype=torch.float64)
    x, z = torch.cat([-edge, x, edge]), torch.cat([-edge, z, edge])
    widths, heights = z.diff(), x.diff()
    chords = heights / widths
    slopes = (chords[1:] * chords[:-1]).sqrt() - SMALLEST
    slopes = slopes + (-(-slopes).expm1()).log() - log(expm1(1 - SMALLEST))  # softplus undone
    return SplineMap(num_bins, EDGE), torch.cat([widths.log(), heights.log(), slopes]), z


def explore_splines() -> Explorer:
    """Two peaks from a spline with more and more bins; an affine map's best is a Gaussian."""
    x = torch.linspace(-EDGE, EDGE, 801, dtype=torch.float64)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
        left.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="z", ylabel="x = T(z)", title="The map")
        right.set(xlim=(-4, 4), ylim=(0, 0.72), xlabel="x", ylabel="density", title="What it makes")
        grey = {"color": style.GUIDE, "linestyle": (0, (1, 1)), "linewidth": 3}
        place = {"transform": right.transAxes, "va": "top"}
        right.text(0.02, 0.98, "— truth", color=TRUTH.ink, **place)
        return fig, {
            "line": left.plot([], [], **grey)[0],
            "map": left.plot([], [], **MODEL.line)[0],
            "knots": left.plot([], [], **MODEL.dots)[0],
            "truth": right.plot([], [], **TRUTH.line)[0],
            "gaussian": right.plot([], [], **grey)[0],
            "density": right.plot([], [], **MODEL.line)[0],
            "spline_says": right.text(0.02, 0.89, "", color=MODEL.ink, **place),
            "line_says": right.text(0.02, 0.8, "", color=style.INK, **place),
        }

    def update(bins: int, distance: float) -> dict:
        spline, theta, at = through(distance, bins)
        z, log_slope = spline.inverse(x, theta)
        log_q = Normal(0.0, 1.0).log_prob(z) - log_slope
        truth = peaks(distance)
        log_p = truth.log_prob(x)
        best = Normal(0.0, truth.stddev)
        miss = torch.trapezoid(log_p.exp() * (log_p - log_q), x).item()
        short = torch.trapezoid(log_p.exp() * (log_p - best.log_prob(x)), x).item()
        return {
            "line": (x, x * best.scale),
            "map": (z, x),
            "knots": (at, spline.forward(at, theta)[0]),
            "truth": (x, log_p.exp()),
            "gaussian": (x, best.log_prob(x).exp()),
            "density": (x, log_q.exp()),
            "spline_says": f"-·- spline, {bins} bins: KL {abs(miss):.3f}",
            "line_says": f"···· best line: KL {abs(short):.3f}",
            "alt": f"A spline with {bins} bins through the map that makes two peaks {distance:.1f} "
            f"apart: its density is {abs(miss):.3f} nats from them, that of the best straight line, a "
            f"Gaussian, {abs(short):.3f}.",
        }

    controls = {
        "bins": widgets.IntSlider(value=4, min=4, max=16, step=2, description="bins"),
        "distance": widgets.FloatSlider(
            value=4, min=0, max=4, step=0.5, description="distance of the peaks"
        ),
    }
    strip = [{"bins": k, "distance": 4.0} for k in (4, 8, 16)]
    return Explorer(scene, update, controls, strip)
