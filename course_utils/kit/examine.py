"""Judging an answer: run it and the reference on every case, and say where they part."""

import copy
import html
import inspect
import linecache
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from course_utils.kit.run import Late, run, seeded

if TYPE_CHECKING:
    from course_utils.kit.exercise import Exercise

__all__ = ["Call", "Outcome", "attempt", "escape", "examine", "judge", "plain"]


@dataclass(frozen=True)
class Outcome:
    """kind: open, right, mistake, shape, dtype, finite, error, slow, changed or wrong.

    message is HTML, with everything of the student's escaped.
    """

    kind: str
    message: str


BLANK = Outcome("open", "There is still a blank (<code>...</code>) to fill in.")
NOTHING = Outcome("open", "The function returns nothing yet: is there a <code>return</code>?")
CHANGED = Outcome(
    "changed",
    "Your function changes its input in place (by an operation like "
    "<code>x -= …</code> or <code>x.sub_(…)</code>). Compute a new tensor instead.",
)


@dataclass(frozen=True)
class Call:
    """A function's result on one case, and the gradients of its sum in some of the arguments."""

    result: Any
    gradients: list[Tensor]
    arguments: list  # as the function left them


def examine(exercise: "Exercise", answer: Callable) -> Outcome:
    """Run `answer` on every case and judge it."""
    try:
        calls = attempt(exercise, answer)
        return calls if isinstance(calls, Outcome) else judge(exercise, calls)
    except Exception as error:  # whatever an answer returns, the notebook must go on
        return Outcome("error", f"The answer could not be compared: {escape(error)}")


def attempt(exercise: "Exercise", answer: Callable) -> list[Call] | Outcome:
    """What `answer` returns on every case, or the outcome if there is nothing to compare."""
    if not callable(answer):
        return Outcome("error", f"Give the function itself to check; this is {escape(answer)}.")
    calls: list[Call] = []
    for case in exercise.cases:
        call, error = run(partial(_call, answer, case, _positions(exercise)))
        if error is not None or not isinstance(call, Call):
            return _raised(answer, error)
        if outcome := _unfinished(call, case):
            return outcome
        calls.append(call)
    return calls


def judge(exercise: "Exercise", calls: list[Call]) -> Outcome:
    """Compare an answer's results, wherever they were computed, with the reference's."""

    def known(function: Callable) -> list[Call]:
        if function not in exercise.results:
            calls = [_known(function, case, _positions(exercise)) for case in exercise.cases]
            exercise.results[function] = calls
        return exercise.results[function]

    expected = known(exercise.reference)
    if _agree(calls, expected, exercise.tolerance):
        return Outcome("right", "")
    for mistake in exercise.mistakes:
        if _agree(calls, known(mistake.answer), mistake.tolerance or exercise.tolerance):
            return Outcome("mistake", mistake.message)
    both = list(zip(calls, expected, strict=True))
    if outcome := _difference([(a.result, b.result) for a, b in both], exercise.tolerance):
        return outcome
    for i, name in enumerate(exercise.gradients):
        pairs = [(a.gradients[i], b.gradients[i]) for a, b in both]
        if outcome := _difference(pairs, exercise.tolerance):
            said = f"The value is right, its gradient in <code>{name}</code> is not. "
            return Outcome(outcome.kind, said + outcome.message)
    raise AssertionError("an answer differs from the reference nowhere")


def _positions(exercise: "Exercise") -> list[int]:
    """Where among the reference's parameters those stand whose gradients count."""
    if not exercise.gradients:
        return []
    names = list(inspect.signature(exercise.reference).parameters)
    return [names.index(name) for name in exercise.gradients]


def _call(function: Callable, case: tuple, positions: list[int]) -> Call:
    arguments = list(copy.deepcopy(case))
    leaves = [arguments[position].requires_grad_() for position in positions]
    result = function(*arguments)
    gradients = [torch.zeros_like(leaf) for leaf in leaves]
    if leaves and isinstance(result, Tensor) and result.requires_grad:
        gradients = list(torch.autograd.grad(result.sum(), leaves, materialize_grads=True))
    return Call(result, gradients, arguments)


def _known(function: Callable, case: tuple, positions: list[int]) -> Call:
    """One of our own functions, run as `run` runs an answer."""
    with seeded(), torch.enable_grad():
        return _call(function, case, positions)


def _unfinished(call: Call, case: tuple) -> Outcome | None:
    """What keeps a result from being compared."""
    if call.result is None:
        return NOTHING
    parts = call.result if isinstance(call.result, (tuple, list)) else [call.result]
    if any(part is ... or part is None for part in parts):
        return BLANK
    inputs = zip(call.arguments, case, strict=True)
    kept = all(_same(now, before, 0.0) for now, before in inputs if not callable(before))
    return None if kept else CHANGED


def _raised(answer: Callable, error: BaseException | None) -> Outcome:
    """The outcome for an exception, with the line of the student's code it came from."""
    text = escape(error)
    if isinstance(error, Late):
        return Outcome("slow", text)
    if isinstance(error, NotImplementedError) and "not implemented for" not in text:  # torch's
        return Outcome("open", "The function is still a stub.")
    if "ellipsis" in text:
        return BLANK
    if "leaf Variable" in text and "in-place" in text:
        return CHANGED
    file = getattr(getattr(answer, "__code__", None), "co_filename", "")
    calls = traceback.extract_tb(error.__traceback__ if error else None)
    lines = [call.lineno for call in calls if call.filename == file and call.lineno]
    where = ""
    if lines:
        source = linecache.getline(file, lines[-1]).strip()
        where = f"<br>in line {lines[-1]}: <code>{escape(source)}</code>" if source else ""
    kind = type(error).__name__
    return Outcome("error", f"Your function raised <b>{escape(kind)}</b>: {text}{where}")


