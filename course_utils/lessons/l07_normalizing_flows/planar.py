"""3, which maps? Planar and radial: what they do to a grid, and exercise 07.2."""

from collections.abc import Callable, Mapping

import torch
from matplotlib.collections import LineCollection
from torch import Tensor
from torch.nn.functional import softplus

from course_utils.flows import Layer
from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l07_normalizing_flows.plane import square_grid


def plot_warps(layers: Mapping[str, Layer]) -> Picture:
    """What two layers do to a square grid."""
    fig, axes = style.subplots(2, sharey=True)
    numbers = []
    for ax, (name, layer) in zip(axes, layers.items(), strict=True):
        with torch.no_grad():
            mesh, log_det = layer.push(square_grid())
        ax.add_collection(LineCollection(list(mesh), colors=style.GUIDE, linewidths=1.2))
        ax.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="$x_1$", title=name)
        low, high = log_det.min().item(), log_det.max().item()
        numbers.append(f"{name}: log-determinants from {low:.2f} to {high:.2f}")
    axes[0].set_ylabel("$x_2$")
    return figure(fig, alt=f"A square grid after one layer. {'; '.join(numbers)}.")


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
