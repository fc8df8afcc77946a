"""7 · A penalty that brings the axes back: the decoder's columns; exercise 01.5, its loss."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic


def plot_axes(components: Tensor, free: Tensor, penalised: Tensor) -> Picture:
    """The axes of two decoders, (64, 2) each with columns of length 1, beside the components."""
    columns = {"PCA": components, "no penalty": free, "penalty": penalised}
    cosines = {name: (axes * components).sum(0) for name, axes in columns.items()}
    fig, panels = style.subplots(3, height=2.8)
    for ax, (name, axes) in zip(panels, columns.items(), strict=True):
        signs = torch.where(cosines[name] < 0, -1.0, 1.0)  # an axis has no direction
        ax.imshow(mosaic((axes * signs).T), cmap="RdBu_r", vmin=-0.4, vmax=0.4)
        ax.set_title(name)
        ax.axis("off")
        for column, cosine in enumerate(cosines[name].abs().tolist()):
            ax.text(10 * column + 3.5, 11.2, f"|cos| {cosine:.3f}", ha="center", size=16)
    listed = {name: ", ".join(f"{c:.3f}" for c in cosines[name].abs()) for name in columns}
    return figure(
        fig,
        alt="The two axes of each decoder as images. |cos| with the principal components: without "
        f"penalty {listed['no penalty']}; with penalty {listed['penalty']}.",
    )


def penalised_floor(eigenvalues: Tensor, latent_dim: int, kappa: float) -> Tensor:
    """The smallest L(A, B) + kappa (|A|^2 + |B|^2); eigenvalues (D,) descending, above 0."""
    top = eigenvalues[:latent_dim]
    gain = (top - kappa).clamp(min=0) ** 2 / top  # of keeping each of them
    return eigenvalues.sum() - gain.sum()


def _kept(part):
    """An answer that pays part(lambda, kappa) for each of the first H, if lambda > kappa."""

    def answer(eigenvalues, latent_dim, kappa):
        top = eigenvalues[:latent_dim]
        paid = torch.where(top > kappa, part(top, kappa), top)
        return paid.sum() + eigenvalues[latent_dim:].sum()

    return answer


def _without_threshold(eigenvalues, latent_dim, kappa):
    top = eigenvalues[:latent_dim]
    return (2 * kappa - kappa**2 / top).sum() + eigenvalues[latent_dim:].sum()


def _kept_alone(eigenvalues, latent_dim, kappa):
    return penalised_floor(eigenvalues, latent_dim, kappa) - eigenvalues[latent_dim:].sum()


def poll_columns() -> Poll:
    """How many columns a decoder uses when the penalty is large."""
    return Poll(
        "The weight of the penalty is κ = 2, the eigenvalues are 4, 2.5, 1.5 and ¼, and H = 3. How many "
        "columns of the decoder does the best pair use?",
        [
            Option(
                "1",
                False,
                "Two eigenvalues exceed κ: s² = 1 − κ/λ is 0.5 for one, 0.2 for the other.",
            ),
            Option(
                "2",
                True,
                "λ > κ holds for 4 and 2.5. For 1.5 the variance won is less than the price.",
            ),
            Option(
                "3",
                False,
                "Without a penalty, yes. Here s² = 1 − κ/λ would be negative for λ = 1.5.",
            ),
            Option(
                "none", False, "For λ = 4 the squared error falls by more than the penalty costs."
            ),
        ],
    )


Exercise(
    "01.5",
    penalised_floor,
    cases=[
        (torch.tensor([5.0, 3.0, 1.0, 0.5], dtype=torch.float64), 2, 0.5),
        (torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 3, 2.0),
        (torch.tensor([4.0, 2.0], dtype=torch.float64), 1, 0.1),
    ],
    mistakes=[
        Mistake(
            _without_threshold,
            "Right while every kept λ is above κ. Where λ ≤ κ there is no s² = 1 − κ/λ > 0: that column "
            "is zero, and the loss there is λ.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim, kappa: (
                (kappa**2 / eigenvalues[:latent_dim]).sum() + eigenvalues[latent_dim:].sum()
            ),
            "That is the squared error alone, and for λ ≤ κ not even that. Two things are missing: the "
            "penalty is part of the loss, and s² = 1 − κ/λ holds only where it is positive.",
        ),
        Mistake(
            _kept(lambda top, kappa: kappa**2 / top),
            "That is the squared error alone. The penalty κ (‖A‖² + ‖B‖²) is part of the loss.",
        ),
        Mistake(
            _kept(lambda top, kappa: kappa**2 / top + kappa * (1 - kappa / top)),
            "You paid the penalty once. Encoder and decoder both have the singular values s: together "
            "2 κ s² for each one kept.",
        ),
        Mistake(
            _kept(lambda top, kappa: 2 * kappa * (1 - kappa / top)),
            "That is the penalty alone. What is kept is shrunk by s², which costs λ (1 − s²)².",
        ),
        Mistake(
            _kept(lambda top, kappa: kappa + 2 * kappa * (1 - kappa / top)),
            "The squared error of a shrunk direction is λ (1 − s²)²: the square is missing.",
        ),
        Mistake(
            _kept_alone,
            "You count the first H alone. What is left out costs its λ, as before.",
        ),
        Mistake(
            lambda eigenvalues, latent_dim, kappa: eigenvalues[latent_dim:].sum(),
            "That is the floor without a penalty. With one, even what is kept costs something.",
        ),
    ],
    nudge="One direction at a time: with singular value s in B and in A, the code of u is stretched by s and "
    "by s again. What is the squared error, what the penalty? Then put in the best s².",
    formula="$$\\lambda\\,(1-s^2)^2 + 2\\kappa s^2 \\quad\\text{at}\\quad s^2 = "
    "\\max(0,\\ 1-\\kappa/\\lambda), \\qquad\\text{and}\\qquad \\lambda \\ \\text{for each left out}$$",
)
