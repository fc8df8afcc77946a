"""What every layer of a flow is: an invertible map x = T(z) with its log-determinant."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.distributions import Transform, constraints

from course_utils import validate

__all__ = ["Layer"]


class Layer(Transform, nn.Module):
    """An invertible map x = T(z; c) of R^D, from the base's side (z) to the data's (x).

    To write one, implement, for tensors (..., D):
        push(z): T(z) and log|det dT/dz|;
        pull(x): T^-1(x) and log|det dT/dz| there, the same number and not its negative.
    Each runs its network once. torch's interface follows: T(z), T.inv(x) and
    T.log_abs_det_jacobian(z, x), so a layer is at home in a TransformedDistribution.

    A layer made with context_dim = C > 0 has parameters that depend on a context c. It is used
    through T.condition(c), which shares T's weights.
    """

    domain = codomain = constraints.real_vector
    bijective = True

    def __init__(self, dim: int, context_dim: int = 0) -> None:
        validate.integer(1, dim=dim)
        validate.integer(0, context_dim=context_dim)
        super().__init__()
        self.dim = dim
        self.context_dim = context_dim
        self._context: Tensor | None = None

    def push(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """x = T(z) (..., D) and log|det dx/dz| (...)."""
        raise NotImplementedError

    def pull(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """z = T^-1(x) (..., D) and log|det dx/dz| (...)."""
        raise NotImplementedError

    def condition(self, context: Tensor) -> Layer:
        """This layer with its parameters at the given context (..., C), its weights shared.

        A layer that was made without a context is returned as it is.
        """
        if not self.context_dim:
            return self
        if not isinstance(context, Tensor):
            raise TypeError(f"context must be a tensor, got {type(context).__name__}")
        if context.shape[-1:] != (self.context_dim,):
            raise ValueError(
                f"context must have shape (..., {self.context_dim}), got {tuple(context.shape)}"
            )
        bound = copy.copy(self)
        # set so that a context that is a Parameter does not join this layer's own
        object.__setattr__(bound, "_context", context)
        return bound

    @property
    def context(self) -> Tensor | None:
        """The context given to `condition`; an error where one is needed and missing."""
        if self.context_dim and self._context is None:
            raise ValueError(
                f"context is missing: {type(self).__name__} was made with "
                f"context_dim={self.context_dim}, so call condition(context) first"
            )
        return self._context

    def log_abs_det_jacobian(self, z: Tensor, x: Tensor) -> Tensor:  # type: ignore[override]
        """log|det dx/dz| (...), where x = T(z)."""
        return self.push(z)[1]

    def _call(self, z: Tensor) -> Tensor:
        return self.push(z)[0]

    def _inverse(self, x: Tensor) -> Tensor:
        return self.pull(x)[0]

    # Transform compares by identity, which without this would leave modules unhashable.
    __hash__ = nn.Module.__hash__
    __repr__ = nn.Module.__repr__
