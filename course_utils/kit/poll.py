"""Questions to commit to before the answer is shown."""

import html
import os
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from course_utils.kit import alive, page, style

__all__ = ["Option", "Poll", "everything_open", "predict"]


def everything_open() -> bool:
    """Whether demos are shown before their question is answered: in tests and in exports."""
    return os.environ.get("EVIDENCE_LADDER_OPEN") == "1"


@dataclass(frozen=True)
class Option:
    """One answer: its text, whether it is right, and why (HTML is escaped in both)."""

    text: str
    right: bool
    why: str


class Poll:
    """A question with buttons; the first click commits and shows which options are right, and why.

    question, options: plain text. There must be two to six options, at least one of them right.
    """

    def __init__(self, question: str, options: list[Option]) -> None:
        if not 2 <= len(options) <= 6 or not any(option.right for option in options):
            raise ValueError("options must be two to six, at least one of them right")
        question = question.replace(" …", "\N{NO-BREAK SPACE}…")  # never alone on a line
        self.question, self.options = question, options
        self.answer: int | None = None
        self.on_change: Callable[[], None] = lambda: None  # an answer given, or taken back
        self._question = widgets.HTML(style.SHEET + _text(f"<b>{html.escape(question)}</b>"))
        self._buttons = widgets.VBox([self._button(index) for index in range(len(options))])
        self._verdict = widgets.HTML()
        self._again = widgets.Button(description="ask me again", icon="undo")
        self._again.on_click(lambda _: self.reset())
        self.widget = widgets.VBox([self._question, self._buttons, self._verdict, self._again])
        self.reset()

    def commit(self, index: int) -> None:
        """Answer with the option of this index; later answers change nothing."""
        if self.answer is None:
            self._turn(index)

    def reset(self) -> None:
        """Take the answer back."""
        self._turn(None)

    def _turn(self, answer: int | None) -> None:
        self.answer = answer
        self._buttons.layout.display = None if answer is None else "none"
        self._again.layout.display = "none" if answer is None else None
        self._verdict.value = "" if answer is None else self._explanation(answer)
        self.on_change()

    def _button(self, index: int) -> widgets.Button:
        button = widgets.Button(
            description=self._lettered(index),
            layout=widgets.Layout(
                width="calc(100% - 4px)", max_width="860px", height="auto", min_height="40px"
            ),
        )
        button.add_class("ladder-option")
        button.on_click(lambda _: self.commit(index))
        return button

    def _lettered(self, index: int) -> str:
        return f"{'ABCDEF'[index]}.  {self.options[index].text}"

    def _explanation(self, chosen: int | None = None) -> str:
        """Every option with its sign; why, of the right and the chosen ones, the others fold out.

        Of nobody's answer (chosen None), all reasons are in sight.
        """
        rows = []
        for index, option in enumerate(self.options):
            sign, word = ("✓", "right") if option.right else ("✗", "wrong")
            yours = " – your answer" if index == chosen else ""
            head = f"{sign} {'ABCDEF'[index]}. {html.escape(option.text)}"
            why = html.escape(option.why)
            if option.right or chosen in (index, None):
                rows.append(f"<b>{head}</b> ({word}{yours})<br>{why}")
            else:
                rows.append(f"<details><summary>{head}</summary>{why}</details>")
        items = "".join(f'<li style="margin:.2em 0">{row}</li>' for row in rows)
        return _text(f'<ul style="list-style:none;padding-left:0;margin:0">{items}</ul>')

    def still(self, demo: str = "") -> str:
        """The question as HTML for where no kernel runs; answers and a demo's still fold out."""
        options = "".join(
            f"<li>{'ABCDEF'[i]}. {html.escape(o.text)}</li>" for i, o in enumerate(self.options)
        )
        return _text(
            f"<b>{html.escape(self.question)}</b>"
            f'<ul style="list-style:none">{options}</ul>'
            f"<details><summary>The answer</summary>{self._explanation()}{demo}</details>"
        )

    def page(self, demo: str = "") -> str:
        """The question as HTML that takes an answer without a kernel, and then opens the demo."""
        numbers = range(len(self.options))
        answers = [(self._lettered(index), self._explanation(index)) for index in numbers]
        return page.poll(self.question, answers, demo)

    def _ipython_display_(self) -> None:
        alive.show(self.widget, self.still(), self.page)


def predict(question: str, options: list[Option], demo) -> "Prediction":
    """A poll that keeps a demo closed until it is answered."""
    return Prediction(Poll(question, options), demo)


class Prediction:
    """Question, verdict, demo: the demo opens with the answer (and in tests and exports)."""

    def __init__(self, poll: Poll, demo) -> None:
        self.poll, self.demo = poll, demo
        self._gate = widgets.VBox([demo.widget])
        self.widget = widgets.VBox([*poll.widget.children, self._gate])
        if not everything_open():
            poll.on_change = self._follow
            self._follow()

    @property
    def is_open(self) -> bool:
        """Whether the demo can be seen."""
        return self._gate.layout.display != "none"

    def _follow(self) -> None:
        self._gate.layout.display = "none" if self.poll.answer is None else None

    def _ipython_display_(self) -> None:
        still = self.poll.still(self.demo.still())
        alive.show(self.widget, still, lambda: self.poll.page(page.explorer(self.demo)))


def _text(body: str) -> str:
    return (
        f'<div class="ladder" style="font-size:16px;line-height:1.5;max-width:860px">{body}</div>'
    )
