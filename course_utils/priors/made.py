"""Decoders that need no latent: every pixel given those before it, and z.

Source: Germain, Gregor, Murray & Larochelle, "MADE: masked autoencoder for distribution
estimation", ICML 2015; Chen et al., "Variational lossy autoencoder", ICLR 2017; Gulrajani et al.,
"PixelVAE", ICLR 2017.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.nn.functional import logsigmoid

from course_utils import deep, validate
from course_utils.flows.conditioner import Network, made_masks

__all__ = ["Made", "Pixels", "full", "window"]


@validate.typed
def window(radius: int, side: int = 8) -> Float[Tensor, "D D"]:
    """1 where pixel d (a row) sees pixel c (a column): c comes before d, in reading order, and is
    at most `radius` rows and columns away. Images have side x side pixels; radius 0 sees nothing.
    """
    validate.integer(0, radius=radius)
    validate.integer(1, side=side)
    pixel = torch.arange(side**2)
    before = pixel < pixel[:, None]
    near = [(at - at[:, None]).abs() <= radius for at in (pixel // side, pixel % side)]
    return (before & near[0] & near[1]).to(torch.get_default_dtype())


@validate.typed
def full(width: int, data_dim: int = 64) -> list[Tensor]:
    """The masks of a layer of `width` units and of the logits: pixel d sees all before it."""
    validate.integer(1, width=width)
    validate.integer(2, data_dim=data_dim)
    return made_masks(data_dim, 1, (width,), 0)


class Pixels(Distribution):
    """p(x | z) = prod_d Bernoulli(x_d | sigmoid(offset_d + logit_d(x_1 ... x_d-1))), x binary.

    offset (..., D): what z says of every pixel. log_prob takes one pass through the network, a
    sample D of them.
    """

    arg_constraints: ClassVar[dict] = {}
    support = constraints.independent(constraints.boolean, 1)

    def __init__(self, offset: Tensor, network: Network) -> None:
        self.offset, self.network = offset, network
        super().__init__(offset.shape[:-1], offset.shape[-1:], validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """sum_d log p(x_d | x_1 ... x_d-1, z) in nats, for x (..., D)."""
        return logsigmoid((2 * value - 1) * (self.offset + self.network(value))).sum(-1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Pixel by pixel, (*sample_shape, ..., D)."""
        x = self.offset.new_zeros(*sample_shape, *self.offset.shape)
        with torch.no_grad():
            for d in range(x.shape[-1]):
                logit = self.offset[..., d] + self.network(x)[..., d]
                x[..., d] = torch.bernoulli(logit.sigmoid())
        return x


@validate.typed
class Made(deep.Model):
    """z ~ N(0, I),  x | z ~ `Pixels` with offset g(z): z and the earlier pixels add their logits.

    masks: a 0/1 matrix (outputs, inputs) for each layer of the network that reads the earlier
    pixels: `full(width)`, or `[window(radius)]`, which makes logits linear in them.
    hidden: widths of the layers of g.
    """

    def __init__(
        self,
        latent_dim: int,
        masks: Sequence[Float[Tensor, "_ _"]],
        hidden: Sequence[int] = (),
    ) -> None:
        if not masks or len(masks[-1]) != masks[0].shape[1]:
            raise ValueError("masks must lead from the pixels to as many logits")
        data_dim = len(masks[-1])
        super().__init__(latent_dim, data_dim)
        self.network = deep.mlp(latent_dim, hidden, data_dim)
        widths = tuple(len(mask) for mask in masks[:-1])
        self.pixels = Network(data_dim, data_dim, widths, masks=masks)

    def forward(self, z: Tensor) -> Pixels:
        """p(x | z) for z (..., H): batch shape (...), event shape (D,)."""
        return Pixels(self.network(z), self.pixels)

    def check(self, x: Tensor) -> None:
        """As `Model.check`; of zeros and ones only."""
        super().check(x)
        if not ((x == 0) | (x == 1)).all():
            raise ValueError("x must be binary, 0 or 1: use (x > 0.5).float()")
