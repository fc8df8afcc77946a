"""Lesson 04, gradients of expectations.

recall             Check yourself
average         1  nine samples follow a step of q, moved or reweighted
move            3  the pathwise gradient; exercise 04.1
reweight        4  the score-function gradient; exercise 04.2
baseline        5  the best baseline; exercise 04.3
which_one       5  which estimator is less noisy, and where they are equal; exercise 04.4
more_samples    5  more samples, more dimensions
wrong_gradient  6  the climb with the wrong gradient beside the right one

estimators: the two in the figures, with their colours and exact variances.
draws: random numbers for the exercises and the figures.
"""

# ruff: noqa: I001, RUF022 (imports and names in the notebook's order)
from course_utils.lessons.l04_reparameterization.recall import recall
from course_utils.lessons.l04_reparameterization.average import predict_step
from course_utils.lessons.l04_reparameterization import move, reweight
from course_utils.lessons.l04_reparameterization.baseline import best_baseline
from course_utils.lessons.l04_reparameterization.which_one import predict_variance
from course_utils.lessons.l04_reparameterization.estimators import cos_variances
from course_utils.lessons.l04_reparameterization.more_samples import plot_dimension, plot_error
from course_utils.lessons.l04_reparameterization.wrong_gradient import predict_descent

__all__ = [
    "recall",
    "predict_step",
    "move",
    "reweight",
    "best_baseline",
    "predict_variance",
    "cos_variances",
    "plot_error",
    "plot_dimension",
    "predict_descent",
]
