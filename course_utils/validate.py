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
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import jaxtyped
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
    inner = _checker(checked)
    place = f"{checked.__module__}.{checked.__qualname__}".removeprefix("course_utils.")

    @functools.wraps(checked)
    def call(*args, **kwargs):
        try:
            with jaxtyped("context"):  # in which N is one number
                return inner(*args, **kwargs)
        except BeartypeCallHintViolation as error:
            raise TypeError(f"{place.removesuffix('.__init__')}: {_one_line(error)}") from None

    return call  # type: ignore[return-value]


def _one_line(violation: BeartypeCallHintViolation) -> str:
    """beartype's report cut to: argument, what was expected, what came, and of a tensor why not."""
    report = re.search(
        r"(?s)(?: parameter (?P<name>\w+)=| return ).* violates type hint (?:<class ['\"])?"
        r"(?P<want>.*?)(?:['\"]>)?, as (?P<why>.*)\.",
        str(violation),
    )
    if report is None:
        return str(violation)
    want = re.sub(r"(?:\w+\.)+(?=\w)", "", report["want"])  # without the modules of types
    got = violation.culprits[0]  # itself, or its repr where no weak reference can hold it
    what = textwrap.shorten(str(got), 80)
    if isinstance(got, Tensor):
        shape = ", ".join(map(str, got.shape))
        what = f"{str(got.dtype).removeprefix('torch.')}[{shape}]"
        if not re.search(r"\n| has dtype ", report["why"]):  # lists of all that could be
            what += f": {report['why']}"
    return f"{report['name'] or 'the result'} must be {want}, got {what}"


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
