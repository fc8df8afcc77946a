"""7 · A stochastic autoencoder: exercise 02.5, the pixels that nobody has seen."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal


def fill(x: Tensor, seen: Tensor, W: Tensor, mu: Tensor, sigma2: float) -> Tensor:
    """x (N, D) with the pixels that are not seen (D,) replaced by their mean given the others."""
    V = W[seen]  # the seen rows are a PPCA of their own
    M = sigma2 * torch.eye(W.shape[1], dtype=W.dtype) + V.T @ V
    mean = (x - mu)[:, seen] @ torch.linalg.solve(M, V.T).T  # E[z | the seen pixels]
    filled = x.clone()
    filled[:, ~seen] = mean @ W[~seen].T + mu[~seen]
    return filled


def _filled(x: Tensor, seen: Tensor, W: Tensor, mu: Tensor, sigma2: float, **other) -> Tensor:
    """fill with one thing done differently."""
    V = W[seen] if other.get("rows", True) else W
    centred = (x - mu)[:, seen] if other.get("rows", True) else (x - mu) * other["look"]
    M = sigma2 * other.get("noise", 1) * torch.eye(W.shape[1], dtype=W.dtype) + V.T @ V
    decoded = centred @ torch.linalg.solve(M, V.T).T @ W.T + mu * other.get("add", 1)
    return decoded if other.get("everywhere") else torch.where(seen, x, decoded)


Exercise(
    "02.5",
    fill,
    cases=[
        (
            normal(6, 5),
            torch.tensor([True, False, True, True, False]),
            normal(5, 2, seed=1),
            normal(5, seed=2),
            0.4,
        ),
        (
            normal(4, 4, seed=3),
            torch.tensor([False, True, True, True]),
            normal(4, 1, seed=4),
            normal(4, seed=5),
            1.5,
        ),
    ],
    mistakes=[
        Mistake(
            lambda x, seen, *model: _filled(x, seen, *model, rows=False, look=1),
            "You encoded the whole image, hidden pixels included. They are what we are to guess.",
        ),
        Mistake(
            lambda x, seen, *model: _filled(x, seen, *model, rows=False, look=seen),
            "You put the mean into the hidden pixels and encoded that. Then the encoder believes "
            "that it has seen them, at their mean, and draws z towards 0. Leave their rows out of M "
            "as well.",
        ),
        Mistake(
            lambda x, seen, W, mu, sigma2: torch.where(seen, x, mu),
            "That is the guess of one who has seen nothing: μ alone. The seen pixels say something "
            "about z, and z about the hidden ones.",
        ),
        Mistake(
            lambda x, seen, *model: _filled(x, seen, *model, everywhere=True),
            "The hidden pixels are right. Leave the seen ones as they are.",
        ),
        Mistake(
            lambda x, seen, *model: _filled(x, seen, *model, add=0),
            "You forgot to add μ after decoding.",
        ),
        Mistake(
            lambda x, seen, *model: _filled(x, seen, *model, noise=0),
            "That is least squares. The posterior mean has σ²I in M, and shrinks.",
        ),
    ],
    nudge="Integrate the hidden pixels out of the model: what is left is a PPCA whose W has the seen "
    "rows alone. What does it know about z?",
    formula="With $V$ the seen rows of $W$ and $v$ the seen part of $x-\\mu$, "
    "$$\\mathbb E[z\\mid\\text{seen}] = (\\sigma^2 I + V^\\top V)^{-1}V^\\top v ;$$"
    "the hidden pixels are the hidden rows of $W$ times this, plus their part of $\\mu$. "
    "<code>W[seen]</code> and <code>W[~seen]</code> pick rows.",
)


def plot_filled(x: Tensor, seen: Tensor, filled: Tensor) -> Picture:
    """Images (N, D), what is seen of them, and how a model completes them."""
    fig, ax = style.subplots(height=4.2)
    shown = torch.where(seen, x, 0.35)
    ax.imshow(mosaic(x, shown, filled), cmap="gray_r", vmin=0, vmax=1)
    for row, label in enumerate(("image", "seen", "filled")):
        ax.text(-2, 3.5 + 10 * row, label, ha="right", va="center")
    ax.axis("off")
    error = (x - filled)[:, ~seen].square().mean().sqrt()
    ax.set_title("The hidden half, from the other half")
    return figure(
        fig,
        alt=f"{len(x)} digits, the same with their hidden pixels in grey, and filled in by PPCA: the "
        f"hidden pixels of these are off by {error:.2f} (root mean square).",
    )
