"""Lesson 00, neural regression: what does a perfect network score?

- recall – Check yourself: three questions from before the course
- sine – 1 · Data whose answer we know: the figure of the data
- network – 2 · A network, line by line, and 4 · Training, by hand: a network's predictions
- gradients – 3 · Gradients without error: finite differences beside autograd; exercise 00.1
- perfect_score – 5 · The score of a perfect network: the training loss and its floor
- likelihood – 6 · Squared error is a likelihood: the best variance, nats; exercises 00.2 and 00.3
- learning_rate – 7 · How long a step?: descent in a valley; exercises 00.4 and 00.5
- parabola – 7 · How long a step?: three step lengths in one dimension
- other_parts – 8 · Other parts, same floor: 32 networks trained side by side
- unsaid – 9 · What the score does not say: outside the data, with twenty points; exercise 00.6

For several of them: drawing (lines, the sine with its data), cases (what exercises are tried on).
"""

from course_utils.lessons.l00_neural_regression.gradients import predict_step
from course_utils.lessons.l00_neural_regression.learning_rate import (
    poll_momentum,
    predict_rate,
)
from course_utils.lessons.l00_neural_regression.likelihood import (
    plot_density,
    poll_miss,
    poll_uneven,
)
from course_utils.lessons.l00_neural_regression.network import plot_fit, poll_backprop
from course_utils.lessons.l00_neural_regression.other_parts import (
    GRID,
    explore_choices,
    mean_and_error,
    train_choices,
)
from course_utils.lessons.l00_neural_regression.parabola import plot_steps
from course_utils.lessons.l00_neural_regression.perfect_score import plot_training
from course_utils.lessons.l00_neural_regression.recall import recall
from course_utils.lessons.l00_neural_regression.sine import plot_data
from course_utils.lessons.l00_neural_regression.unsaid import plot_few, poll_few, predict_beyond

__all__ = [  # noqa: RUF022 – in the notebook's order
    "recall",
    "plot_data",
    "plot_fit",
    "predict_step",
    "poll_backprop",
    "plot_training",
    "plot_density",
    "poll_miss",
    "poll_uneven",
    "plot_steps",
    "predict_rate",
    "GRID",
    "train_choices",
    "explore_choices",
    "mean_and_error",
    "poll_momentum",
    "predict_beyond",
    "poll_few",
    "plot_few",
]
