"""Where a layer's parameters come from: free numbers, a network, a masked network."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import validate

__all__ = ["Network", "Parameters", "made_masks"]


class Network(nn.Module):
    """theta(u, c) = W_L relu(... relu(W_1 u + V c + b_1) ...) + b_L, W_L = 0 and b_L = 0 at first.

    u (..., num_inputs), c (..., context_dim), theta (..., num_outputs). It starts at theta = 0,
    where the layers of this package are the identity (or close to it).
    masks: one 0/1 matrix for every W, which multiplies it; the context enters unmasked.
    """

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        hidden: tuple[int, ...],
        context_dim: int = 0,
        masks: Sequence[Tensor] | None = None,
    ) -> None:
        super().__init__()
        for size in hidden:
            validate.integer(1, hidden=size)
        sizes = list(pairwise([num_inputs, *hidden, num_outputs]))
        if masks is None:
            layers = [nn.Linear(*size) for size in sizes]
        else:
            layers = [MaskedLinear(*size, mask) for size, mask in zip(sizes, masks, strict=True)]
        nn.init.zeros_(layers[-1].weight)
        nn.init.zeros_(layers[-1].bias)
        self.layers = nn.ModuleList(layers)
        self.context = nn.Linear(context_dim, sizes[0][1], bias=False) if context_dim else None
        if self.context is not None and not hidden:
            nn.init.zeros_(self.context.weight)

    def forward(self, u: Tensor, context: Tensor | None = None) -> Tensor:
        """theta (..., num_outputs)."""
        first, *others = self.layers
        h = first(u)
        if self.context is not None:
            h = h + self.context(context)  # (N, h) reaches (S, N, h) by broadcasting
        for layer in others:
            h = layer(h.relu_())
        return h


class MaskedLinear(nn.Linear):
    """(mask * W) u + b."""

    mask: Tensor

    def __init__(self, num_inputs: int, num_outputs: int, mask: Tensor) -> None:
        super().__init__(num_inputs, num_outputs)
        self.register_buffer("mask", mask, persistent=False)  # made anew by __init__

    def forward(self, u: Tensor) -> Tensor:
        """The masked product, (..., num_outputs)."""
        return F.linear(u, self.mask * self.weight, self.bias)


def made_masks(
    dim: int, num_parameters: int, hidden: tuple[int, ...], context_dim: int
) -> list[Tensor]:
    """Masks after which the num_parameters outputs of dimension d depend on inputs 1 ... d - 1 only.

    Every unit has a degree m: inputs 1 ... D, hidden units up to D - 1, outputs their dimension.
    A hidden unit sees units of degree <= m, an output those of degree < d. Units of degree 0 see
    the context alone: through them it reaches the first dimension.

    Source: Germain, Gregor, Murray & Larochelle, "MADE: masked autoencoder for distribution
    estimation", ICML 2015, eqs. 12-13.
    """
    lowest = 0 if context_dim or dim == 1 else 1
    inputs = torch.arange(1, dim + 1)
    degrees = [inputs, *(lowest + torch.arange(size) % (dim - lowest) for size in hidden)]
    masks = [after[:, None] >= before for before, after in pairwise(degrees)]
    masks.append(inputs.repeat_interleave(num_parameters)[:, None] > degrees[-1])
    return [mask.to(torch.get_default_dtype()) for mask in masks]


class Parameters(nn.Module):
    """theta(c) = theta_0 + network(c), or the free parameters theta_0 alone without a context.

    initial: theta_0 at first, of any shape (*P,). theta(c) has shape (..., *P) for c (..., C).
    """

    def __init__(self, initial: Tensor, context_dim: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.free = nn.Parameter(initial)
        self.network = Network(context_dim, initial.numel(), hidden) if context_dim else None

    def forward(self, context: Tensor | None) -> Tensor:
        """theta (..., *P)."""
        if self.network is None or context is None:
            return self.free
        return self.free + self.network(context).unflatten(-1, self.free.shape)
