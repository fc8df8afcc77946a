"""4, fitting densities: the two peaks, and a flow in the plane beside the truth."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Distribution

from course_utils.flows import Flow
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l07_normalizing_flows.plane import lattice, push

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]


def plot_two_peaks(flow: Flow, truth: Distribution) -> Picture:
    """½ N(±2, .5²): the flow, the truth, the best Gaussian, and the map that does it."""
    z = torch.linspace(-4, 4, 8001)  # the steepest piece is narrow
    x = torch.linspace(-4.5, 4.5, 451)
    with torch.no_grad():
        map_of_z, log_slope = push(flow.transforms, z[:, None])
        density = flow.log_prob(x[:, None]).exp()
    best = torch.distributions.Normal(0.0, truth.stddev.item())
    fig, (left, right) = style.subplots(2, height=4.1, width_ratios=[1, 1.4])
    left.plot(z, map_of_z[:, 0], color=style.INK)
    left.set(xlabel="z", ylabel="x = T(z)", title="The map")
    right.plot(x, truth.log_prob(x).exp(), **TRUTH.line)
    right.plot(x, density, **MODEL.line)
    right.plot(x, best.log_prob(x).exp(), color=style.GUIDE, linestyle=(0, (1, 1)))
    right.set(xlabel="x", ylabel="density", ylim=(0, 0.62), title="The density of x")
    words = [("— truth", TRUTH.ink), ("-·- flow", MODEL.ink), ("···· best Gaussian", style.INK)]
    for row, (label, color) in enumerate(words):
        right.text(-4.4, 0.59 - 0.055 * row, label, color=color, va="top")
    steepest = log_slope.exp().max().item()
    return figure(
        fig,
        alt=f"The flow's map from z to x is steepest at the middle, with slope {steepest:.1f}. Its "
        f"density has the truth's two peaks, at most {density.max():.2f} high; the best Gaussian "
        f"has one, {best.log_prob(torch.tensor(0.0)).exp():.2f} high, between them.",
    )


def plot_density(
    flow: Distribution, truth: Callable[[Tensor], Tensor], window: float, name: str
) -> Picture:
    """The true density and the flow's, side by side in one scale."""
    pixels, side = lattice(160, window), 160
    with torch.no_grad():
        densities = [f(pixels).exp().reshape(side, side).numpy() for f in (truth, flow.log_prob)]
    off = abs(densities[1] - densities[0]).sum() * (2 * window / side) ** 2 / 2
    top = 1.2 * densities[0].max().item()
    fig, axes = style.subplots(2, sharey=True)
    for ax, density, title in zip(axes, densities, (f"{name}: truth", "Flow"), strict=True):
        glow = ax.imshow(density, vmin=0, vmax=top, extent=(-window, window) * 2, origin="lower")
        ax.set(xlabel="$x_1$", title=title)
    axes[0].set_ylabel("$x_2$")
    fig.colorbar(glow, ax=axes, label="density", shrink=0.9, extend="max")
    return figure(
        fig,
        alt=f"{name}: the true density and the flow's, side by side; the share of mass that lies "
        f"elsewhere is {off:.1%}. The flow's highest density is {densities[1].max():.2f}, the true "
        f"one {densities[0].max():.2f}.",
    )
