"""Section 7, how fast does the plane turn: by the ratio of two eigenvalues a step; exercise 03.5."""

from collections.abc import Callable
from math import log

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, style

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]


def explore_contraction() -> Explorer:
    """EM turns w towards the first eigenvector by a factor set by the eigengap alone."""
    most = 12

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.3])
        left.set(xlim=(-0.1, 1.25), ylim=(-0.1, 1.25), aspect="equal")
        left.set(xlabel="$u_1$", ylabel="$u_2$", title="w turns to $u_1$")
        left.plot([0, 1.1], [0, 0], **TRUTH.line)
        right.set(xlim=(-0.5, most + 0.4), ylim=(3e-6, 30), yscale="log", xlabel="EM step")
        right.set_xticks(range(0, most + 1, 4))
        right.set(ylabel="tan of the angle", title="By $\\lambda_2/\\lambda_1$ a step")
        arrows = [left.plot([], [], color=MODEL.color, linewidth=3)[0] for _ in range(4)]
        return fig, {f"w_{t}": arrow for t, arrow in enumerate(arrows)} | {
            "predicted": right.plot([], [], **TRUTH.line)[0],
            "measured": right.plot([], [], **MODEL.dots | {"markersize": 10})[0],
            "label": right.text(-0.2, 7e-6, "", color=TRUTH.ink),
        }

    def update(ratio: float, sigma2: float, angle: float) -> dict:
        S = torch.tensor([[1.0, 0.0], [0.0, ratio]], dtype=torch.float64)
        w = torch.tensor([[np.cos(np.radians(angle))], [np.sin(np.radians(angle))]])
        path = _turn(S, w, sigma2, most)
        tangent = (path[:, 1] / path[:, 0]).abs()
        unit = path / path.norm(dim=1, keepdim=True)
        arrows = {f"w_{t}": ([0, unit[t, 0]], [0, unit[t, 1]]) for t in range(4)}
        return arrows | {
            "predicted": (np.arange(most + 1), tangent[0].item() * ratio ** np.arange(most + 1)),
            "measured": (np.arange(most + 1), tangent),
            "label": f"$(\\lambda_2/\\lambda_1)^t$, {ratio:.2f} a step",
            "alt": f"From {angle:.0f} degrees the tangent of the angle between w and the first "
            f"eigenvector falls by {ratio:.2f} at every step, from {tangent[0]:.3g} to "
            f"{tangent[-1]:.3g} after {most}, whatever the noise variance, here {sigma2:.2g}.",
        }

    controls = {
        "ratio": widgets.FloatSlider(
            value=0.5, min=0.35, max=0.95, step=0.05, description="eigenvalue ratio λ₂/λ₁"
        ),
        "sigma2": widgets.FloatLogSlider(
            value=10**-0.5, min=-3, max=1, step=0.1, description="noise variance σ² at the start"
        ),
        "angle": widgets.FloatSlider(
            value=80, min=10, max=85, step=5, description="first angle (degrees)"
        ),
    }
    strip = [{"ratio": r, "sigma2": 0.3, "angle": 80.0} for r in (0.35, 0.6, 0.95)]
    return Explorer(scene, update, controls, strip)


def _turn(S: Tensor, w: Tensor, sigma2: float, num_steps: int) -> Tensor:
    """w (num_steps + 1, 2) under the EM updates of `em.fit`, from a covariance S (2, 2)."""
    path = [w[:, 0]]
    for _ in range(num_steps):
        Sw = S @ w
        M = sigma2 + (w.T @ w).item()
        w_new = Sw / (sigma2 + (w.T @ Sw).item() / M)
        sigma2 = ((S.trace() - (Sw.T @ w_new).item() / M) / 2).item()
        w = w_new
        path.append(w[:, 0])
    return torch.stack(path)


def steps_needed(eigenvalues: Tensor, latent_dim: int, short: float, target: float) -> Tensor:
    """EM steps from `short` to `target` nats below the maximum, near it. eigenvalues (D,), falling."""
    noise = eigenvalues[latent_dim:].mean() / eigenvalues[:latent_dim]
    plane = eigenvalues[latent_dim] / eigenvalues[latent_dim - 1]
    slower = torch.maximum(plane, (1 - 2 * noise * (1 - noise)).max())
    return log(target / short) / (2 * slower.log())


def _steps(factor: Callable) -> Callable:
    """steps_needed with another factor by which the error shrinks."""

    def answer(eigenvalues: Tensor, latent_dim: int, short: float, target: float) -> Tensor:
        noise = eigenvalues[latent_dim:].mean() / eigenvalues[:latent_dim]
        plane = eigenvalues[latent_dim] / eigenvalues[latent_dim - 1]
        lengths = 1 - 2 * noise * (1 - noise)
        return log(target / short) / factor(plane, lengths, eigenvalues).log()

    return answer


Exercise(
    "03.5",
    steps_needed,
    cases=[
        (torch.tensor([5.0, 4.2, 3.6, 1.0, 0.4]).double(), 2, 0.1, 1e-6),
        (torch.tensor([4.0, 2.0, 0.3, 0.1]).double(), 2, 0.5, 1e-3),
    ],
    mistakes=[
        Mistake(
            _steps(lambda plane, lengths, e: torch.maximum(plane, lengths.max())),
            "The likelihood's error is quadratic in plane and lengths, so it shrinks by the factor's "
            "<i>square</i>: half as many steps.",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: plane**2),
            "That is the plane's pace. The lengths of W may be slower, each by its own 1 − 2ν(1 − ν).",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: lengths.max() ** 2),
            "That is the lengths' pace. The plane may be slower, by λ_{H+1}/λ_H.",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: torch.minimum(plane, lengths.min()) ** 2),
            "You took the fastest. In the end the slowest part, the largest factor, decides.",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: torch.maximum(e[1] / e[0], lengths.max()) ** 2),
            "λ₂/λ₁ is the pace for one latent. With H of them the gap behind the last counts, "
            "λ_{H+1}/λ_H.",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: plane),
            "That is the plane's pace, unsquared. The lengths of W may be slower, each by its own "
            "1 − 2ν(1 − ν); and the likelihood's error is quadratic, so it shrinks by the square.",
        ),
        Mistake(
            _steps(lambda plane, lengths, e: lengths.max()),
            "That is the lengths' pace, unsquared. The plane may be slower, by λ_{H+1}/λ_H; and the "
            "likelihood's error is quadratic, so it shrinks by the square.",
        ),
        Mistake(
            lambda *case: -steps_needed(*case),
            "The number of steps is negative: the error must shrink from `short` to `target`.",
        ),
    ],
    nudge="After t steps the error is short · factorᵗ. Which factor, of plane and lengths? And the "
    "likelihood's error is the square of theirs.",
    formula="$$t = \\frac{\\log(\\text{target}/\\text{short})}{2\\log f},\\qquad "
    "f = \\max\\Big\\{\\frac{\\lambda_{H+1}}{\\lambda_H},\\ \\max_{i\\le H}\\,1-2\\nu_i(1-\\nu_i)\\Big\\},"
    "\\quad \\nu_i = \\frac{\\sigma^2}{\\lambda_i}$$"
    "and σ² is the mean of the eigenvalues left out.",
)
