"""Lesson 03, EM as ELBO ascent.

recall               Check yourself
hill           1     a bound that touches the likelihood, and where it leads
identity       2     log p = ELBO + KL, for every q; exercise 03.1, a q on one label
e_and_m        3     the two steps, one at a time; exercise 03.2, a pair with one label
em_for_ppca    4, 5  EM for PPCA and factor analysis; exercises 03.3 and 03.4, a round q
real_data      6     EM reaches the closed form
eigengap       7     how fast the plane turns; exercise 03.5
another_model  8     a mixture of two Gaussians; k-means
counts         8     a mixture of Poissons; exercise 03.6
missing        9     a table with holes; exercise 03.7
spike          10    a likelihood without a maximum

draws: random numbers to try the exercises on.
"""

# ruff: noqa: I001, RUF022 (imports and names in the notebook's order)
from course_utils.lessons.l03_em_elbo.recall import recall
from course_utils.lessons.l03_em_elbo.hill import em_path, explore_bound, one_parameter_log_evidence
from course_utils.lessons.l03_em_elbo.identity import mixture_elbo, plot_every_q
from course_utils.lessons.l03_em_elbo.e_and_m import (
    poll_m_step,
    predict_steps,
    stepper_data,
)
from course_utils.lessons.l03_em_elbo import em_for_ppca
from course_utils.lessons.l03_em_elbo.real_data import plot_convergence
from course_utils.lessons.l03_em_elbo.eigengap import explore_contraction
from course_utils.lessons.l03_em_elbo.another_model import plot_hardening, plot_mixture
from course_utils.lessons.l03_em_elbo.counts import calls, plot_counts
from course_utils.lessons.l03_em_elbo.missing import holes, many_tables, plot_missing
from course_utils.lessons.l03_em_elbo.spike import predict_spike

__all__ = [
    "recall",
    "explore_bound",
    "em_path",
    "one_parameter_log_evidence",
    "mixture_elbo",
    "plot_every_q",
    "predict_steps",
    "poll_m_step",
    "em_for_ppca",
    "plot_convergence",
    "explore_contraction",
    "stepper_data",
    "plot_mixture",
    "plot_hardening",
    "calls",
    "plot_counts",
    "holes",
    "many_tables",
    "plot_missing",
    "predict_spike",
]
