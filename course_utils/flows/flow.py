"""A flow: a base distribution seen through a chain of layers."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, constraints

from course_utils import validate
from course_utils.flows.layer import Layer
from course_utils.gaussian import StandardNormal

__all__ = ["Flow", "standard_normal"]


@validate.typed
def standard_normal(dim: int) -> StandardNormal:
    """N(0, I) in `dim` dimensions, the usual base: event shape (dim,)."""
    validate.integer(1, dim=dim)
    return StandardNormal(torch.zeros(dim))


class Flow(nn.Module, Distribution):
    """z_0 ~ base,  z_k = T_k(z_k-1),  x = z_K;  log p(x) = log p(z_0) - sum_k log|det dz_k/dz_k-1|.

    base: a distribution over R^D (or D independent ones); its batch shape is the flow's.
    transforms: the layers T_1 ... T_K, from the base to the data.

    It is a torch distribution and an nn.Module at once: `to` and `double` move the base too.
    Layers made with a context_dim are given their context by `condition`, which turns one flow
    into a batch of distributions, such as the posteriors q(z | x_n) of an encoder.

    Source: Papamakarios, Nalisnick, Rezende, Mohamed & Lakshminarayanan, "Normalizing flows for
    probabilistic modeling and inference", JMLR 2021, sec. 2.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector
    base: Distribution
    transforms: Sequence[Layer]
    _like: Tensor

    def __init__(self, base: Distribution, transforms: Sequence[Layer]) -> None:
        if not isinstance(base, Distribution):
            raise TypeError(f"base must be a Distribution, got {type(base).__name__}")
        if not base.event_shape and not base.batch_shape:
            raise ValueError("base must be over R^D, got one over R: see standard_normal")
        if not base.event_shape:
            base = Independent(base, 1, validate_args=False)
        if not isinstance(transforms, (Sequence, nn.ModuleList)):
            got = type(transforms).__name__
            raise TypeError(f"transforms must be a sequence of layers, got a single {got}")
        for layer in transforms:
            if not isinstance(layer, Layer):
                raise TypeError(f"transforms must be layers, got {type(layer).__name__}")
            if base.event_shape != (layer.dim,):
                raise ValueError(
                    f"transforms must be layers of dimension {tuple(base.event_shape)} as the base, "
                    f"got {type(layer).__name__} of dimension {layer.dim}"
                )
        nn.Module.__init__(self)
        Distribution.__init__(self, base.batch_shape, base.event_shape, validate_args=False)
        self.base = base
        self.transforms = nn.ModuleList(transforms)  # type: ignore[assignment]
        like = next(itertools.chain(self.parameters(), _tensors(self)), torch.empty(0)).detach()
        self.register_buffer("_like", like.new_empty(0), persistent=False)  # knows dtype, device

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has: the layers are differentiable."""
        return self.base.has_rsample

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, (..., *batch) for x (..., *batch, D)."""
        x, log_dets = self._checked(x), []
        for layer in reversed(self.transforms):
            x, log_det = layer.pull(x)
            log_dets.append(log_det)
        return self._log_prob(x, log_dets)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """x (*sample_shape, *batch, D), differentiable in every parameter."""
        return self._push(self.base.rsample(torch.Size(sample_shape)))[0]

    def rsample_and_log_prob(self, sample_shape: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """rsample and the log_prob of the very same x, without inverting any layer."""
        z = self.base.rsample(torch.Size(sample_shape))
        x, log_dets = self._push(z)
        return x, self._log_prob(z, log_dets)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """x (*sample_shape, *batch, D), without a gradient."""
        with torch.no_grad():
            return self._push(self.base.sample(torch.Size(sample_shape)))[0]

    def condition(self, context: Tensor) -> Flow:
        """The flow at every context: (N, C) gives batch shape (N,), weights shared."""
        if not any(layer.context_dim for layer in self.transforms):
            raise ValueError("context is given, but no layer was made with a context_dim")
        if not isinstance(context, Tensor):
            raise TypeError(f"context must be a tensor, got {type(context).__name__}")
        self._check_dtype(context=context)
        validate.finite(context=context)
        bound = [layer.condition(context) for layer in self.transforms]
        return Flow(self.base.expand(context.shape[:-1]), bound)

    def expand(self, batch_shape: Sequence[int], _instance: None = None) -> Flow:
        """The same flow with another batch shape."""
        return Flow(self.base.expand(torch.Size(batch_shape)), list(self.transforms))

    def _push(self, z: Tensor) -> tuple[Tensor, list[Tensor]]:
        """x, and the layers' log-determinants on the way."""
        log_dets = []
        for layer in self.transforms:
            z, log_det = layer.push(z)
            log_dets.append(log_det)
        return z, log_dets

    def _log_prob(self, z: Tensor, log_dets: list[Tensor]) -> Tensor:
        """log p(x) where x is reached from z with these log-determinants."""
        log_p = self.base.log_prob(z)
        for log_det in log_dets:
            log_p = log_p - log_det
        return log_p

    def _checked(self, x: Tensor) -> Tensor:
        """x of at least the shape (*batch, D), by broadcasting."""
        shape = self.batch_shape + self.event_shape
        try:
            if x.shape[-1:] != self.event_shape:
                raise ValueError
            if self.batch_shape:
                x = x.expand(torch.broadcast_shapes(x.shape, shape))
        except (AttributeError, RuntimeError, ValueError):
            got = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            expected = f"(..., {', '.join(map(str, shape))})"
            raise ValueError(f"x must be a tensor of shape {expected}, got {got}") from None
        self._check_dtype(x=x)
        validate.finite(x=x)
        return x

    def _check_dtype(self, **tensors: Tensor) -> None:
        for name, tensor in tensors.items():
            if tensor.dtype != self._like.dtype:
                raise TypeError(f"{name} must have dtype {self._like.dtype}, got {tensor.dtype}")

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Flow:
        """What to, double and their like call: the base is no module, so it is moved here."""
        super()._apply(fn, recurse)
        if not isinstance(self.base, nn.Module):
            self.base = _moved(self.base, fn)
        return self


def _tensors(flow: Flow) -> Iterator[Tensor]:
    """All real numbers that are no parameters: in the layers, and in a base that is no module."""
    yield from (buffer for buffer in flow.buffers() if buffer.is_floating_point())
    inside = [flow.base]
    for distribution in inside:
        for value in vars(distribution).values():
            if isinstance(value, Tensor) and value.is_floating_point():
                yield value
            elif isinstance(value, Distribution):
                inside.append(value)


def _moved(distribution: Distribution, fn: Callable[[Tensor], Tensor]) -> Distribution:
    """A copy of the distribution with fn applied to every tensor in it."""
    moved = copy.copy(distribution)
    for name, value in vars(distribution).items():
        if isinstance(value, Tensor):
            setattr(moved, name, fn(value))
        elif isinstance(value, Distribution):
            setattr(moved, name, _moved(value, fn))
    return moved
