"""9, three unknowns: the noise of a step is to be learned too."""

import torch
from torch import Tensor
from torch.distributions import Normal

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

TRUTH, Q, PRIOR = (style.ROLES[name] for name in ("truth", "q", "prior"))


def plot_three(drawn: Tensor, grid: Tensor, mass: Tensor, truth: Tensor) -> Picture:
    """q's samples of log sigma and log r, in the prior's units, beside the exact posterior.

    drawn (S, 3): of (log sigma, log r, log phi). grid (G^3, 3), u_1 varying slowest, with exact masses.
    Exact marginals are drawn as Gaussians with their moments, and that of log sigma as the grid's
    dots too. truth (3,).
    """
    mean = mass @ grid
    scale = (mass @ (grid - mean).square()).sqrt()
    fig, axes = style.subplots(2, sharey=True)
    z = torch.linspace(-3.5, 2.5, 241).double()
    said = []
    for column, (ax, name) in enumerate(zip(axes, ("log σ", "log r"), strict=True)):
        ax.plot(z, Normal(0.0, 1.0).log_prob(z).exp(), **PRIOR.line)
        ax.plot(z, Normal(mean[column], scale[column]).log_prob(z).exp(), **TRUTH.line)
        ax.hist(drawn[:, column].numpy(), bins=30, density=True, histtype="step", **Q.line)
        ax.axvline(truth[column].item(), color=style.INK, linewidth=1.5)
        ax.set(xlabel=f"{name}, in the prior's units", xlim=(-3.5, 2.5), ylim=(0, 1.4))
        said.append(
            f"{name} has mean {mean[column]:.2f} and sd {scale[column]:.2f}, q "
            f"{drawn[:, column].mean():.2f} and {drawn[:, column].std():.2f}"
        )
    nodes = grid[:: round(len(grid) ** (2 / 3)), 0]
    density = mass.view(len(nodes), -1).sum(1) / (nodes[1] - nodes[0])
    axes[0].plot(nodes, density, **TRUTH.dots | {"markersize": 10})
    axes[0].set(ylabel="density", title="The noise")
    axes[1].set(title="The growth")
    for height, words, ink in (
        (0.9, "●— exact", TRUTH.ink),
        (0.8, "- - q", Q.ink),
        (0.7, "· · prior", PRIOR.ink),
        (0.6, "| truth", style.INK),
    ):
        axes[0].text(0.03, height, words, color=ink, transform=axes[0].transAxes)
    return figure(
        fig,
        alt="Exact posteriors and q's samples, in the prior's standard deviations: "
        f"{'; '.join(said)}. The truth is {truth[0]:.1f} and {truth[1]:.1f}.",
    )
