"""Exercises that answer back: compare a student's function with the tested reference.

`check` never raises and always returns a function the notebook can go on with.
`examine` is the same without the display, for tests.
"""

import copy
import ctypes
import html
import inspect
import linecache
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from IPython.display import HTML, Code, Markdown, display
from torch import Tensor

from course_utils.kit.notice import notice

__all__ = ["EXERCISES", "Exercise", "Mistake", "Outcome", "check", "examine", "hint", "solution"]

SECONDS = 5.0  # how long one call of the student's function may take


@dataclass(frozen=True)
class Mistake:
    """A usual slip: the function a student who makes it would write, and what to tell them."""

    answer: Callable
    message: str


@dataclass(frozen=True)
class Exercise:
    """One task. Making it registers it under its key, e.g. "02.1".

    reference: the tested answer. cases: argument tuples on which answers are compared.
    mistakes: at least three. nudge: a first hint. formula: the second, in Markdown.
    tolerance: relative to the size of the reference's values.
    """

    key: str
    reference: Callable
    cases: Sequence[tuple]
    mistakes: Sequence[Mistake]
    nudge: str
    formula: str
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        EXERCISES[self.key] = self


EXERCISES: dict[str, Exercise] = {}


@dataclass(frozen=True)
class Outcome:
    """kind: open, right, mistake, shape, dtype, finite, error, slow, changed or wrong.

    message is HTML, with everything of the student's escaped.
    """

    kind: str
    message: str


def check(key: str, answer: Callable) -> Callable:
    """Say whether `answer` solves exercise `key`, or why not.

    Returns the answer if it is right, else the reference. Never raises.
    """
    exercise = EXERCISES.get(key)
    if exercise is None:
        known = ", ".join(EXERCISES)
        title = f"There is no exercise {_escape(key)}."
        display(notice("open", title, f"There are {known}."))
        return answer
    outcome = examine(exercise, answer)
    if outcome.kind == "right":
        display(notice("right", f"{key}: right.", outcome.message))
        return answer
    kind, title = ("open", "not attempted yet") if outcome.kind == "open" else ("wrong", "not yet")
    go_on = "<br><i>Until then the notebook goes on with the reference.</i>"
    display(notice(kind, f"{key}: {title}.", outcome.message + go_on))
    return exercise.reference


def hint(key: str) -> HTML:
    """A nudge, and below it the formula; both closed until clicked."""
    exercise = EXERCISES[key]
    formula = Markdown(exercise.formula).data
    return HTML(_fold("A nudge", exercise.nudge) + _fold("The formula", formula))


def solution(key: str) -> HTML:
    """The reference's source, closed until clicked."""
    source = inspect.getsource(EXERCISES[key].reference)
    return HTML(_fold("The solution", Code(source, language="python")._repr_html_()))


def _fold(title: str, body: str) -> str:
    return (
        f'<details class="ladder" style="font-size:16px;line-height:1.5;max-width:60em">'
        f"<summary>{title}</summary>{body}</details>"
    )


def examine(exercise: Exercise, answer: Callable) -> Outcome:
    """Run `answer` on every case and judge it."""
    try:
        return _examine(exercise, answer)
    except Exception as error:  # whatever an answer returns, the notebook must go on
        return Outcome("error", f"The answer could not be compared: {_escape(error)}")


def _examine(exercise: Exercise, answer: Callable) -> Outcome:
    if not callable(answer):
        return Outcome("error", f"Give the function itself to check; this is {_escape(answer)}.")
    expected = [_reference(exercise.reference, case) for case in exercise.cases]
    results = []
    for case in exercise.cases:
        arguments = copy.deepcopy(case)
        result = _run(answer, arguments)
        if isinstance(result, Outcome):
            return result
        if result is None or result is Ellipsis:
            return Outcome("open", "The function returns nothing yet: replace the blanks.")
        if not _same(arguments, case, 0.0):
            return Outcome(
                "changed",
                "Your function changes its input in place (by an operation like "
                "<code>x -= …</code> or <code>x.sub_(…)</code>). Compute a new tensor instead.",
            )
        results.append(result)

    if all(_same(r, e, exercise.tolerance) for r, e in zip(results, expected, strict=True)):
        return Outcome("right", "")
    for mistake in exercise.mistakes:
        wrong = [_reference(mistake.answer, case) for case in exercise.cases]
        if all(_same(r, w, exercise.tolerance) for r, w in zip(results, wrong, strict=True)):
            return Outcome("mistake", mistake.message)
    pairs = zip(results, expected, strict=True)
    return next(o for r, e in pairs if (o := _difference(r, e, exercise.tolerance)))


def _reference(function: Callable, case: tuple) -> object:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return function(*copy.deepcopy(case))


class _Stop(BaseException):
    """Raised inside a student's function that takes too long; no `except Exception` holds it."""


