"""Lesson 10, a code at work: superresolution, noise, attributes, paths, clusters.

recall     – check yourself: three questions on lessons 02, 06 and 09
half       – 1, half a picture: the arc, exercise 10.1
answer     – 2, the answer in closed form: PPCA's p(x | A x), exercise 10.2
loss       – 3, a question about the loss: five answers, exercise 10.3
noise      – 4, noise: denoising and Tweedie's formula, exercise 10.4
attribute  – 5, one attribute: naive and balanced directions, exercise 10.5
metric     – 6, how far apart are two codes, exercise 10.6
between    – 7, between two digits
clusters   – 8, clusters in the code
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l10_code_at_work.recall import recall
from course_utils.lessons.l10_code_at_work.half import (
    across,
    moments,
    plot_learnt,
    poll_draw,
    predict_answer,
)
from course_utils.lessons.l10_code_at_work.answer import VIEWS, predict_views
from course_utils.lessons.l10_code_at_work.loss import (
    left_out,
    plot_answers,
    poll_energy,
    poll_judge,
)
from course_utils.lessons.l10_code_at_work.noise import denoiser, plot_cleaned, poll_limit
from course_utils.lessons.l10_code_at_work.attribute import (
    plot_confounded,
    predict_slant,
    split,
)
from course_utils.lessons.l10_code_at_work.metric import jacobians, poll_seam, predict_chord
from course_utils.lessons.l10_code_at_work.between import (
    grid,
    judge,
    explore_paths,
    plot_between,
    poll_inside,
    ways,
)
from course_utils.lessons.l10_code_at_work.clusters import (
    AGREEMENT,
    PRIORS,
    agreement,
    autoencoder,
    k_means,
    plot_agreement,
    plot_confusion,
    poll_dims,
    poll_prior,
)

__all__ = [
    "recall",
    "predict_answer",
    "across",
    "plot_learnt",
    "moments",
    "poll_draw",
    "predict_views",
    "VIEWS",
    "poll_energy",
    "autoencoder",
    "grid",
    "left_out",
    "plot_answers",
    "poll_judge",
    "poll_limit",
    "denoiser",
    "plot_cleaned",
    "plot_confounded",
    "predict_slant",
    "split",
    "jacobians",
    "poll_seam",
    "predict_chord",
    "ways",
    "explore_paths",
    "plot_between",
    "judge",
    "poll_inside",
    "poll_dims",
    "k_means",
    "agreement",
    "plot_agreement",
    "plot_confusion",
    "AGREEMENT",
    "poll_prior",
    "PRIORS",
]
