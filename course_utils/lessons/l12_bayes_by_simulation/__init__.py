"""Lesson 12, Bayes by simulation: a flow that learns posteriors from a simulator's pairs.

recall      – check yourself: three questions on lessons 05, 07 and 08
learn       – 1, a loss that knows Bayes' rule, exercise 12.1
discard     – 2, two losses: summaries and flow, exercise 12.2
covers      – 3, the other KL: round the ring
edge        – 3, a prior with edges
chain       – 4, the likelihood by quadrature, exercise 12.3
near        – 5, near enough: ABC, exercise 12.4
rungs       – 6, a ladder of gaps, exercise 12.5
calibrated  – 7, as sure as it should be, exercise 12.6
strange     – 8, when another world made the data
three       – 9, three unknowns

world holds what they share: simulated pairs, held-out series with exact posteriors, trained flows.
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l12_bayes_by_simulation.recall import recall
from course_utils.lessons.l12_bayes_by_simulation.world import (
    KINDS,
    MODEL,
    fresh,
    gaps,
    judged,
    pairs,
    series,
    shown,
    simulated,
    trained,
)
from course_utils.lessons.l12_bayes_by_simulation.learn import plot_floor, plot_truth, poll_floor
from course_utils.lessons.l12_bayes_by_simulation.discard import plot_parts, poll_mean
from course_utils.lessons.l12_bayes_by_simulation.covers import (
    Z,
    kl,
    log_densities,
    moments,
    poll_factorised,
    predict_seam,
)
from course_utils.lessons.l12_bayes_by_simulation.edge import plot_leak
from course_utils.lessons.l12_bayes_by_simulation.chain import (
    plot_exact,
    plot_series,
    poll_intractable,
)
from course_utils.lessons.l12_bayes_by_simulation.near import gaps_of, predict_more
from course_utils.lessons.l12_bayes_by_simulation.rungs import (
    gaps_of_adjusted,
    gaps_of_nearest,
    gaps_of_prior,
    gaps_of_synthetic,
    plot_rungs,
    poll_repairs,
)
from course_utils.lessons.l12_bayes_by_simulation.calibrated import (
    by_number,
    explore_number,
    poll_prior,
)
from course_utils.lessons.l12_bayes_by_simulation.strange import (
    EXACT,
    familiar,
    plot_answer,
    plot_survey,
    poll_other,
    survey,
)
from course_utils.lessons.l12_bayes_by_simulation.three import plot_three

__all__ = [
    "recall",
    "poll_floor",
    "plot_floor",
    "plot_truth",
    "poll_mean",
    "plot_parts",
    "predict_seam",
    "poll_factorised",
    "log_densities",
    "moments",
    "kl",
    "Z",
    "plot_leak",
    "poll_intractable",
    "plot_series",
    "plot_exact",
    "MODEL",
    "simulated",
    "series",
    "shown",
    "predict_more",
    "gaps_of",
    "poll_repairs",
    "KINDS",
    "pairs",
    "trained",
    "gaps",
    "gaps_of_prior",
    "gaps_of_nearest",
    "gaps_of_adjusted",
    "gaps_of_synthetic",
    "plot_rungs",
    "poll_prior",
    "explore_number",
    "by_number",
    "fresh",
    "judged",
    "poll_other",
    "survey",
    "plot_survey",
    "EXACT",
    "familiar",
    "plot_answer",
    "plot_three",
]
