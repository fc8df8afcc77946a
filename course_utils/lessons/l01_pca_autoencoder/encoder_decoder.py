"""2 · Encoder and decoder: drawn; exercise 01.1, down to H numbers and up again."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.schematic import Box, schematic


def draw_autoencoder() -> Picture:
    """Encoder, code and decoder, and the loss that compares what comes out with what went in."""
    return schematic(
        [
            Box("$x_n$", "data", "data", note="$D$ numbers"),
            Box("encoder\n$W^\\top(x_n-\\bar x)$", "narrows", "q", width=1.9),
            Box("$z_n$", "code", note="$H$ numbers"),
            Box("decoder\n$W z_n+\\bar x$", "widens", "model", width=1.9),
            Box("$\\hat x_n$", "data", "model", note="$D$ numbers"),
        ],
        loss="squared error $\\|x_n-\\hat x_n\\|^2$",
        alt="An autoencoder: the encoder takes the D numbers of x down to the H numbers of the code z, "
        "the decoder makes D numbers of them again, the reconstruction. The loss is the squared error "
        "between the two.",
    )


def reconstruct(x: Tensor, W: Tensor) -> Tensor:
    """From the codes W^T (x - mean), the point nearest to x in the plane of W's columns. (N, D)

    W: (D, H), independent columns of any length, at any angle.
    """
    mean = x.mean(0)
    z = (x - mean) @ W
    return z @ torch.linalg.solve(W.T @ W, W.T) + mean


def _decoded(decoder: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """An answer with this in place of the decoder, (H, D), of W."""
    return lambda x, W: (x - x.mean(0)) @ W @ decoder(W) + x.mean(0)


Exercise(
    "01.1",
    reconstruct,
    cases=[
        (normal(7, 4) + 3, 2 * normal(4, 2, seed=3)),
        (normal(5, 3, seed=1) - 1, normal(3, 2, seed=4) + 1),
    ],
    mistakes=[
        Mistake(
            _decoded(lambda W: W.T),
            "That is the decoder for orthonormal columns. For a column of length 2 it gives four times what "
            "it should, and columns that are not at right angles count what they share twice.",
        ),
        Mistake(
            _decoded(lambda W: (W / W.square().sum(0)).T),
            "Right for columns at right angles. These are not: what they share is counted twice.",
        ),
        Mistake(
            _decoded(lambda W: (W / W.norm(dim=0)).T),
            "The length of a column enters twice, once in the code and once in the decoder; and the columns "
            "are not at right angles either.",
        ),
        Mistake(
            _decoded(lambda W: W.T @ W @ W.T),
            "You multiply by WᵀW once more. The code has it already: it has to be undone.",
        ),
        Mistake(
            _decoded(lambda W: torch.linalg.qr(W).Q.T),
            "You decode with orthonormal columns of the same plane. But the codes were made with W itself.",
        ),
        Mistake(
            lambda x, W: reconstruct(x, W) - x.mean(0),
            "The mean is not added back: the reconstruction sits round the origin.",
        ),
        Mistake(
            lambda x, W: x @ W @ torch.linalg.pinv(W),
            "You project around the origin. The codes are of x − x̄, and the plane passes through x̄.",
        ),
        Mistake(
            lambda x, W: (x - x.mean()) @ W @ torch.linalg.pinv(W) + x.mean(),
            "<code>x.mean()</code> is one number for everything. Each dimension has its own mean: "
            "<code>x.mean(0)</code>.",
        ),
    ],
    nudge="Call the reconstruction W y + x̄, with y unknown. At the nearest point the residual is at right "
    "angles to every column: Wᵀ(x − x̄ − W y) = 0. Which y is that, in terms of z?",
    formula="$$W^\\top W\\, y = W^\\top(x - \\bar x) = z, \\qquad "
    "\\hat x = W\\,(W^\\top W)^{-1} z + \\bar x$$",
)
