"""3, which maps? Planar and radial: one layer bent by hand; where one folds, exercise 07.2."""

from collections.abc import Callable
from math import cos, expm1, log, radians, sin

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.nn.functional import softplus

from course_utils import flows
from course_utils.kit import Exercise, Explorer, Mistake
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


def fold(w: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Of x = z + u tanh(a): det J < 0 for |a| < a_0, and |w^T x + b| < y_0 comes from three z; or 0."""
    steep = (-(w @ u)).clamp(min=1.0)
    a_0 = (1 - 1 / steep).sqrt().atanh()
    return a_0, steep * a_0.tanh() - a_0


def _fold_variant(
    steepness: Callable = lambda w, u: -(w @ u),
    edge: Callable = lambda steep: (1 - 1 / steep).sqrt().atanh(),
    lands: Callable = lambda a_0, steep: steep * a_0.tanh() - a_0,
    safe: bool = True,
) -> Callable:
    """fold with one thing done differently."""

    def answer(w: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        steep = steepness(w, u)
        if safe and steep <= 1:
            return torch.zeros_like(steep), torch.zeros_like(steep)
        a_0 = edge(steep)
        return a_0, lands(a_0, steep)

    return answer


def _vector(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


Exercise(
    "07.2",
    fold,
    cases=[
        (_vector(1.0, 0.0), _vector(-3.0, 1.0)),
        (_vector(2.0, -1.0, 0.5), _vector(-1.0, 1.0, 0.3)),
        (_vector(1.0, 2.0), _vector(1.0, -0.8)),
    ],
    mistakes=[
        Mistake(
            _fold_variant(safe=False),
            "Right where the layer folds. For wᵀu ≥ −1 there is no fold, and both numbers are 0; yours "
            "are NaN.",
        ),
        Mistake(
            _fold_variant(edge=lambda steep: (1 - 1 / steep).atanh()),
            "The slope of tanh is 1 − tanh<i>²</i>: a root is missing.",
        ),
        Mistake(
            _fold_variant(edge=lambda steep: (1 / steep).sqrt().atanh()),
            "You solved tanh² a = 1 / |wᵀu|. det J = 0 says 1 − tanh² a = 1 / |wᵀu|.",
        ),
        Mistake(
            _fold_variant(
                edge=lambda steep: (1 - 1 / steep).sqrt(),
                lands=lambda tanh, steep: steep * tanh - tanh.atanh(),
            ),
            "y₀ is right. Your a₀ is tanh a₀: undo the tanh, too.",
        ),
        Mistake(
            _fold_variant(lands=lambda a_0, steep: a_0 - steep * a_0.tanh()),
            "a₀ is right, and y₀ but for its sign: the fold carries a₀ to the other side, below 0. The "
            "band is as far as that on either side.",
        ),
        Mistake(
            _fold_variant(lands=lambda a_0, steep: a_0),
            "a₀ is right, and belongs to z. Where does the layer carry it? wᵀx + b = a + wᵀu tanh a.",
        ),
        Mistake(
            _fold_variant(lands=lambda a_0, steep: a_0 + steep * a_0.tanh()),
            "a₀ is right. In y = a + wᵀu tanh a the factor wᵀu is negative.",
        ),
        Mistake(
            _fold_variant(steepness=lambda w, u: w.norm() * u.norm()),
            "Only the part of u along w folds: it is wᵀu, not the two lengths.",
        ),
    ],
    nudge="Where is det J = 0? Then draw y = a + wᵀu tanh a for wᵀu = −3: it rises, falls, rises. Which "
    "levels does it cross three times?",
    formula="$$1 - \\tanh^2 a_0 = \\frac{1}{|w^\\top u|}, \\qquad y_0 = |w^\\top u|\\tanh a_0 - a_0$$ if "
    "$w^\\top u < -1$, else both are 0. (y rises up to $-a_0$, where it is $y_0$, and falls from "
    "there to $-y_0$ at $a_0$.)",
)
