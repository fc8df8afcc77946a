"""5 · Let a network find it: the plane it finds, exercise 01.3, and axes that it does not."""

from math import radians

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]


def plot_training(loss: list[float], floor: float) -> Picture:
    """The training loss of the autoencoder above its floor."""
    fig, ax = style.subplots()
    ax.plot(loss, **MODEL.line | {"linestyle": "-"})
    ax.axhline(floor, **TRUTH.line)
    ax.text(
        len(loss),
        floor * 0.97,
        f"$\\sum_{{i>H}}\\lambda_i$ = {floor:.4f}",
        color=TRUTH.ink,
        ha="right",
        va="top",
    )
    ax.set(xlabel="step", ylabel="squared error per image", xlim=(0, len(loss)))
    ax.set_ylim(bottom=0.85 * floor)
    ax.set_title("Training stops at the variance left out")
    return figure(
        fig,
        alt=f"The loss falls from {loss[0]:.2f} to {loss[-1]:.4f}, the sum of the eigenvalues left "
        f"out, {floor:.4f}, which it does not pass.",
    )


def unexplained(Z1: Tensor, Z2: Tensor) -> Tensor:
    """The smallest mean squared error of Z2 (N, H) from Z1 (N, H) times a matrix."""
    matrix = torch.linalg.lstsq(Z1, Z2).solution
    return (Z2 - Z1 @ matrix).square().sum(1).mean()


def _rotated(Z1: Tensor, Z2: Tensor) -> Tensor:
    left, _, right = torch.linalg.svd(Z1.T @ Z2)
    return (Z2 - Z1 @ (left @ right)).square().sum(1).mean()


def _codes(num_points: int, latent_dim: int, seed: int) -> Tensor:
    """As of centred points: their mean is 0."""
    codes = normal(num_points, latent_dim, seed=seed)
    return codes - codes.mean(0)


Exercise(
    "01.3",
    unexplained,
    cases=[
        (_codes(9, 2, seed=0), _codes(9, 2, seed=1)),
        (_codes(12, 3, seed=2), _codes(12, 3, seed=3)),
        (
            _codes(8, 2, seed=4),
            _codes(8, 2, seed=4) @ normal(2, 2, seed=5) + _codes(8, 2, seed=6) / 8,
        ),
    ],
    mistakes=[
        Mistake(
            lambda Z1, Z2: (Z2 - Z1).square().sum(1).mean(),
            "You compare the coordinates themselves. Two runs with the same plane may use different axes: "
            "their codes differ, and nothing is wrong.",
        ),
        Mistake(
            lambda Z1, Z2: (Z2 - Z1 * (Z1 * Z2).sum(0) / Z1.square().sum(0)).square().sum(1).mean(),
            "Column by column you allow stretching only. The other run may have mixed the columns: a "
            "column of Z2 may need all columns of Z1.",
        ),
        Mistake(
            _rotated,
            "You allow rotations only. The decoder undoes <i>any</i> invertible matrix: codes may be "
            "stretched and sheared as well.",
        ),
        Mistake(
            lambda Z1, Z2: (Z2 - Z1 @ (Z1.T @ Z2)).square().sum(1).mean(),
            "Z1 Z1ᵀ projects only if the columns of Z1 are orthonormal. Regress: "
            "<code>torch.linalg.lstsq(Z1, Z2).solution</code>.",
        ),
        Mistake(
            lambda Z1, Z2: unexplained(Z2, Z1),
            "You compute the first code from the second. It is 0 for the same planes, too, but asked is "
            "Z2 from Z1.",
        ),
        Mistake(
            lambda Z1, Z2: (Z1.T @ Z1 - Z2.T @ Z2).square().sum(),
            "You compare covariances. They differ when the axes do, and can be equal for different planes.",
        ),
        Mistake(
            lambda Z1, Z2: unexplained(Z1, Z2) / Z2.shape[1],
            "Divided by H once too often: the sum over the numbers of a code, the mean over the points.",
        ),
        Mistake(
            lambda Z1, Z2: unexplained(Z1, Z2) * len(Z2),
            "That is the sum over the points: take the mean.",
        ),
    ],
    nudge="If both runs found one plane, the second code is an invertible matrix times the first. The best "
    "matrix is a regression.",
    formula="$$\\min_F\\ \\frac1N\\,\\lVert Z_2 - Z_1 F\\rVert^2$$ with $F$ from "
    "<code>torch.linalg.lstsq(Z1, Z2).solution</code>.",
)


