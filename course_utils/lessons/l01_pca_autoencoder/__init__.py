"""Lesson 01, PCA as an autoencoder: what does a linear autoencoder learn?

recall          – check yourself: three questions on lesson 00 and on matrices
line            – 1, one line for a cloud of points: what it keeps and what it loses
encoder_decoder – 2, encoder and decoder, drawn: exercise 01.1
loss            – 3, the loss, in full: weights on the spectrum, exercise 01.2
images          – 4, real images: digits rebuilt from H components
network         – 5, let a network find it: its training, exercise 01.3, axes that can be mixed
saddles         – 6, how training goes: plateaus, the way down from a saddle, exercise 01.4
penalty         – 7, a penalty that brings the axes back: exercise 01.5
denoise         – 8, what PCA does not do: exercise 01.6

For several of them: variance (kept and left out), cases (made-up inputs of the exercises).
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l01_pca_autoencoder.recall import recall
from course_utils.lessons.l01_pca_autoencoder.line import cloud, predict_rotation
from course_utils.lessons.l01_pca_autoencoder.encoder_decoder import draw_autoencoder
from course_utils.lessons.l01_pca_autoencoder.loss import plot_weights
from course_utils.lessons.l01_pca_autoencoder.images import explore_components
from course_utils.lessons.l01_pca_autoencoder.network import (
    plot_training,
    predict_axes,
)
from course_utils.lessons.l01_pca_autoencoder.saddles import (
    explore_plateaus,
    plot_saddle,
    predict_plateaus,
)
from course_utils.lessons.l01_pca_autoencoder.variance import SPECTRUM
from course_utils.lessons.l01_pca_autoencoder.penalty import plot_axes, poll_columns
from course_utils.lessons.l01_pca_autoencoder import denoise

__all__ = [
    "recall",
    "cloud",
    "predict_rotation",
    "draw_autoencoder",
    "plot_weights",
    "explore_components",
    "plot_training",
    "predict_axes",
    "predict_plateaus",
    "explore_plateaus",  # the README's picture
    "plot_saddle",
    "SPECTRUM",
    "plot_axes",
    "poll_columns",
    "denoise",  # exercise 01.6
]
