"""Exercises that answer back: compare a student's function with the tested reference.

`check` always returns a function the notebook can go on with, and raises for nbgrader alone.
`examine` is the same without the display, for tests.
"""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from IPython.display import HTML, Code, Markdown, display

from course_utils.kit import page
from course_utils.kit.examine import Call, escape, examine, plain
from course_utils.kit.notice import notice

__all__ = ["EXERCISES", "Exercise", "Mistake", "check", "examine", "hint", "open_key", "solution"]


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
    gradients: names of arguments; the gradients of the result's sum in them are compared, too.
    results: what the reference and the mistakes return, once they have been compared with.
    """

    key: str
    reference: Callable
    cases: Sequence[tuple]
    mistakes: Sequence[Mistake]
    nudge: str
    formula: str
    tolerance: float = 1e-6
    gradients: Sequence[str] = ()
    results: dict[Callable, list[Call]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        EXERCISES[self.key] = self


EXERCISES: dict[str, Exercise] = {}


def check(key: str, answer: Callable) -> Callable:
    """Say whether `answer` solves exercise `key`, or why not.

    Returns the answer if it is right, else the reference. Stops an endless loop; only one that
    holds the interpreter, such as sum(range(10**12)), needs a restart of the kernel. Never raises,
    but where nbgrader runs the cell: it counts a cell as solved unless that raises.
    """
    exercise = EXERCISES.get(key) if isinstance(key, str) else None
    if exercise is None:
        known = ", ".join(EXERCISES)
        title = f"There is no exercise {escape(key)}."
        display(notice("open", title, f"There are {known}."))
        return answer
    outcome = examine(exercise, answer)
    if outcome.kind == "right":
        display(notice("right", f"{key}: right.", outcome.message))
        return answer
    if page.folder() and outcome.kind == "open":
        body = "There it is checked, and the usual mistakes are recognised. Hints fold out below."
        display(notice("open", f"{key}: run this in Jupyter.", body))
        return exercise.reference
    kind, title = ("open", "not attempted yet") if outcome.kind == "open" else ("wrong", "not yet")
    if "NBGRADER_EXECUTION" in os.environ:
        raise AssertionError(f"{key}: {title}. {plain(outcome.message)}")
    go_on = "<br><i>Until then the notebook goes on with the reference.</i>"
    display(notice(kind, f"{key}: {title}.", outcome.message + go_on))
    return exercise.reference


def open_key(function: Callable) -> str | None:
    """The key of the exercise whose reference this is, standing in for an answer; else None."""
    return next((key for key, e in EXERCISES.items() if e.reference is function), None)


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
