"""7 · How long a step? The largest stable learning rate."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l00_neural_regression.cases import number
from course_utils.lessons.l00_neural_regression.drawing import MODEL, TRUTH


def predict_rate(features: Tensor, x: Tensor) -> Prediction:
    """Ask which learning rate is too large, then raise it."""
    question = (
        "The loss is a valley: curvature 31.9 across, 0.74 along. From which learning rate α on "
        "does gradient descent no longer converge?"
    )
    options = [
        Option(
            "2 / 31.9 = 0.063",
            True,
            "The steep direction decides: there a longer step lands higher on the other side.",
        ),
        Option(
            "4 / (31.9 + 0.74) = 0.123",
            False,
            "Curvatures are not averaged: every direction must be stable by itself.",
        ),
        Option(
            "2 / 0.74 = 2.7",
            False,
            "The flat direction would allow it, but the steep one has blown up long before.",
        ),
        Option(
            "none: every step goes downhill",
            False,
            "It starts downhill. A step that is too long crosses the valley and climbs.",
        ),
    ]
    return predict(question, options, explore_rate(features, x))


def descend(hessian: Tensor, best: Tensor, start: Tensor, lr: float, num_steps: int) -> Tensor:
    """The path of gradient descent on a quadratic loss, start included. (num_steps + 1, P)"""
    path = [start]
    for _ in range(num_steps):
        gradient = hessian @ (path[-1] - best)
        path.append(path[-1] - lr * gradient)
    return torch.stack(path)


def explore_rate(features: Tensor, x: Tensor) -> Explorer:
    """Gradient descent on the squared error of x (N, 1) regressed on features (N, 2)."""
    hessian = 2 * features.T @ features / len(features)
    curvature, axes = torch.linalg.eigh(hessian)  # ascending: along, across
    best = torch.linalg.lstsq(features, x).solution[:, 0]
    start = torch.tensor([0.0, 0.6], dtype=best.dtype)
    limit, longest = 2 / curvature[1].item(), 80

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
        a, b = torch.meshgrid(
            torch.linspace(-0.6, 1.7, 116), torch.linspace(-1.15, 1.15, 116), indexing="xy"
        )
        away = torch.stack([a, b], -1).double() - best
        excess = 0.5 * torch.einsum("ijp,pq,ijq->ij", away, hessian, away)
        levels = 10.0 ** np.arange(-2.5, 1.6, 0.5)
        left.contour(a, b, excess, levels, colors=style.GUIDE, linewidths=1.5)
        left.plot(*best[:, None], "*", color=TRUTH.color, markersize=18, zorder=4)
        left.set(xlabel="$a$", ylabel="$c$", xticks=[0, 1], yticks=[-1, 0, 1], aspect="equal")
        left.set(xlim=(-0.6, 1.7), ylim=(-1.15, 1.15), title="Steep across, flat along")
        left.text(1.1, -0.2, "$\\theta^*$", color=TRUTH.ink, va="center")
        right.set(yscale="log", xlim=(0, longest), ylim=(1e-8, 1e9), xlabel="step $t$")
        right.set(yticks=[1e-8, 1e-4, 1, 1e4, 1e8], title="Each step: × |1 − αλ|")
        right.set_ylabel("error along $u_i$")
        right.minorticks_off()
        dots = {"color": MODEL.color, "linestyle": "none", "markersize": 7}
        return fig, {
            "path": left.plot([], [], "o-", color=MODEL.color, linewidth=1.5, markersize=5)[0],
            "here": left.plot([], [], "s", color=MODEL.color, markersize=13, zorder=5)[0],
            "exact_flat": right.plot([], [], **TRUTH.line)[0],
            "exact_steep": right.plot([], [], **TRUTH.line | {"linestyle": (0, (1, 1))})[0],
            "flat": right.plot([], [], marker="o", **dots)[0],
            "steep": right.plot([], [], marker="D", **dots)[0],
            "verdict": right.text(2, 2e7, ""),
            "flat_label": right.text(2, 1e6, "", color=TRUTH.ink),
            "steep_label": right.text(2, 5e4, "", color=TRUTH.ink),
        }

    def update(lr: float, num_steps: int) -> dict:
        path = descend(hessian, best, start, lr, num_steps)
        errors = ((path - best) @ axes).abs()
        factors = (1 - lr * curvature).abs()
        t = torch.arange(longest + 1)
        exact = errors[0] * factors ** t[:, None]
        shown = torch.arange(0, num_steps + 1, max(1, num_steps // 16))
        verdict = "stable" if lr < limit else "unstable"
        return {
            "path": tuple(path.T),
            "here": tuple(path[-1:].T),
            "verdict": f"α = {lr / limit:.3f} × 2/λ$_{{\\max}}$: {verdict}",
            "exact_flat": (t, exact[:, 0]),
            "exact_steep": (t, exact[:, 1].clamp(min=1e-30)),
            "flat": (shown, errors[shown, 0]),
            "steep": (shown, errors[shown, 1].clamp(min=1e-30)),
            "flat_label": f"● flat, solid: × {factors[0]:.3f}",
            "steep_label": f"◆ steep, dotted: × {factors[1]:.3f}",
            "alt": f"Gradient descent at learning rate {lr:.3f}, {lr / limit:.3f} of the limit "
            f"2/λ_max = {limit:.4f}: {verdict}. After {num_steps} steps the error is "
            f"{errors[-1, 0]:.2g} along the flat eigenvector, times {factors[0]:.3f} a step, and "
            f"{errors[-1, 1]:.2g} along the steep one, times {factors[1]:.3f} a step.",
        }

    controls = {
        "lr": widgets.FloatSlider(
            value=0.05,
            min=0.002,
            max=0.068,
            step=0.001,
            readout_format=".3f",
            description="learning rate α",
        ),
        "num_steps": widgets.IntSlider(value=20, min=0, max=longest, description="steps t"),
    }
    strip = [{"lr": rate, "num_steps": 40} for rate in (0.01, 0.03, 0.064)]
    return Explorer(scene, update, controls, strip)


def two_rates(lr: float, factors: Tensor) -> tuple[Tensor, Tensor]:
    """The largest stable rate and the fastest one, from what a step at rate lr does to each error.

    factors (P,): by how much it multiplies the error along each eigenvector of the Hessian.
    """
    curvatures = (1 - factors) / lr
    steepest, flattest = curvatures.max(), curvatures.min()
    return 2 / steepest, 2 / (steepest + flattest)


def _slip(limit=None, fastest=None, curvatures=lambda lr, factors: (1 - factors) / lr):
    """two_rates with one thing done differently: functions of all the curvatures."""

    def answer(lr: float, factors: Tensor) -> tuple[Tensor, Tensor]:
        bent = curvatures(lr, factors)
        right = 2 / bent.max(), 2 / (bent.max() + bent.min())
        return limit(bent) if limit else right[0], fastest(bent) if fastest else right[1]

    return answer


Exercise(
    "00.4",
    two_rates,
    cases=[
        (0.02, torch.tensor([0.97, -0.4], dtype=torch.float64)),
        (0.5, torch.tensor([0.2, 0.9, -0.7], dtype=torch.float64)),
        (0.01, torch.tensor([0.5, 0.95], dtype=torch.float64)),
    ],
    mistakes=[
        Mistake(
            _slip(curvatures=lambda lr, factors: (1 - factors.abs()) / lr),
            "You dropped the sign. A factor of −0.4 is an overshoot: there 1 − αλ is negative, and λ is "
            "large.",
        ),
        Mistake(
            _slip(curvatures=lambda lr, factors: 1 - factors),
            "That is αλ, not λ: divide by the rate at which the factors were seen.",
        ),
        Mistake(
            _slip(curvatures=lambda lr, factors: (1 + factors) / lr),
            "The factor is 1 − αλ, so λ = (1 − factor) / α: the sign is turned.",
        ),
        Mistake(
            _slip(limit=lambda bent: 2 / bent.min()),
            "The limit is of the flattest direction. The steepest has blown up long before.",
        ),
        Mistake(
            _slip(limit=lambda bent: 1 / bent.max()),
            "Half the limit: that rate removes the steep error in one step. It may overshoot by as much "
            "again: |1 − αλ| < 1.",
        ),
        Mistake(
            _slip(
                limit=lambda bent: bent.max(), fastest=lambda bent: (bent.max() + bent.min()) / 2
            ),
            "Those are curvatures. A rate is 2 over a curvature.",
        ),
        Mistake(
            _slip(fastest=lambda bent: 1 / bent.max()),
            "The limit is right. But 1/λ<sub>max</sub> is too careful: the steep error dies at once and "
            "the flat one hardly moves. A longer step trades one against the other.",
        ),
        Mistake(
            _slip(fastest=lambda bent: 1 / bent.min()),
            "The limit is right. But 1/λ<sub>min</sub> suits the flat direction alone; the steep one may "
            "explode there.",
        ),
        Mistake(
            _slip(fastest=lambda bent: 1 / bent.mean()),
            "The limit is right. For the other, only the two extreme curvatures count: the directions "
            "between them shrink sooner than both.",
        ),
        Mistake(
            _slip(fastest=lambda bent: 1 / (bent.max() + bent.min())),
            "The limit is right, the other is half of it: at the fastest rate the steep direction "
            "overshoots, 1 − αλ<sub>max</sub> = −(1 − αλ<sub>min</sub>).",
        ),
        Mistake(
            lambda lr, factors: two_rates(lr, factors)[::-1],
            "Both are right, in the other order: first the largest stable rate.",
        ),
    ],
    nudge="From each factor, which is 1 − αλ, get λ. Then draw |1 − αλ| against α for the largest and the "
    "smallest λ: which of the two is the slower one, and where do the lines cross?",
    formula="$$\\lambda_i = \\frac{1 - \\text{factor}_i}{\\alpha}, \\qquad \\alpha < "
    "\\frac{2}{\\lambda_{\\max}}, \\qquad \\alpha\\lambda_{\\max} - 1 = "
    "1 - \\alpha\\lambda_{\\min} \\text{ at the fastest}$$",
)


def poll_momentum() -> Poll:
    """How far momentum lets a step go, before it is derived."""
    return Poll(
        "With momentum, m keeps 0.9 of itself. Along an eigenvector of curvature λ, the error stops dying "
        "out at a rate …",
        [
            Option(
                "below 2/λ: the old steps add to the new one",
                False,
                "They add on a steady slope. At the limit the gradient changes its sign at every step.",
            ),
            Option(
                "of 2/λ, as without it",
                False,
                "m is not the gradient there: half of its past has the other sign.",
            ),
            Option(
                "above 2/λ: the old steps hold the new one back",
                True,
                "Steps of alternating sign cancel in m. By how much, the exercise asks.",
            ),
        ],
    )


def momentum_limit(curvature: Tensor, keep: float) -> Tensor:
    """From this rate on descent with m <- keep m + gradient, theta <- theta - alpha m, diverges."""
    return 2 * (1 + keep) / curvature


Exercise(
    "00.5",
    momentum_limit,
    cases=[(number(31.9), 0.9), (number(2.0), 0.5), (number(0.74), 0.0)],
    mistakes=[
        Mistake(
            lambda curvature, keep: 2 / curvature,
            "That is the limit without momentum. The velocity turns the zigzag back before it grows.",
        ),
        Mistake(
            lambda curvature, keep: 2 * (1 - keep) / curvature,
            "True for a steady slope, where m grows to ∇ / (1 − keep). But at the limit ∇ changes its sign "
            "at every step, and m shrinks to ∇ / (1 + keep).",
        ),
        Mistake(
            lambda curvature, keep: 2 / (curvature * (1 + keep)),
            "The right factor on the wrong side: m is smaller than ∇ there, so α may be larger.",
        ),
        Mistake(
            lambda curvature, keep: (1 + keep) / curvature,
            "Half of it: at that rate the error shrinks by √keep a step, as fast as it can.",
        ),
        Mistake(
            lambda curvature, keep: 2 * (1 + keep) / curvature**2,
            "λ enters once: α and λ appear as the product αλ only.",
        ),
    ],
    nudge="Where does it first fail? The error flips its sign at every step and keeps its size: put "
    "e, −e, e for three errors in a row into the rule.",
    formula="$$e_{t+1} = (1 + \\text{keep} - \\alpha\\lambda)\\,e_t - \\text{keep}\\cdot e_{t-1}, \\qquad "
    "e_{t+1} = -e_t = e_{t-1} \\;\\Rightarrow\\; \\alpha\\lambda = 2\\,(1 + \\text{keep})$$",
)
