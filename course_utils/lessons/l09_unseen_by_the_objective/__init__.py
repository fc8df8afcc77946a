"""Lesson 09, unseen by the objective: what one score leaves open.

recall     – check yourself: three questions on lessons 02, 06 and 08
slider     – 1, the invisible slider: rate and distortion of one density, exercise 09.1
decides    – 2, who decides: the start, the decoder, free bits; exercise 09.2
worth      – 3, rate is not worth: decoders that see fewer pixels
plane      – 4, rate and distortion: reverse water-filling, exercise 09.3
prior      – 5, what could another prior gain: surgery, the hole, exercise 09.4
hierarchy  – 6, a hierarchy is a learned prior
samples    – 7, good samples and a good score
discrete   – 8, a discrete code: gradients of ten classes, exercise 09.6
clusters   – 9, clusters and likelihood
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l09_unseen_by_the_objective.recall import recall
from course_utils.lessons.l09_unseen_by_the_objective.slider import predict_slider
from course_utils.lessons.l09_unseen_by_the_objective.decides import (
    alone,
    learn,
    linear_starts,
    plot_trainings,
    poll_free_bits,
    poll_silent,
)
from course_utils.lessons.l09_unseen_by_the_objective.worth import WORTH, plot_worth
from course_utils.lessons.l09_unseen_by_the_objective.plane import (
    BENT,
    eigenvalues,
    explore_plane,
    gaussian_rate,
    linear,
)
from course_utils.lessons.l09_unseen_by_the_objective.prior import (
    in_hole,
    plot_hole,
    predict_gain,
)
from course_utils.lessons.l09_unseen_by_the_objective.hierarchy import (
    ALONG,
    NODES,
    SIGMA2,
    VARIANCE,
    Stack,
    Tower,
    clumps,
    explore_tower,
    rates,
)
from course_utils.lessons.l09_unseen_by_the_objective.samples import (
    fog,
    noisy,
    plot_crowds,
    plot_noise,
    poll_noise,
    predict_fog,
)
from course_utils.lessons.l09_unseen_by_the_objective.discrete import (
    ELBOS,
    exact_gradient,
    explore_temperature,
    learn as learn_classes,
    one_image,
    plot_classes,
    plot_elbos,
)
from course_utils.lessons.l09_unseen_by_the_objective.clusters import (
    OTHERS,
    STARTS,
    accuracy,
    binary,
    from_labels,
    plot_starts,
    predict_start,
)

__all__ = [
    "recall",
    "predict_slider",
    "poll_silent",
    "linear_starts",
    "learn",
    "alone",
    "poll_free_bits",
    "plot_trainings",
    "plot_worth",
    "WORTH",
    "explore_plane",
    "linear",
    "eigenvalues",
    "BENT",
    "gaussian_rate",
    "predict_gain",
    "in_hole",
    "plot_hole",
    "explore_tower",
    "ALONG",
    "NODES",
    "SIGMA2",
    "VARIANCE",
    "Stack",
    "Tower",
    "clumps",
    "rates",
    "poll_noise",
    "noisy",
    "plot_noise",
    "predict_fog",
    "fog",
    "plot_crowds",
    "learn_classes",
    "plot_classes",
    "one_image",
    "exact_gradient",
    "explore_temperature",
    "plot_elbos",
    "ELBOS",
    "predict_start",
    "binary",
    "accuracy",
    "from_labels",
    "plot_starts",
    "STARTS",
    "OTHERS",
]