def _agree(calls: list[Call], expected: list[Call], tolerance: float) -> bool:
    return all(
        _same(call.result, other.result, tolerance)
        and _same(call.gradients, other.gradients, tolerance)
        for call, other in zip(calls, expected, strict=True)
    )


def _tensor(value: object) -> Tensor | None:
    """A tensor or a number as a tensor; None for all else, NumPy arrays included."""
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, (bool, int, float, np.integer, np.floating)):
        return torch.as_tensor(value, dtype=torch.float64)
    return None


def _same(one: object, two: object, tolerance: float) -> bool:
    """Whether two results have equal shapes and values within the tolerance; dtype counts."""
    if isinstance(two, (tuple, list)):
        return (
            isinstance(one, (tuple, list))
            and len(one) == len(two)
            and all(_same(a, b, tolerance) for a, b in zip(one, two, strict=True))
        )
    p, q = _tensor(one), _tensor(two)
    if p is None or q is None:
        return one is two
    return p.shape == q.shape and _same_dtype(p, q) and _close(p, q, tolerance)


def _same_dtype(p: Tensor, q: Tensor) -> bool:
    """Of single numbers only the value counts: a count may be an int, or a tensor's sum."""
    real = not any(t.is_complex() or t.dtype == torch.bool for t in (p, q))
    return p.dtype == q.dtype or (p.ndim == 0 and q.ndim == 0 and real)


def _close(p: Tensor, q: Tensor, tolerance: float) -> bool:
    if q.dtype == torch.bool:  # a mask among the arguments
        return torch.equal(p, q)
    finite = q[q.isfinite()]
    scale = finite.abs().max().item() if finite.numel() else 0.0
    return torch.allclose(p.to(q), q, rtol=0, atol=tolerance * max(scale, 1e-300), equal_nan=True)


def _difference(pairs: list[tuple[Any, Any]], tolerance: float) -> Outcome | None:
    """Where the results of all cases first depart from the expected ones, result by result."""
    if isinstance(pairs[0][1], (tuple, list)):
        size = len(pairs[0][1])
        rows = [(r if isinstance(r, (tuple, list)) else [r], e) for r, e in pairs]
        for row, _ in rows:
            if len(row) != size:
                return Outcome("shape", f"Expected {size} results, got {len(row)}.")
        for index in range(size):
            parts = [(row[index], e[index]) for row, e in rows]
            if outcome := _difference(parts, tolerance):
                return Outcome(outcome.kind, f"Result {index + 1}: {outcome.message}")
        return None
    different = next((pair for pair in pairs if not _same(*pair, tolerance)), None)
    if different is None:
        return None
    outcome = _departure(*different)
    remark = _factor(pairs, tolerance) if outcome.kind == "wrong" else ""
    return Outcome(outcome.kind, outcome.message + remark)


def _departure(result: object, expected: object) -> Outcome:
    """How one result departs from the expected one, in the order shape, dtype, values."""
    p, q = _tensor(result), _tensor(expected)
    if p is None or q is None:
        if isinstance(result, np.ndarray):
            return Outcome("dtype", "Expected a torch tensor, got a NumPy array: stay in torch.")
        return Outcome("dtype", f"Expected a tensor, got {escape(type(result).__name__)}.")
    if p.shape != q.shape:
        turned = " It is transposed." if p.ndim == 2 and p.shape == q.shape[::-1] else ""
        return Outcome("shape", f"Expected shape {tuple(q.shape)}, got {tuple(p.shape)}.{turned}")
    if not _same_dtype(p, q):
        return Outcome("dtype", f"Expected {q.dtype}, got {p.dtype}.")
    if not p.isfinite().all():
        return Outcome("finite", f"{int((~p.isfinite()).sum())} entries are NaN or infinite.")
    if q.dtype == torch.bool:
        wrong = (p != q).nonzero()
        place = f", first at index {wrong[0].tolist()}" if p.ndim else ""
        return Outcome("wrong", f"{len(wrong)} of {p.numel()} entries differ{place}.")
    gap = (p.to(q) - q).abs()
    flat = int(gap.argmax())
    at = [int(i) for i in np.unravel_index(flat, p.shape)]
    place = f" at index {at}" if at else ""
    return Outcome(
        "wrong",
        f"Off by {gap.max().item():.3g}{place}: yours is {p.flatten()[flat].item():.6g}, "
        f"expected {q.flatten()[flat].item():.6g}.",
    )


def _factor(pairs: list[tuple], tolerance: float) -> str:
    """A remark if the results of all cases are the expected ones times one number."""
    numbers = []
    for pair in pairs:
        p, q = map(_tensor, pair)
        if p is None or q is None or p.shape != q.shape or p.is_complex() or q.dtype == torch.bool:
            return ""
        numbers.append((p.to(q), q))
    p, q = (torch.cat([part.flatten() for part in side]) for side in zip(*numbers, strict=True))
    factor = (p * q).sum() / q.square().sum()
    if len(q) == 1 or not factor.isfinite() or factor == 0 or abs(factor - 1) < 1e-3:
        return ""
    if not all(_close(yours, factor * expected, tolerance) for yours, expected in numbers):
        return ""
    if abs(factor.item() + 1) < 1e-6:
        return " The sign is turned."
    return f" Yours is {factor.item():.4g} times the expected result."


def escape(thing: object) -> str:
    """Any object as HTML text of bearable length."""
    try:
        text = str(thing)
    except Exception:
        text = f"{type(thing).__name__} that cannot be printed"
    return html.escape(text[:300])


def plain(message: str) -> str:
    """An outcome's message as plain text."""
    return html.unescape(re.sub("<[^>]*>", "", message.replace("<br>", "; "))).strip()
