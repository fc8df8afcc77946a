"""Lesson 05, variational EM: a bent decoder, and for each x the Gaussian q that serves it best.

recall         – check yourself: three questions on lessons 02 to 04
infinite_mixture – 1, bend the decoder: p(x) as a mixture of infinitely many bumps
bent_decoder   – 1, too: exercise 05.1, the evidence on a grid
average        – 2, why not simply average? The figure of prior samples
ring           – 3, a posterior that is not Gaussian: round the ring, the seam, exercise 05.2
by_hand        – 4, now you: fit q by hand
mean_field     – 5, mean field: what independence costs, exercise 05.3
algorithm      – 6, the algorithm: its drawing, and exercise 05.4, the ELBO of one point
epochs         – 7, watch it happen: snapshots of a training, their explorer, ten times the data
two_latents    – 9, digits, two latents: the figure of diagonal and full covariances
missing_pixels – 10, mean field over missing pixels: half a digit, exercises 05.5 and 05.6
headline       – 11, where the headline fails: rings ranked, the noise a bound prefers, exercise 05.7

For several of them: truth (the ring's posteriors and best q, exactly), cases (made-up inputs of
the exercises), colors.
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l05_variational_em.recall import recall
from course_utils.lessons.l05_variational_em.infinite_mixture import plot_infinite_mixture
from course_utils.lessons.l05_variational_em import bent_decoder
from course_utils.lessons.l05_variational_em.average import plot_naive
from course_utils.lessons.l05_variational_em.ring import explore_ring, poll_seam, predict_ring
from course_utils.lessons.l05_variational_em.truth import ring_points, ring_table
from course_utils.lessons.l05_variational_em.by_hand import predict_by_hand
from course_utils.lessons.l05_variational_em.mean_field import (
    mutual_information,
    predict_mean_field,
)
from course_utils.lessons.l05_variational_em.algorithm import draw_model
from course_utils.lessons.l05_variational_em.epochs import (
    BARS,
    look,
    plot_data_size,
    poll_data_size,
    predict_epochs,
)
from course_utils.lessons.l05_variational_em.two_latents import plot_two_latents
from course_utils.lessons.l05_variational_em.missing_pixels import plot_completions, poll_pixels
from course_utils.lessons.l05_variational_em.headline import (
    mean_misfit,
    plot_ranking,
    plot_rounds,
    unseen,
)

__all__ = [
    "recall",
    "plot_infinite_mixture",
    "bent_decoder",  # exercise 05.1
    "plot_naive",
    "predict_ring",
    "explore_ring",  # the README's picture
    "ring_points",
    "ring_table",  # lesson 06
    "poll_seam",
    "predict_by_hand",
    "predict_mean_field",
    "mutual_information",
    "draw_model",
    "look",
    "predict_epochs",
    "BARS",
    "poll_data_size",
    "plot_data_size",
    "plot_two_latents",
    "poll_pixels",
    "plot_completions",
    "plot_ranking",
    "mean_misfit",
    "plot_rounds",
    "unseen",
]
