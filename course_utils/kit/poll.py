"""Questions to commit to before the answer is shown."""

import html
import os
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from course_utils.kit import alive, style

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
    """A question with buttons; the first click commits and shows why each option is right or wrong.

    question, options: plain text. There must be two to six options, at least one of them right.
    """

    def __init__(self, question: str, options: list[Option]) -> None:
        if not 2 <= len(options) <= 6 or not any(option.right for option in options):
            raise ValueError("options must be two to six, at least one of them right")
        self.question, self.options = question, options
        self.answer: int | None = None
        self.after_commit: Callable[[], None] = lambda: None
        self._question = widgets.HTML(style.SHEET + _text(f"<b>{html.escape(question)}</b>"))
        self._buttons = widgets.VBox([self._button(index) for index in range(len(options))])
        self._reveal = widgets.HTML()
        self.widget = widgets.VBox([self._question, self._buttons, self._reveal])

    def commit(self, index: int) -> None:
        """Answer with the option of this index; later answers change nothing."""
        if self.answer is None:
            self.answer = index
            self._buttons.layout.display = "none"
            self._reveal.value = self._explanation(index)
            self.after_commit()

    def _button(self, index: int) -> widgets.Button:
        button = widgets.Button(
            description=f"{'ABCDEF'[index]}.  {self.options[index].text}",
            layout=widgets.Layout(
                width="calc(100% - 4px)", max_width="860px", height="auto", min_height="40px"
            ),
        )
        button.add_class("ladder-option")
        button.on_click(lambda _: self.commit(index))
        return button

    def _explanation(self, chosen: int | None = None) -> str:
        rows = []
        for index, option in enumerate(self.options):
            sign, word = ("✓", "right") if option.right else ("✗", "wrong")
            yours = " – your answer" if index == chosen else ""
            weight = "bold" if index == chosen else "normal"
            rows.append(
                f'<li style="margin:.3em 0"><span style="font-weight:{weight}">{sign} '
                f"{'ABCDEF'[index]}. {html.escape(option.text)}</span> ({word}{yours})<br>"
                f"{html.escape(option.why)}</li>"
            )
        return _text(f'<ul style="list-style:none;padding-left:0">{"".join(rows)}</ul>')

    def still(self) -> str:
        """The question as HTML for where no kernel runs; the answers fold out."""
        options = "".join(
            f"<li>{'ABCDEF'[i]}. {html.escape(o.text)}</li>" for i, o in enumerate(self.options)
        )
        return _text(
            f"<b>{html.escape(self.question)}</b>"
            f'<ul style="list-style:none">{options}</ul>'
            f"<details><summary>The answer</summary>{self._explanation()}</details>"
        )

    def _ipython_display_(self) -> None:
        alive.show(self.widget, self.still())


def predict(question: str, options: list[Option], demo) -> "Prediction":
    """A poll that keeps a demo closed until it is answered."""
    return Prediction(Poll(question, options), demo)


class Prediction:
    """Question, demo, explanation: the demo opens with the answer (and in tests and exports)."""

    def __init__(self, poll: Poll, demo) -> None:
        self.poll, self.demo = poll, demo
        question, buttons, explanation = poll.widget.children
        self._gate = widgets.VBox([demo.widget])
        # Observe before the explanation: the demo stands between them.
        self.widget = widgets.VBox([question, buttons, self._gate, explanation])
        if not everything_open():
            self._gate.layout.display = "none"
            poll.after_commit = self.open

    @property
    def is_open(self) -> bool:
        """Whether the demo can be seen."""
        return self._gate.layout.display != "none"

    def open(self) -> None:
        """Show the demo."""
        self._gate.layout.display = None

    def _ipython_display_(self) -> None:
        alive.show(self.widget, self.poll.still() + self.demo.still())


def _text(body: str) -> str:
    return (
        f'<div class="ladder" style="font-size:16px;line-height:1.5;max-width:860px">{body}</div>'
    )
