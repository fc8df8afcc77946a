"""Lesson 04, gradients of expectations.

recall             Check yourself
average         1  nine samples follow a step of q, moved or reweighted
hides           2  the slope of a density
move            3  the pathwise gradient of the ELBO: exercise 04.1
reweight        4  the score-function gradient of a count: exercise 04.2
baseline        5  how single estimates scatter; the best baseline: exercise 04.3
which_one       6  which estimator is less noisy
noise           6  their noise as areas, and where both are equal
more_samples    6  more samples, more dimensions
mix             6  the best mix of the two: exercise 04.4
wrong_gradient  7  the climb with the wrong gradient beside the right one
diagnose        7  three snippets: exercise 04.5
jump            9  what a jump hides, and a pathwise gradient that sees it: exercise 04.6
coin           10  four gradients for one coin

estimators: the two in the figures, with their colours and exact variances.
"""

# ruff: noqa: I001, RUF022 (imports and names in the notebook's order)
from course_utils.lessons.l04_reparameterization.recall import recall
from course_utils.lessons.l04_reparameterization.average import predict_step
from course_utils.lessons.l04_reparameterization.hides import plot_density_slope
from course_utils.lessons.l04_reparameterization.move import plot_noise_to_samples
from course_utils.lessons.l04_reparameterization.reweight import plot_votes
from course_utils.lessons.l04_reparameterization.baseline import best_baseline, plot_scatter
from course_utils.lessons.l04_reparameterization.which_one import predict_variance
from course_utils.lessons.l04_reparameterization.noise import plot_crossing, plot_noise
from course_utils.lessons.l04_reparameterization.estimators import cos_variances, square_variances
from course_utils.lessons.l04_reparameterization.more_samples import plot_dimension, plot_error
from course_utils.lessons.l04_reparameterization import mix
from course_utils.lessons.l04_reparameterization.wrong_gradient import predict_descent
from course_utils.lessons.l04_reparameterization import diagnose
from course_utils.lessons.l04_reparameterization.jump import plot_jump
from course_utils.lessons.l04_reparameterization.coin import plot_coin

__all__ = [
    "recall",
    "predict_step",
    "plot_density_slope",
    "plot_noise_to_samples",
    "plot_votes",
    "plot_scatter",
    "best_baseline",
    "square_variances",
    "predict_variance",
    "plot_noise",
    "plot_crossing",
    "cos_variances",
    "plot_error",
    "plot_dimension",
    "mix",  # exercise 04.4
    "predict_descent",
    "diagnose",  # exercise 04.5
    "plot_jump",
    "plot_coin",
]
