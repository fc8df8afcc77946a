"""Section 1, a hill you can only see in part: a bound that touches, and where it leads."""

from math import log, pi

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Explorer, style

TRUTH, BOUND, GAP = (style.ROLES[role] for role in ("truth", "bound", "gap"))

POINTS = torch.cat(
    [
        torch.randn(15, generator=torch.Generator().manual_seed(3)),
        4 + torch.randn(25, generator=torch.Generator().manual_seed(4)),
    ]
).double()
THETA = np.linspace(-4, 9, 400)


def one_parameter_log_evidence(theta: Tensor) -> Tensor:
    """Mean log p(x_n | theta) of ½ N(0, 1) + ½ N(theta, 1) on POINTS, for theta (T,). (T,)"""
    fixed, moving = (_log_component(mean) for mean in (torch.zeros(1).double(), theta))
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(fixed, moving)), 0).mean(1)


def _log_component(mean: Tensor) -> Tensor:
    """log ½ N(x_n | mean, 1) for mean (T,): (T, N)."""
    return log(0.5) - 0.5 * log(2 * pi) - 0.5 * (POINTS - mean[:, None]).square()


def touching_bound(theta: Tensor, old: float) -> Tensor:
    """Mean ELBO(q, theta) with q the posterior at `old`: a parabola in theta (T,). (T,)"""
    fixed = _log_component(torch.zeros(1).double())
    r = torch.sigmoid(_log_component(torch.tensor([old]).double()) - fixed)  # (1, N): q(moving)
    expected = r * _log_component(theta) + (1 - r) * fixed
    entropy = -(torch.special.xlogy(r, r) + torch.special.xlogy(1 - r, 1 - r))
    return (expected + entropy).mean(1)


def em_path(start: float, num_steps: int) -> list[float]:
    """theta after 0, 1, ..., num_steps EM steps."""
    path = [start]
    for _ in range(num_steps):
        old = torch.tensor([path[-1]]).double()
        r = torch.sigmoid(_log_component(old) - _log_component(torch.zeros(1).double()))
        path.append(((r * POINTS).sum() / r.sum()).item())
    return path


def explore_bound() -> Explorer:
    """The ELBO as a parabola under the log-likelihood; its top is the next theta."""
    theta = torch.from_numpy(THETA)
    curve = one_parameter_log_evidence(theta)

    def scene():
        fig, ax = style.subplots()
        ax.plot(THETA, curve, **TRUTH.line)
        ax.text(6.2, -2.7, "log-likelihood", color=TRUTH.ink)
        ax.set(xlim=(-4, 9), ylim=(-9, -1.2), xlabel="parameter θ", ylabel="nats per point")
        ax.set_title("A bound that touches, and where it leads")
        return fig, {
            "bound": ax.plot([], [], **BOUND.line)[0],
            "walked": ax.plot([], [], color=style.INK, linewidth=2, marker="o", markersize=5)[0],
            "here": ax.plot([], [], "o", color=style.INK, markersize=12)[0],
            "next": ax.plot([], [], "s", color=BOUND.color, markersize=11)[0],
            "gap": ax.plot([], [], **GAP.line)[0],
            "touch_label": ax.text(-3.8, -1.9, ""),
            "top_label": ax.text(-3.8, -2.6, "", color=BOUND.ink),
            "gap_label": ax.text(-3.8, -3.3, "", color=GAP.ink),
        }

    def update(start: float, steps: int) -> dict:
        path = em_path(start, steps + 1)
        old, new = path[-2:]
        heights = one_parameter_log_evidence(torch.tensor(path[:-1]).double())
        top = touching_bound(torch.tensor([new]).double(), old).item()
        here = heights[-1].item()
        hill = one_parameter_log_evidence(torch.tensor([new]).double()).item()
        return {
            "bound": (THETA, touching_bound(theta, old)),
            "walked": (path[:-1], heights),
            "here": ([old], [here]),
            "next": ([new], [top]),
            "gap": ([new, new], [top, hill]),
            "touch_label": f"● touches at θ = {old:.2f}",
            "top_label": f"■ top at θ = {new:.2f}",
            "gap_label": f"hill there: {hill - top:.2f} higher",
            "alt": f"After {steps} EM steps θ is {old:.3f} and the log-likelihood {here:.3f} nats per "
            f"point. The ELBO, a parabola below it, touches there; its top, {top:.3f}, lies at "
            f"{new:.3f}, the next θ, where the log-likelihood is {hill - top:.3f} higher still.",
        }

    controls = {
        "start": widgets.FloatSlider(value=0, min=-4, max=9, description="start at θ"),
        "steps": widgets.IntSlider(value=0, min=0, max=12, description="EM steps taken"),
    }
    strip = [{"start": 0.0, "steps": s} for s in (0, 1, 4)]
    return Explorer(scene, update, controls, strip)
