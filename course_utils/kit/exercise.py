"""Exercises that answer back: compare a student's function with the tested reference.

`check` never raises and always returns a function the notebook can go on with.
`examine` is the same without the display, for tests.
"""

import copy
import ctypes
import html
import inspect
import linecache
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import numpy as np
import torch
from IPython.display import HTML, Code, Markdown, display
from torch import Tensor

from course_utils.kit.notice import notice

__all__ = ["EXERCISES", "Exercise", "Mistake", "Outcome", "check", "examine", "hint", "solution"]

SECONDS = 5.0  # how long one call of the student's function may take


@dataclass(frozen=True)
class Mistake:
    """A usual slip: the function a student who makes it would write, and what to tell them.

    tolerance: how closely results must match, if rounding makes two writings of it differ by
    more than the exercise's own tolerance.
    """

    answer: Callable
    message: str
    tolerance: float | None = None


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


BLANK = Outcome("open", "There is still a blank (<code>...</code>) to fill in.")


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
        if result is None:
            return Outcome(
                "open", "The function returns nothing yet: is there a <code>return</code>?"
            )
        parts = result if isinstance(result, (tuple, list)) else [result]
        if any(part is ... or part is None for part in parts):
            return BLANK
        inputs = zip(arguments, case, strict=True)
        if not all(_same(now, before, 0.0) for now, before in inputs if not callable(before)):
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
        tolerance = mistake.tolerance or exercise.tolerance
        if all(_same(r, w, tolerance) for r, w in zip(results, wrong, strict=True)):
            return Outcome("mistake", mistake.message)
    pairs = zip(results, expected, strict=True)
    return next(o for r, e in pairs if (o := _difference(r, e, exercise.tolerance)))


def _reference(function: Callable, case: tuple) -> object:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return function(*copy.deepcopy(case))


class _Stop(BaseException):
    """Raised inside a student's function that takes too long; no `except Exception` holds it.

    A bare `except:` that swallows it meets it again at its next line, where nothing does.
    """

    def __init__(self) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_code.co_filename != __file__:
            frame.f_trace = _stop_again
            frame = frame.f_back
        sys.settrace(lambda *_: None)  # on, for this thread; frames yet to come are left alone


def _stop_again(frame: FrameType, event: str, _) -> None:
    if event == "line":
        raise _Stop


def _run(answer: Callable, arguments: tuple) -> object:
    """What the answer returns, or an Outcome if it raises or does not end.

    It runs in a thread of its own, which can be stopped on every platform.
    """
    box: list = []
    # Not Thread.join: interrupted, it takes a thread that still runs for one that has ended.
    done = threading.Event()

    def work() -> None:
        try:
            box.append((answer(*arguments), None))
        except BaseException as error:
            box.append((None, error))
        done.set()

    thread = threading.Thread(target=work, daemon=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        try:
            thread.start()
            done.wait(SECONDS)
        finally:
            late = not done.is_set()  # out of time, or the user pressed stop
            for _ in range(20):
                if done.is_set():
                    thread.join(0.1)
                    break
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
                )
                done.wait(0.1)
    if late:
        return Outcome(
            "slow", f"Your function had not returned after {SECONDS:g} seconds: an endless loop?"
        )
    result, error = box[0]
    return result if error is None else _raised(answer, error)


def _raised(answer: Callable, error: BaseException) -> Outcome:
    """The outcome for an exception, with the line of the student's code it came from."""
    text = _escape(error)
    if isinstance(error, NotImplementedError) and "not implemented for" not in text:  # torch's
        return Outcome("open", "The function is still a stub.")
    if "ellipsis" in text:
        return BLANK
    file = getattr(getattr(answer, "__code__", None), "co_filename", "")
    calls = traceback.extract_tb(error.__traceback__)
    lines = [call.lineno for call in calls if call.filename == file and call.lineno]
    where = ""
    if lines:
        source = linecache.getline(file, lines[-1]).strip()
        where = f"<br>in line {lines[-1]}: <code>{_escape(source)}</code>" if source else ""
    kind = type(error).__name__
    return Outcome("error", f"Your function raised <b>{_escape(kind)}</b>: {text}{where}")


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
    """For single numbers it is enough that both, or neither, are floating point."""
    return p.dtype == q.dtype or (p.ndim == 0 and p.is_floating_point() == q.is_floating_point())


def _close(p: Tensor, q: Tensor, tolerance: float) -> bool:
    finite = q[q.isfinite()]
    scale = finite.abs().max().item() if finite.numel() else 0.0
    return torch.allclose(p.to(q), q, rtol=0, atol=tolerance * max(scale, 1e-300), equal_nan=True)


def _difference(result: object, expected: object, tolerance: float) -> Outcome | None:
    """Where a result first departs from the expected one, in the order shape, dtype, values."""
    if _same(result, expected, tolerance):
        return None
    if isinstance(expected, (tuple, list)):
        got = result if isinstance(result, (tuple, list)) else [result]
        if len(got) != len(expected):
            return Outcome("shape", f"Expected {len(expected)} results, got {len(got)}.")
        for index, (r, e) in enumerate(zip(got, expected, strict=True), 1):
            if outcome := _difference(r, e, tolerance):
                return Outcome(outcome.kind, f"Result {index}: {outcome.message}")
    p, q = _tensor(result), _tensor(expected)
    if p is None or q is None:
        if isinstance(result, np.ndarray):
            return Outcome("dtype", "Expected a torch tensor, got a NumPy array: stay in torch.")
        return Outcome("dtype", f"Expected a tensor, got {_escape(type(result).__name__)}.")
    if p.shape != q.shape:
        turned = " It is transposed." if p.ndim == 2 and p.shape == q.shape[::-1] else ""
        return Outcome("shape", f"Expected shape {tuple(q.shape)}, got {tuple(p.shape)}.{turned}")
    if not _same_dtype(p, q):
        return Outcome("dtype", f"Expected {q.dtype}, got {p.dtype}.")
    if not p.isfinite().all():
        return Outcome("finite", f"{int((~p.isfinite()).sum())} entries are NaN or infinite.")
    gap = (p.to(q) - q).abs()
    flat = int(gap.argmax())
    at = [int(i) for i in np.unravel_index(flat, p.shape)]
    place = f" at index {at}" if at else ""
    return Outcome(
        "wrong",
        f"Off by {gap.max().item():.3g}{place}: yours is {p.flatten()[flat].item():.6g}, "
        f"expected {q.flatten()[flat].item():.6g}.{_factor(p.to(q), q)}",
    )


def _factor(yours: Tensor, expected: Tensor) -> str:
    """A remark if the result is the expected one times a number."""
    size = expected.square().sum()
    factor = (yours * expected).sum() / size if size > 0 else size
    if yours.is_complex() or not _close(yours, factor * expected, 1e-6) or factor == 0:
        return ""
    if abs(factor.item() + 1) < 1e-6:
        return " The sign is turned."
    return f" Yours is {factor.item():.4g} times the expected result."


def _escape(thing: object) -> str:
    try:
        text = str(thing)
    except Exception:
        text = f"{type(thing).__name__} that cannot be printed"
    return html.escape(text[:300])
