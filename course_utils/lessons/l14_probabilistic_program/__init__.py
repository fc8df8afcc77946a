"""Lesson 14, a probabilistic program: model and guide in one language.

recall     – check yourself: three questions on lessons 03, 04 and 08
trace      – 1 and 2, a model is a program: the coin, its trace and its guide
objective  – 3, the objective decides how gradients flow: exercises 14.1, 14.2
shapes     – 4, batch or event: exercise 14.3
models     – 5, old models in new words: exercise 14.4
images     – 6, images while it trains
doing      – 7, to see and to do: exercise 14.5
rate       – 8, a model of your own: exercises 14.6, 14.7
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l14_probabilistic_program.recall import recall
from course_utils.lessons.l14_probabilistic_program.trace import (
    Coin,
    Guide,
    evidence,
    fit_guide,
    plot_fits,
    predict_trace,
)
from course_utils.lessons.l14_probabilistic_program.objective import (
    estimates,
    exact_gradient,
    predict_naive,
)
from course_utils.lessons.l14_probabilistic_program.shapes import poll_shapes
from course_utils.lessons.l14_probabilistic_program.models import (
    Generator,
    Variational,
    plot_graphs,
)
from course_utils.lessons.l14_probabilistic_program.images import (
    Reader,
    Writer,
    fit_and_watch,
    plot_watched,
)
from course_utils.lessons.l14_probabilistic_program.doing import poll_do
from course_utils.lessons.l14_probabilistic_program.rate import plot_rates

__all__ = [
    "recall",
    "Coin",
    "Guide",
    "evidence",
    "predict_trace",
    "fit_guide",
    "plot_fits",
    "predict_naive",
    "estimates",
    "exact_gradient",
    "poll_shapes",
    "plot_graphs",
    "Generator",
    "Variational",
    "Writer",
    "Reader",
    "fit_and_watch",
    "plot_watched",
    "poll_do",
    "plot_rates",
]
