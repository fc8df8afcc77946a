"""9, digits, two latents: what a diagonal q loses, and a full one wins back."""

from math import pi

import torch
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l05_variational_em.colors import APPROXIMATION, TRUTH, Q


def plot_two_latents(
    k: int,
    posterior: Tensor,
    axis: Tensor,
    diagonal: Independent,
    full: MultivariateNormal,
    gaps: Tensor,
) -> Picture:
    """Image k's posterior (G, G) on axis x axis, the best q of both families, all gaps (2, N)."""
    fig, (left, right) = style.subplots(2)
    levels = posterior.max() * torch.tensor([0.03, 0.15, 0.4, 0.8])
    left.contour(axis, axis, posterior.T, levels=levels.tolist(), colors=TRUTH.color)
    turn = torch.linspace(0, 2 * pi, 200, dtype=torch.float64)
    circle = torch.stack([turn.cos(), turn.sin()])
    outlines = []
    roots = torch.diag_embed(diagonal.stddev[k]), full.scale_tril[k]
    looks = Q.line | {"linestyle": ":"}, Q.line
    for mean, root, look_of in zip((diagonal.mean[k], full.mean[k]), roots, looks, strict=True):
        outlines.append(mean[:, None] + 2 * root @ circle)
        left.plot(*outlines[-1], **look_of)
    reach = torch.cat(outlines, 1)
    half = 1.1 * (reach.amax(1) - reach.amin(1)).max().item()
    across, up = reach.mean(1).tolist()
    left.set(xlim=(across - half, across + half), ylim=(up - half, up + half))
    left.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    left.set_title("One image's posterior")
    left.text(0.03, 0.03, "dotted: diagonal\ndashed: full", transform=left.transAxes)
    places, (wide, narrow) = range(gaps.shape[1]), gaps[:, gaps[0].argsort()].tolist()
    right.bar(places, wide, facecolor="none", edgecolor=APPROXIMATION.color, linewidth=2)
    right.bar(places, narrow, **APPROXIMATION.area)
    top = max(wide)
    right.text(0, top * 0.92, "diagonal (outline)", color=APPROXIMATION.ink)
    right.text(0, top * 0.82, "full (dots)", color=APPROXIMATION.ink)
    right.set(xticks=[], xlabel=f"{gaps.shape[1]} test images", ylabel="gap, nats")
    right.set_title("A gap bar each")
    return figure(
        fig,
        alt="Left, contours of an image's exact posterior, tilted, with the best axis-aligned and the best "
        f"tilted Gaussian. Right, the gaps of {gaps.shape[1]} images: {gaps[0].mean():.3f} nats on average "
        f"with diagonal, {gaps[1].mean():.3f} with full covariance.",
    )
