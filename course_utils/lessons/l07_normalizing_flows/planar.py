"""3, which maps? Planar and radial: one layer bent by hand, and exercise 07.2."""

from collections.abc import Callable
from math import cos, expm1, log, radians, sin

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn.functional import softplus

from course_utils import flows
from course_utils.kit import Exercise, Explorer, Mistake
from course_utils.lessons.draws import normal
from course_utils.lessons.l07_normalizing_flows.warp import scene, warped

FOLLOWED = 10  # the square from 0 to 1 in both directions


@torch.no_grad()
def planar_layer(stretch: float, degrees: float, steepness: float) -> flows.Planar:
    """w of this length and direction, û along it such that det J is `stretch` where tanh is 0."""
    layer = flows.Planar(2)
    w = steepness * torch.tensor([cos(radians(degrees)), sin(radians(degrees))])
    u = log(expm1(stretch)) * w / (w @ w)  # wᵀu, of which m makes stretch - 1
    layer.theta.free.copy_(torch.cat([w, u, torch.zeros(1)]))
    return layer


def explore_planar() -> Explorer:
    """One planar layer: how far it stretches, along which direction, how abruptly."""

    def update(stretch: float, degrees: int, steepness: float) -> dict:
        what = f"A planar layer with determinant {stretch:.2f} on its line, at {degrees} degrees"
        return warped([planar_layer(stretch, degrees, steepness)], FOLLOWED, what)

    controls = {
        "stretch": widgets.FloatLogSlider(
            value=10**0.4, min=-1, max=0.8, step=0.1, description="1 + wᵀû"
        ),
        "degrees": widgets.IntSlider(
            value=30, min=0, max=180, step=15, description="direction of w, in degrees"
        ),
        "steepness": widgets.FloatSlider(
            value=1.5, min=0.5, max=4, step=0.5, description="length of w"
        ),
    }
    strip = [{"stretch": s, "degrees": 30, "steepness": 1.5} for s in (0.1, 1.0, 10**0.8)]
    return Explorer(scene, update, controls, strip)


@torch.no_grad()
def radial_layer(gamma: float, delta: float) -> flows.Radial:
    """Distances r from the origin become r (gamma + r) / (delta + r)."""
    layer = flows.Radial(2)  # its own names: delta is alpha
    layer.theta.free.copy_(torch.tensor([0.0, 0.0, log(expm1(delta)), log(expm1(gamma))]))
    return layer


def explore_radial() -> Explorer:
    """One radial layer about the origin: from the point outwards, or towards it."""

    def update(gamma: float, delta: float) -> dict:
        what = f"A radial layer with γ = {gamma:.2f} and δ = {delta:.2f}"
        return warped([radial_layer(gamma, delta)], FOLLOWED, what)

    controls = {
        "gamma": widgets.FloatLogSlider(value=10**0.4, min=-1, max=1, step=0.1, description="γ"),
        "delta": widgets.FloatLogSlider(value=10**-0.2, min=-1, max=1, step=0.1, description="δ"),
    }
    strip = [{"gamma": g, "delta": 1.0} for g in (0.1, 1.0, 10.0)]
    return Explorer(scene, update, controls, strip)


def planar(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
    """x (N, D) and log|det dx/dz| (N,) of a planar layer, with u made safe first."""
    wu = w @ u
    u_hat = u + (softplus(wu) - 1 - wu) * w / (w @ w)
    h = (z @ w + b).tanh()
    return z + h[:, None] * u_hat, (1 + (1 - h**2) * (w @ u_hat)).log()


def _planar_variant(
    norm: Callable = lambda w: w @ w,
    safe: bool = True,
    slope: Callable = lambda h: 1 - h**2,
    finish: Callable = torch.log,
) -> Callable:
    """planar with one thing done differently."""

    def answer(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
        wu = w @ u
        u_hat = u + (softplus(wu) - 1 - wu) * w / norm(w) if safe else u
        h = (z @ w + b).tanh()
        return z + h[:, None] * u_hat, finish(1 + slope(h) * (w @ u_hat))

    return answer


def _unsafe_determinant(z: Tensor, w: Tensor, u: Tensor, b: float) -> tuple[Tensor, Tensor]:
    h = (z @ w + b).tanh()
    return planar(z, w, u, b)[0], (1 + (1 - h**2) * (w @ u)).log()


Exercise(
    "07.2",
    planar,
    cases=[
        (normal(5, 2), normal(2, seed=1), normal(2, seed=2), 0.3),
        (
            normal(4, 3, seed=3),
            torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64),
            torch.tensor([-1.0, 1.0, 0.0], dtype=torch.float64),
            -0.2,
        ),
    ],
    mistakes=[
        Mistake(
            _planar_variant(norm=lambda w: w.norm()),
            "You divided by ‖w‖. It must be ‖w‖²: only then is ûᵀw = m(wᵀu).",
        ),
        Mistake(
            _planar_variant(safe=False),
            "That is u itself. Where wᵀu < −1 the map folds; û keeps ûᵀw above −1.",
        ),
        Mistake(
            _unsafe_determinant,
            "x is right, but the determinant belongs to the same û, not to u.",
        ),
        Mistake(
            _planar_variant(slope=lambda h: 1 - h),
            "The derivative of tanh a is 1 − tanh² a.",
        ),
        Mistake(_planar_variant(finish=lambda det: det), "That is the determinant. Take its log."),
        Mistake(
            _planar_variant(finish=lambda det: -det.log()),
            "The sign: log|det dx/dz|, not that of the inverse.",
        ),
    ],
    nudge="First û, from m(a) = −1 + log(1 + eᵃ) = softplus(a) − 1; then both results use û only.",
    formula="$$\\hat u = u + \\big(m(w^\\top u) - w^\\top u\\big)\\frac{w}{\\lVert w\\rVert^2},"
    "\\quad h = \\tanh(w^\\top z + b),\\quad x = z + \\hat u\\,h,\\quad "
    "\\log\\det = \\log\\big(1 + (1 - h^2)\\,\\hat u^\\top w\\big)$$",
)
