"""Lesson 08, beyond the ELBO: what makes a bound tight?

recall    – check yourself: three questions on lessons 04 to 06
spread    – 1, one average under the logarithm: the spread of its estimates, exercise 08.1
cover     – 2, which q for many samples: two with one ELBO gap, exercise 08.2
seam      – 2 and 6, the best q at the ring's seam, for K samples and for Renyi's order
gradients – 3, a tight bound and its gradient: clouds of estimates, exercise 08.3
annealing – 4, many small steps: the evidence as an area, exercises 08.4 and 08.5
budget    – 5, evidence for any number of latents: PPCA, where truth is known
upper     – 6, from above: Renyi's family, estimates that fall through, exercise 08.6
chains    – 7, chains and rejection at the ring
training  – 8, training with K = 5
sleeping  – 9, the sleep phase

For several of them: cases (the small models).
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l08_beyond_the_elbo.recall import recall
from course_utils.lessons.l08_beyond_the_elbo.spread import explore_spread
from course_utils.lessons.l08_beyond_the_elbo.cases import (
    correlated,
    on_ring,
    seam_log_joint,
    seam_weights,
    standard,
)
from course_utils.lessons.l08_beyond_the_elbo.cover import predict_same_elbo
from course_utils.lessons.l08_beyond_the_elbo.seam import (
    SEAM,
    explore_best_renyi_q,
    predict_cover,
    renyi_exact,
)
from course_utils.lessons.l08_beyond_the_elbo.gradients import (
    exact_gradient,
    predict_noise,
)
from course_utils.lessons.l08_beyond_the_elbo.annealing import (
    exact_states,
    predict_area,
    sums,
)
from course_utils.lessons.l08_beyond_the_elbo.budget import (
    SHORT,
    explore_budget,
    mean_field,
    quietly,
    turned,
)
from course_utils.lessons.l08_beyond_the_elbo.upper import plot_falling_through, poll_harmonic
from course_utils.lessons.l08_beyond_the_elbo.chains import plot_chains
from course_utils.lessons.l08_beyond_the_elbo.training import (
    EQUAL,
    RUNS,
    plot_training,
    poll_training,
)
from course_utils.lessons.l08_beyond_the_elbo.sleeping import plot_sleep, ring_gaps

__all__ = [
    "recall",
    "explore_spread",
    "standard",
    "predict_same_elbo",
    "correlated",
    "predict_cover",
    "SEAM",
    "seam_log_joint",
    "seam_weights",
    "predict_noise",
    "exact_gradient",
    "predict_area",
    "sums",
    "exact_states",
    "turned",
    "mean_field",
    "quietly",
    "explore_budget",
    "SHORT",
    "explore_best_renyi_q",
    "renyi_exact",
    "poll_harmonic",
    "plot_falling_through",
    "on_ring",
    "plot_chains",
    "poll_training",
    "plot_training",
    "RUNS",
    "EQUAL",
    "plot_sleep",
    "ring_gaps",
]
