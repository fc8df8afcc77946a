"""Lesson 01, PCA as an autoencoder: what does a linear autoencoder learn?

recall          – check yourself: three questions on lesson 00 and on matrices
line            – 1, one line for a cloud of points: what it keeps and what it loses
encoder_decoder – 2, encoder and decoder: exercise 01.1
loss            – 3, the loss, in full: exercise 01.2
images          – 4, real images: digits rebuilt from H components
network         – 5, let a network find it: its training, exercise 01.3, axes that can be mixed
saddles         – 6, why training stalls: plateaus, the way down from a saddle, exercise 01.4

For several of them: variance (kept and left out), cases (made-up inputs of the exercises).
Sections 7 and 8 use the library alone.
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l01_pca_autoencoder.recall import recall
from course_utils.lessons.l01_pca_autoencoder.line import cloud, predict_rotation
from course_utils.lessons.l01_pca_autoencoder import encoder_decoder, loss
from course_utils.lessons.l01_pca_autoencoder.images import explore_components
from course_utils.lessons.l01_pca_autoencoder.network import (
    explore_mixing,
    plot_training,
    poll_axes,
)
from course_utils.lessons.l01_pca_autoencoder.saddles import (
    SPECTRUM,
    explore_plateaus,
    plot_saddle,
    predict_plateaus,
)

__all__ = [
    "recall",
    "cloud",
    "predict_rotation",
    "encoder_decoder",  # exercise 01.1
    "loss",  # exercise 01.2
    "explore_components",
    "plot_training",
    "poll_axes",
    "explore_mixing",
    "predict_plateaus",
    "explore_plateaus",  # the README's picture
    "plot_saddle",
    "SPECTRUM",
]
