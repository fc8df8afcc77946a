"""2 · Encoder and decoder: drawn; exercise 01.1, down to H numbers and up again."""

from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.kit.figure import Picture
from course_utils.lessons.draws import normal
from course_utils.lessons.l01_pca_autoencoder.cases import orthonormal
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
    """Encode x (N, D) with orthonormal W (D, H), decode it, in the data's own place. (N, D)"""
    mean = x.mean(0)
    z = (x - mean) @ W
    return z @ W.T + mean


Exercise(
    "01.1",
    reconstruct,
    cases=[
        (normal(7, 4) + 3, orthonormal(4, 2)),
        (normal(5, 3, seed=1) - 1, orthonormal(3, 1, seed=1)),
    ],
    mistakes=[
        Mistake(
            lambda x, W: x @ W @ W.T,
            "You project around the origin. The plane passes through the mean: subtract it before "
            "encoding and add it after decoding.",
        ),
        Mistake(
            lambda x, W: (x - x.mean(0)) @ W @ W.T,
            "You subtract the mean but never add it back: the reconstruction sits round the origin.",
        ),
        Mistake(
            lambda x, W: x @ W @ W.T + x.mean(0),
            "You add the mean without having subtracted it before encoding.",
        ),
        Mistake(
            lambda x, W: (x - x.mean(0)) @ W,
            "That is the code z, with H numbers a point. Decode it with Wᵀ and add the mean.",
        ),
        Mistake(
            lambda x, W: (x - x.mean()) @ W @ W.T + x.mean(),
            "<code>x.mean()</code> is one number for everything. Each dimension has its own mean: "
            "<code>x.mean(0)</code>.",
        ),
    ],
    nudge="Three moves: into the mean's frame, down to H numbers and up again, and back.",
    formula="$$\\hat x_n = W W^\\top (x_n - \\bar x) + \\bar x$$ With points as rows, "
    "$W W^\\top x_n$ becomes <code>x @ W @ W.T</code>.",
)
