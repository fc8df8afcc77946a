"""7 · How long a step? The largest stable learning rate."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal
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
            "2 / 0.74 = 2.7",
            False,
            "The flat direction would allow it, but the steep one has blown up long before.",
        ),
        Option(
            "4 / (31.9 + 0.74) = 0.123",
            False,
            "Curvatures are not averaged: every direction must be stable by itself.",
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
            "verdict": f"α = {lr / limit:.2f} × 2/λ$_{{\\max}}$: {verdict}",
            "exact_flat": (t, exact[:, 0]),
            "exact_steep": (t, exact[:, 1].clamp(min=1e-30)),
            "flat": (shown, errors[shown, 0]),
            "steep": (shown, errors[shown, 1].clamp(min=1e-30)),
            "flat_label": f"● flat, solid: × {factors[0]:.3f}",
            "steep_label": f"◆ steep, dotted: × {factors[1]:.3f}",
            "alt": f"Gradient descent at learning rate {lr:.3f}, {lr / limit:.2f} of the limit "
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


def largest_stable_lr(features: Tensor) -> Tensor:
    """2 / lambda_max of the loss mean((x - features @ theta)^2); features: (N, P)."""
    hessian = 2 * features.T @ features / len(features)
    return 2 / torch.linalg.eigvalsh(hessian).max()


Exercise(
    "00.4",
    largest_stable_lr,
    cases=[(normal(9, 2),), (normal(12, 3, seed=1) + 1,), (normal(5, 1, seed=2),)],
    mistakes=[
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(features.T @ features / len(features)).max(),
            "Twice too large: the derivative of a square brings a factor 2 into the Hessian.",
        ),
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(2 * features.T @ features).max(),
            "Too small by the factor N: the loss is a mean over the points, so its Hessian is too.",
        ),
        Mistake(
            lambda features: 2 / torch.linalg.eigvalsh(features.T @ features).max(),
            "This is the limit for the Hessian ΦᵀΦ. The loss is a <i>mean</i> of <i>squares</i>: its "
            "Hessian is 2ΦᵀΦ/N.",
        ),
        Mistake(
            lambda features: (
                2 / torch.linalg.eigvalsh(2 * features.T @ features / (len(features) - 1)).max()
            ),
            "You divided by N − 1, as for a sample variance. The loss is a plain mean: N.",
        ),
        Mistake(
            lambda features: (
                1 / torch.linalg.eigvalsh(2 * features.T @ features / len(features)).max()
            ),
            "Half the limit: that rate removes the steep error in one step. It may overshoot by as "
            "much again before it diverges: |1 − αλ| < 1.",
        ),
        Mistake(
            lambda features: (
                2 / torch.linalg.eigvalsh(2 * features.T @ features / len(features)).min()
            ),
            "You took the smallest eigenvalue. The steepest direction, with the largest, decides.",
        ),
        Mistake(
            lambda features: 2 / (2 * features.square().sum(1).mean()),
            "You divide by the trace, the sum of all eigenvalues. That is safe, but smaller than the "
            "limit: only the largest counts.",
        ),
        Mistake(
            lambda features: torch.linalg.eigvalsh(2 * features.T @ features / len(features)).max(),
            "That is λ_max itself. The limit is 2 / λ_max.",
        ),
    ],
    nudge="Write down the Hessian of mean((x − Φθ)²). Which of its eigenvalues sets the limit?",
    formula="$$\\nabla^2 L = \\frac2N \\Phi^\\top \\Phi, \\qquad \\alpha < "
    "\\frac{2}{\\lambda_{\\max}}$$ with $\\lambda_{\\max}$ from "
    "<code>torch.linalg.eigvalsh</code>.",
)


def momentum_limit(curvature: Tensor, keep: float) -> Tensor:
    """From this rate on descent with m <- keep m + gradient, theta <- theta - alpha m, diverges."""
    return 2 * (1 + keep) / curvature


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


Exercise(
    "00.5",
    momentum_limit,
    cases=[(_number(31.9), 0.9), (_number(2.0), 0.5), (_number(0.74), 0.0)],
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
