"""Lesson 13, latent SDEs: a random path, steered through the data.

recall   – check yourself: three questions on lessons 03, 04 and 08
cases    – the two series of the lesson
path     – 1, a random path: Euler's steps, exercise 13.1
price    – 2, what a push costs: weights of paths, exercise 13.2
ahead    – 3, what is still to come: the exact push, exercise 13.3
noise    – 4, why the same noise, and two errors, exercise 13.4
wells    – 5, two wells: the push on a grid, exercise 13.5
carried  – 5, the bound by carrying masses over the grid, exercise 13.6
bell     – 6, one bell, or a network
network  – 7, one network for every series
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l13_latent_sde.recall import recall
from course_utils.lessons.l13_latent_sde.cases import NODES, euler, exact, one
from course_utils.lessons.l13_latent_sde.path import plot_paths, poll_step
from course_utils.lessons.l13_latent_sde.price import predict_steer
from course_utils.lessons.l13_latent_sde.ahead import predict_ahead
from course_utils.lessons.l13_latent_sde.noise import plot_errors, predict_noise
from course_utils.lessons.l13_latent_sde.wells import plot_crossing, predict_wells, right_of_0
import course_utils.lessons.l13_latent_sde.carried  # noqa: F401 (makes exercise 13.6)
from course_utils.lessons.l13_latent_sde.bell import learn, poll_bell
from course_utils.lessons.l13_latent_sde.network import (
    draw_series,
    gaps,
    learn_reader,
    plot_gaps,
    poll_reading,
)

__all__ = [
    "recall",
    "poll_step",
    "plot_paths",
    "predict_steer",
    "predict_ahead",
    "exact",
    "euler",
    "predict_noise",
    "plot_errors",
    "NODES",
    "one",
    "predict_wells",
    "right_of_0",
    "plot_crossing",
    "poll_bell",
    "learn",
    "poll_reading",
    "learn_reader",
    "draw_series",
    "gaps",
    "plot_gaps",
]
