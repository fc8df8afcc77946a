"""Hidden Markov chains: filters and smoothers on a grid, for linear Gaussian chains, by particles.

A chain z_1, ..., z_T, seen through y_1, ..., y_T. A step at which nothing was seen has likelihood
1: a row of zeros in `log_likelihood`, a row of False in `seen`. All log-evidences are in nats, of
the whole series.
"""

from course_utils.filtering.grid import (
    Filtered,
    backward,
    forward,
    forward_backward,
    transition,
)
from course_utils.filtering.linear import LinearGaussian, Moments, kalman, rts
from course_utils.filtering.particles import Particles, particle

__all__ = [
    "Filtered",
    "LinearGaussian",
    "Moments",
    "Particles",
    "backward",
    "forward",
    "forward_backward",
    "kalman",
    "particle",
    "rts",
    "transition",
]
