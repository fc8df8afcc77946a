"""Errors that name the argument: shapes and types by jaxtyping, values by the checks below."""

import contextlib
import functools
import math
import re
import textwrap
from collections.abc import Callable
from typing import TypeVar

import torch
from beartype import BeartypeConf, beartype
from jaxtyping import TypeCheckError, jaxtyped
from torch import Tensor, nn
from torch.distributions import Distribution

__all__ = [
    "columns",
    "encoded",
    "finite",
    "has_float64",
    "integer",
    "latents",
    "not_negative",
    "positive",
    "same_dtype",
    "typed",
    "varies",
]

T = TypeVar("T", bound=Callable)

_checker = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is welcome as a float


def typed(checked: T) -> T:
    """Check annotated shapes and types at run time; a mismatch is a one-line TypeError.

    Decorates a function, or a dataclass, whose fields are then checked when it is made.
    """
    if isinstance(checked, type):
        checked.__init__ = typed(checked.__init__)  # type: ignore[misc]
        return checked
    inner = jaxtyped(checked, typechecker=_checker)

    @functools.wraps(checked)
    def call(*args, **kwargs):
        try:
            return inner(*args, **kwargs)
        except TypeCheckError as error:
            raise TypeError(_one_line(str(error))) from None

    return call  # type: ignore[return-value]


def _one_line(report: str) -> str:
    """jaxtyping's report cut to: function, argument, what was expected, what came."""
    fields = re.search(
        r"of (?P<place>\S+?)\.\n(?:.*?parameter '(?P<name>\w+)'.*?\n)?"
        r"Actual value: (?P<got>.*?)\nExpected type: (?:<class ['\"])?(?P<want>.*?)(?:['\"]>)?\.\n",
        report,
        re.DOTALL,
    )
    if fields is None:
        return report
    sizes = re.search(r"current values .*? as follows\.\n(?P<sizes>.*)", report, re.DOTALL)
    where = f" with {', '.join(sizes['sizes'].split())}" if sizes else ""
    place = fields["place"].removeprefix("course_utils.").removesuffix(".__init__")
    return (
        f"{place}: {fields['name'] or 'the result'} must be {fields['want']}{where}, "
        f"got {textwrap.shorten(fields['got'].replace('(torch)', ''), 80)}"
    )


def finite(**tensors: Tensor) -> None:
    """Raise ValueError unless every named tensor is non-empty and free of NaN and infinities."""
    for name, tensor in tensors.items():
        if tensor.numel() == 0:
            raise ValueError(f"{name} must not be empty, got shape {tuple(tensor.shape)}")
        if tensor.is_complex():
            raise TypeError(f"{name} must be real, got {tensor.dtype}")
        # A sum is finite only if every term is, and is far cheaper than a mask;
        # a sum that overflows is told apart by the mask.
        if not math.isfinite(tensor.sum().item()) and not (mask := tensor.isfinite()).all():
            first = tuple((~mask).nonzero()[0].tolist())
            raise ValueError(
                f"{name} must be finite, but {int((~mask).sum())} of its {tensor.numel()} entries "
                f"are NaN or infinite, the first at index {first}"
            )


def columns(like: Tensor, **matrices: Tensor) -> None:
    """Raise unless every named (N, D) matrix has the D and the dtype of the vector `like`."""
    for name, matrix in matrices.items():
        if matrix.shape[-1] != len(like):
            raise ValueError(
                f"{name} must have {len(like)} columns, got shape {tuple(matrix.shape)}"
            )
        same_dtype(like.dtype, **{name: matrix})


def same_dtype(dtype: torch.dtype, **tensors: Tensor) -> None:
    """Raise TypeError unless every named tensor has this dtype."""
    for name, tensor in tensors.items():
        if tensor.dtype != dtype:
            raise TypeError(f"{name} must have dtype {dtype}, got {tensor.dtype}")


def has_float64(**tensors: Tensor) -> None:
    """Raise TypeError unless every named tensor is on a device that has float64 (Apple's has not)."""
    for name, tensor in tensors.items():
        try:
            tensor.new_empty(0, dtype=torch.float64)
        except (TypeError, RuntimeError):
            raise TypeError(
                f"{name} must be on a device with float64, which {tensor.device} lacks: "
                f"pass {name}.cpu()"
            ) from None


def varies(**matrices: Tensor) -> None:
    """Raise ValueError if all rows of a named matrix are equal: a likelihood is then unbounded."""
    for name, matrix in matrices.items():
        if all(matrix[n].equal(matrix[0]) for n in range(len(matrix))):  # stops at row 1
            raise ValueError(f"{name} must vary, but its {len(matrix)} rows are all equal")


def latents(
    q: Distribution,
    batch: int | None,
    event: tuple[int, ...],
    dtype: torch.dtype | None = None,
    name: str = "q",
) -> None:
    """Raise unless q has one distribution for every data point, over such latents, in this dtype.

    batch: the data points; None for a single distribution.
    ValueError for a shape, or a mean or a variance that is not finite; TypeError for a dtype
    (None: any). name: what the caller's argument is called.
    """
    shape = () if batch is None else (batch,)
    if q.batch_shape != shape or q.event_shape != event:
        raise ValueError(
            f"{name} must have batch shape {shape} and event shape {event}, "
            f"got {tuple(q.batch_shape)} and {tuple(q.event_shape)}"
        )
    with contextlib.suppress(NotImplementedError):  # a flow has no mean to ask
        if dtype is not None:
            same_dtype(dtype, **{name: q.mean})
        if event:  # the mean of a categorical is NaN by definition
            finite(**{f"the mean of {name}": q.mean, f"the variance of {name}": q.variance})


def encoded(encoder: nn.Module, x: Tensor, name: str = "x", rsample: bool = False) -> Distribution:
    """encoder(x), if that is a distribution; else an error that names the encoder, and what it got.

    name: what the caller's argument is called. rsample: whether the distribution must have it.
    """
    taken = f"encoder must take {name} of shape {tuple(x.shape)} and {x.dtype}"
    try:
        q = encoder(x)
    except TypeError as error:
        raise TypeError(f"{taken}: {error}") from error
    except (RuntimeError, IndexError) as error:  # torch's: of other columns, of indices
        raise ValueError(f"{taken}: {error}") from error
    if not isinstance(q, Distribution):
        raise TypeError(f"encoder must return a distribution over z, got {type(q).__name__}")
    if rsample and not q.has_rsample:
        raise TypeError(f"encoder must return a distribution with rsample, got {type(q).__name__}")
    return q


def positive(**values: float | Tensor) -> None:
    """Raise ValueError unless every named number is finite and above zero."""
    for name, value in values.items():
        number = value.item() if isinstance(value, Tensor) else value
        if not (math.isfinite(number) and number > 0):
            raise ValueError(f"{name} must be a finite number above 0, got {number}")


def not_negative(**values: float) -> None:
    """Raise ValueError unless every named number is finite and at least zero."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be a finite number, 0 or more, got {value}")


def integer(low: int, high: int | None = None, **values: int) -> None:
    """Raise ValueError unless low <= value (<= high) for every named integer."""
    for name, value in values.items():
        if not isinstance(value, int):
            raise TypeError(f"{name} must be an integer, got {value!r}")
        if value < low or (high is not None and value > high):
            bound = f"at least {low}" if high is None else f"between {low} and {high}"
            raise ValueError(f"{name} must be {bound}, got {value}")
