"""What can be measured on any image, and the direction in the code that goes with it.

Source: White, "Sampling generative networks", arXiv 1609.04468, 2016, sec. 3.3 (attribute vectors,
and how correlated labels bias them).
"""

from math import isqrt

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import validate

__all__ = ["direction", "ink", "shear", "slant"]


@validate.typed
def ink(x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
    """The sum of all pixels."""
    validate.finite(x=x)
    return x.sum(1)


@validate.typed
def slant(x: Float[Tensor, "N D"]) -> Float[Tensor, "N"]:
    """mu_11 / mu_02 of square images: columns that the ink moves right for one row further down.

    mu_11 and mu_02 are the ink's central moments, of column times row and of row squared. Pixels
    below 0, which a decoder may give, hold no ink.
    """
    weight, row, column = _ink_and_places(x)
    across = torch.einsum("nij,ni,nj->n", weight, row, column)
    down = torch.einsum("nij,ni->n", weight, row.square())
    if not (down > 1e-12 * weight.sum((1, 2))).all():
        raise ValueError("x must have ink in more than one row of every image")
    return across / down


@validate.typed
def shear(x: Float[Tensor, "N D"], change: float) -> Float[Tensor, "N D"]:
    """Square images whose rows are moved right, by `change` columns for one row further down.

    The row of the ink's middle stays. Between pixels: linear; what leaves the image is lost.
    """
    validate.finite(x=x, change=torch.tensor(change))
    _, row, _ = _ink_and_places(x)
    place = torch.arange(row.shape[1]).to(x)
    source = place[:, None] - change * row[:, :, None, None]  # (N, row, column, 1)
    hat = (1 - (source - place).abs()).clamp(min=0)
    return torch.einsum("nijk,nik->nij", hat, x.unflatten(1, row.shape[1:] * 2)).flatten(1)


def _ink_and_places(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Ink (N, side, side), and how far each row and each column is from its middle, (N, side)."""
    validate.finite(x=x)
    side = isqrt(x.shape[1])
    if side**2 != x.shape[1]:
        raise ValueError(f"x must be of square images, got {x.shape[1]} pixels")
    weight = x.clamp(min=0).unflatten(1, (side, side))
    place = torch.arange(side).to(x)
    total = weight.sum((1, 2))
    if not (total > 0).all():
        raise ValueError("x must have ink in every image")
    row = place - (weight.sum(2) @ place / total)[:, None]
    column = place - (weight.sum(1) @ place / total)[:, None]
    return weight, row, column


@validate.typed
def direction(
    codes: Float[Tensor, "N H"],
    values: Float[Tensor, "N"],
    labels: Int[Tensor, "N"] | None = None,
    share: float = 0.2,
) -> Float[Tensor, "H"]:
    """Mean code of the `share` of images with the highest value, less that with the lowest.

    labels: balanced where given: the difference within every class, then the mean over classes.
    """
    validate.finite(codes=codes, values=values)
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5, got {share}")
    if labels is not None:
        classes = labels.unique()
        parts = [direction(codes[labels == c], values[labels == c], share=share) for c in classes]
        return torch.stack(parts).mean(0)
    count = int(share * len(values))
    if count == 0:
        raise ValueError(f"share must give one of {len(values)} codes, in every class, got {share}")
    order = values.argsort()
    return codes[order[-count:]].mean(0) - codes[order[:count]].mean(0)
