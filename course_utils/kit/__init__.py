"""The classroom: figures, explorers, polls, exercises, claims. It knows no maths.

Importing it sets matplotlib's defaults to the course's theme.
"""

from course_utils.kit import style
from course_utils.kit.chart import plot_ladder
from course_utils.kit.claim import claim
from course_utils.kit.exercise import Exercise, Mistake, check, hint, solution
from course_utils.kit.explorer import Buttons, Explorer
from course_utils.kit.figure import figure
from course_utils.kit.poll import Option, Poll, predict
from course_utils.kit.source import show

__all__ = [
    "Buttons",
    "Exercise",
    "Explorer",
    "Mistake",
    "Option",
    "Poll",
    "check",
    "claim",
    "figure",
    "hint",
    "plot_ladder",
    "predict",
    "show",
    "solution",
    "style",
]

style.apply()
