"""3 · The loss, in full: weights on the spectrum; exercise 01.2, a spectrum from losses."""

from collections.abc import Callable

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


def read_losses(losses: Tensor) -> tuple[Tensor, Tensor]:
    """The spectrum (D,) behind the smallest losses for H = 0, ..., D, and at how many H in between
    the best plane is not the only one."""
    spectrum = -losses.diff()
    return spectrum, _ties(spectrum)


def _counted(count: Callable[[Tensor, Tensor], Tensor]):
    """An answer with the right spectrum and this count, of losses and spectrum."""
    return lambda losses: (-losses.diff(), count(losses, -losses.diff().round(decimals=9)))


def _ties(values: Tensor) -> Tensor:
    return values[:-1].isclose(values[1:], atol=1e-9).sum()  # differences are rounded


Exercise(
    "01.2",
    read_losses,
    cases=[
        (torch.tensor([10.5, 6.5, 2.5, 0.5, 0.0], dtype=torch.float64),),
        (torch.tensor([15.0, 10.0, 7.0, 4.0, 1.0, 0.0], dtype=torch.float64),),
        (torch.tensor([3.0, 1.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float64),),
        (torch.tensor([0.6, 0.3, 0.2, 0.1, 0.0], dtype=torch.float64),),
    ],
    mistakes=[
        Mistake(
            lambda losses: (losses.diff(), _ties(losses.diff())),
            "The sign is turned: each component more <i>lowers</i> the loss, by its eigenvalue.",
        ),
        Mistake(
            lambda losses: (losses[:-1], _ties(-losses.diff())),
            "Those are losses, sums of eigenvalues. What does one component more change?",
        ),
        Mistake(
            lambda losses: ((-losses.diff()).flip(0), _ties(-losses.diff())),
            "The right numbers in the other order: the first component saves most.",
        ),
        Mistake(
            lambda losses: (-losses.diff() / losses[0], _ties(-losses.diff())),
            "Those are shares of the variance: do not divide by the total.",
        ),
        Mistake(
            lambda losses: (-losses.diff(), (losses.diff()[:-1] == losses.diff()[1:]).sum()),
            "The spectrum is right. In floating point 0.3 − 0.2 is not 0.2 − 0.1: compare with "
            "<code>torch.isclose</code>.",
        ),
        Mistake(
            _counted(lambda losses, spectrum: _ties(losses)),
            "The spectrum is right. Equal <i>losses</i> say that λ is 0; two planes are equally good where "
            "the last eigenvalue kept equals the first left out.",
        ),
        Mistake(
            _counted(lambda losses, spectrum: _ties(spectrum[spectrum > 0])),
            "The spectrum is right. Between two eigenvalues of 0 there is a choice, too: the loss is 0 with "
            "either.",
        ),
        Mistake(
            _counted(lambda losses, spectrum: (spectrum[:-1] != spectrum[1:]).sum()),
            "The spectrum is right. You count where the best plane <i>is</i> the only one.",
        ),
        Mistake(
            _counted(lambda losses, spectrum: sum((spectrum == v).sum() > 1 for v in spectrum)),
            "The spectrum is right. You count eigenvalues that have an equal. Asked is how many H stop "
            "between two equal ones.",
        ),
        Mistake(
            _counted(
                lambda losses, spectrum: sum((spectrum == v).sum() > 1 for v in spectrum.unique())
            ),
            "The spectrum is right. You count the groups of equal eigenvalues. In a group of three, two H "
            "stop in between.",
        ),
    ],
    nudge="What does the loss fall by when one component more is kept? And between which two "
    "eigenvalues does H stand?",
    formula="$$L^*_{H-1} - L^*_H = \\lambda_H, \\qquad \\text{a choice at } H \\text{ where } "
    "\\lambda_H = \\lambda_{H+1}$$",
)