def _run(answer: Callable, arguments: tuple) -> object:
    """What the answer returns, or an Outcome if it raises or does not end.

    It runs in a thread of its own, which can be stopped on every platform.
    """
    box: list = []

    def work() -> None:
        try:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                box.append(answer(*arguments))
        except BaseException as error:
            box.append(_raised(answer, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join(SECONDS)
    finally:  # out of time, or the user pressed stop
        for _ in range(20):  # a bare `except:` may swallow the first few
            if not thread.is_alive():
                break
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
            )
            thread.join(0.1)
    if not box or isinstance(box[0], _Stop):
        return Outcome(
            "slow", f"Your function had not returned after {SECONDS:.0f} seconds: an endless loop?"
        )
    return box[0]


def _raised(answer: Callable, error: BaseException) -> object:
    """The outcome for an exception, with the line of the student's code it came from."""
    if isinstance(error, _Stop):
        return error
    if isinstance(error, NotImplementedError):
        return Outcome("open", "The function is still a stub.")
    if isinstance(error, TypeError) and "ellipsis" in str(error):
        return Outcome("open", "There is still a blank (<code>...</code>) to fill in.")
    file = getattr(getattr(answer, "__code__", None), "co_filename", "")
    calls = traceback.extract_tb(error.__traceback__)
    lines = [call.lineno for call in calls if call.filename == file and call.lineno]
    where = ""
    if lines:
        source = linecache.getline(file, lines[-1]).strip()
        where = f"<br>in line {lines[-1]}: <code>{_escape(source)}</code>" if source else ""
    kind = type(error).__name__
    return Outcome("error", f"Your function raised <b>{_escape(kind)}</b>: {_escape(error)}{where}")


def _parts(value: object) -> list[Tensor] | None:
    """A result as a list of tensors, or None if it is not made of numbers."""
    if isinstance(value, (tuple, list)):
        parts: list[Tensor] = []
        for item in value:
            if (inner := _parts(item)) is None:
                return None
            parts += inner
        return parts
    if isinstance(value, Tensor):
        return [value.detach()]
    if isinstance(value, (bool, int, float, np.number, np.ndarray)):
        return [torch.as_tensor(value, dtype=torch.float64)]
    return None


def _same(one: object, two: object, tolerance: float) -> bool:
    """Whether two results have equal shapes and values within the tolerance; dtype counts."""
    if callable(one) and callable(two):
        return True
    a, b = _parts(one), _parts(two)
    if a is None or b is None or len(a) != len(b):
        return False
    return all(_close(p, q, tolerance) for p, q in zip(a, b, strict=True))


def _close(p: Tensor, q: Tensor, tolerance: float) -> bool:
    if p.shape != q.shape or p.is_floating_point() != q.is_floating_point():
        return False
    if p.ndim and p.dtype != q.dtype:
        return False
    scale = q.abs().max().item() if q.numel() else 0.0
    return torch.allclose(p.to(q), q, rtol=0, atol=tolerance * max(scale, 1e-300), equal_nan=True)


def _difference(result: object, expected: object, tolerance: float) -> Outcome | None:
    """Where a result first departs from the expected one, in the order shape, dtype, values."""
    if _same(result, expected, tolerance):
        return None
    got, want = _parts(result), _parts(expected)
    if got is None or want is None:
        return Outcome("dtype", f"Expected a tensor, got {_escape(type(result).__name__)}.")
    if isinstance(result, np.ndarray):
        return Outcome("dtype", "Expected a torch tensor, got a NumPy array: stay in torch.")
    if len(got) != len(want):
        return Outcome("shape", f"Expected {len(want)} tensors, got {len(got)}.")
    for index, (p, q) in enumerate(zip(got, want, strict=True)):
        which = f"Result {index + 1}: " if len(want) > 1 else ""
        if p.shape != q.shape:
            turned = " It is transposed." if p.shape == q.mT.shape and p.ndim == 2 else ""
            return Outcome(
                "shape", f"{which}expected shape {tuple(q.shape)}, got {tuple(p.shape)}.{turned}"
            )
        if p.ndim and p.dtype != q.dtype:
            return Outcome("dtype", f"{which}expected {q.dtype}, got {p.dtype}.")
        if not p.isfinite().all():
            return Outcome(
                "finite", f"{which}{int((~p.isfinite()).sum())} entries are NaN or infinite."
            )
        if not _close(p, q, tolerance):
            gap = (p.to(q) - q).abs()
            flat = int(gap.argmax())
            at = tuple(int(i) for i in np.unravel_index(flat, p.shape))
            place = f" at index {list(at)}" if p.ndim else ""
            return Outcome(
                "wrong",
                f"{which}off by {gap.max().item():.3g}{place}: yours is "
                f"{p.flatten()[flat].item():.6g}, expected {q.flatten()[flat].item():.6g}.",
            )
    return Outcome("wrong", "The results differ.")


def _escape(thing: object) -> str:
    return html.escape(str(thing)[:300])