def predict_axes(
    encoder: Tensor, decoder: Tensor, mean: Tensor, x: Tensor, labels: Tensor
) -> Prediction:
    """Ask what a free linear autoencoder's encoder converges to, then mix the code of ours."""
    question = (
        "Encoder and decoder are free matrices, H = 2, S has full rank, and training has converged "
        "from random weights that were not small. The two rows of the encoder are …"
    )
    options = [
        Option(
            "the first two principal components",
            False,
            "Nothing in the loss points at them: it sees only decoder times encoder.",
        ),
        Option(
            "the first two principal components, rotated",
            False,
            "A rotation is possible, but so is a shear or a stretch that the decoder undoes. (From "
            "tiny weights descent does end near a rotation.)",
        ),
        Option(
            "any basis of their plane, perhaps not orthogonal",
            True,
            "For every invertible F the pair (FA, BF⁻¹) has the same product and the same loss.",
        ),
        Option(
            "something else: training may end in a local minimum",
            False,
            "There is none but the best (Baldi & Hornik 1989). Section 6 shows why.",
        ),
    ]
    return predict(question, options, explore_mixing(encoder, decoder, mean, x, labels))


def explore_mixing(
    encoder: Tensor, decoder: Tensor, mean: Tensor, x: Tensor, labels: Tensor
) -> Explorer:
    """Shear and stretch the codes of a two-unit autoencoder; the decoder undoes it.

    encoder (2, D), decoder (D, 2), mean (D,): the trained autoencoder. x (N, D) images with
    their labels (N,), of which the digits 0, 3 and 4 are drawn.
    """
    # Start from codes with unit covariance: mixing by F is then all there is to see.
    raw = (x - mean) @ encoder.T
    whiten = torch.linalg.inv(torch.linalg.cholesky(raw.T.cov(correction=0)))
    A, B = whiten @ encoder, decoder @ torch.linalg.inv(whiten)
    groups = {digit: x[labels == digit][:20] for digit in (0, 3, 4)}
    shown = torch.stack([group[0] for group in groups.values()])

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.1, 1])
        left.set(xlim=(-6, 6), ylim=(-5, 5), xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        left.set_title("The code")
        right.axis("off")
        right.set_title("The reconstruction")
        glyphs = {"color": DATA.color, "linestyle": "none", "markersize": 11}
        artists = {f"digit_{d}": left.plot([], [], marker=f"${d}$", **glyphs)[0] for d in groups}
        return fig, artists | {
            "images": right.imshow(mosaic(shown, shown), cmap="gray_r", vmin=0, vmax=1),
            "error": right.text(0, 21.5, ""),
        }

    def update(shear: float, stretch: float, turn: float) -> dict:
        c, s = np.cos(radians(turn)), np.sin(radians(turn))
        rotation = torch.tensor([[c, -s], [s, c]], dtype=A.dtype)
        mix = rotation @ torch.tensor([[stretch, shear], [0, 1]], dtype=A.dtype)
        encode, decode = mix @ A, B @ torch.linalg.inv(mix)
        rebuilt = (shown - mean) @ encode.T @ decode.T + mean
        error = ((x - mean) - (x - mean) @ encode.T @ decode.T).square().sum(1).mean().item()
        codes = {f"digit_{d}": tuple(((g - mean) @ encode.T).T) for d, g in groups.items()}
        return codes | {
            "images": mosaic(shown, rebuilt),
            "error": f"squared error per test image: {error:.6f}",
            "alt": f"Left, the codes of the digits 0, 3 and 4, sheared by {shear:.1f}, stretched by "
            f"{stretch:.1f} and turned by {turn:.0f} degrees. Right, three digits and their "
            f"reconstructions, which never change; the squared error per test image is {error:.6f}.",
        }

    controls = {
        "shear": widgets.FloatSlider(value=0.0, min=-1.5, max=1.5, description="shear"),
        "stretch": widgets.FloatSlider(value=1.0, min=0.5, max=2, description="stretch"),
        "turn": widgets.FloatSlider(value=0, min=0, max=360, step=5, description="turn (degrees)"),
    }
    strip = [
        {"shear": 0.0, "stretch": 1.0, "turn": 0.0},
        {"shear": 1.5, "stretch": 1.0, "turn": 0.0},
        {"shear": 0.0, "stretch": 2.0, "turn": 60.0},
    ]
    return Explorer(scene, update, controls, strip)
