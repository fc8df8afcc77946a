"""3 · The loss, in full: weights on the spectrum; exercise 01.2, the smallest loss."""

import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l01_pca_autoencoder.cases import orthonormal
from course_utils.lessons.l01_pca_autoencoder.variance import KEPT, LOST, SPECTRUM


def plot_weights(latent_dim: int = 2) -> Picture:
    """What two planes keep of each eigenvalue: any plane, and the best one."""
    planes = {
        "Some plane": orthonormal(5, latent_dim, seed=2),
        "The best plane": torch.eye(5, dtype=torch.float64)[:, :latent_dim],
    }
    fig, panels = style.subplots(2, sharey=True)
    totals, place = [], np.arange(1, 6)
    for ax, (name, W) in zip(panels, planes.items(), strict=True):
        weights = W.square().sum(1)  # c_d: how much of u_d lies in the plane
        kept, whole = (weights * SPECTRUM).numpy(), SPECTRUM.numpy()
        ax.bar(place, kept, **KEPT)
        ax.bar(place, whole - kept, bottom=kept, **LOST)
        for x, height, weight in zip(place, whole, weights.tolist(), strict=True):
            ax.text(x, height + 0.15, f"{weight:.2f}", ha="center")
        totals.append(kept.sum())
        ax.set(ylim=(0, 9.4), xticks=place, xlabel="eigenvector $u_d$")
        ax.set_title(f"{name} keeps {totals[-1]:.1f}")
    panels[0].set_ylabel("eigenvalue $\\lambda_d$")
    panels[1].text(2.6, 6.6, "numbers: $c_d$\nsum: $H$ = 2\ngrey: kept, $c_d\\lambda_d$")
    return figure(
        fig,
        alt="Bars of the eigenvalues 8, 4, 2, 1 and ½, each filled up to the share that a plane keeps. "
        f"The shares add up to 2. Some plane keeps {totals[0]:.1f}, the best one {totals[1]:.1f}.",
    )


def left_out(eigenvalues: Tensor, latent_dim: int) -> Tensor:
    """The smallest possible loss with latent_dim components; eigenvalues (D,) descending."""
    return eigenvalues[latent_dim:].sum()


Exercise(
    "01.2",
    left_out,
    cases=[
        (torch.tensor([5.0, 3.0, 1.0, 0.5], dtype=torch.float64), 2),
        (torch.tensor([4.0, 2.5, 1.5], dtype=torch.float64), 1),
        (torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 3),
    ],
    mistakes=[
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[:latent_dim].sum(),
            "That is the variance kept. The loss is what is left out.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim + 1 :].sum(),
            "One eigenvalue too few: Python counts from 0, so the first one left out, number H + 1, "
            "is <code>eigenvalues[latent_dim]</code>.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim - 1 :].sum(),
            "One eigenvalue too many: λ number H is still kept. Python counts from 0, so the first one "
            "left out is <code>eigenvalues[latent_dim]</code>.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[-latent_dim:].sum(),
            "You add the H smallest. Left out are all but the H largest: D − H of them.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].mean(),
            "Sum, not mean: the squared error adds up over dimensions.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim: eigenvalues[latent_dim:].sum() / eigenvalues.sum(),
            "That is the share of the variance left out; the loss is the variance itself.",
        ),
    ],
    nudge="Tr[S(I − WWᵀ)] with W the leading eigenvectors: which eigenvalues survive?",
    formula="$$L^* = \\sum_{i>H} \\lambda_i$$",
)
