"""Lesson 06, amortised inference: can one network answer for every data point?

- recall – Check yourself: three questions, from lessons 04, 05 and 02
- new_points – 1 · A table that knows no new points: what a new data point costs
- plain_sight – 2 · All of it, in plain sight: head and ELBO by hand; exercises 06.1 and 06.2
- textbook – 2 · The textbook's fair trial: its VAE of the arc, run to the end
- distribution – 3 · Has it learned the distribution? Its samples and its density
- three_numbers – 4 · Three numbers in place of one: the two gaps, and who pays; exercise 06.3
- thermometer – 5 · A thermometer for the encoder: the gaps round the ring, by width
- black_and_white – 7 · Digits in black and white: the latent map, rows of images, an autoencoder
- linear_vae – 8 · Strip it down: the linear VAE, trained without sampling; exercise 06.4
- collapse – 8 · Which units live, by the water line; and whose fault collapse is

For several of them: cases (what exercises are tried on). Sections 6 and 9 use the library alone.
"""

from course_utils.lessons.l06_vae import plain_sight  # its exercises
from course_utils.lessons.l06_vae.black_and_white import (
    explore_latent,
    fit_autoencoder,
    plot_images,
    plot_traversal,
)
from course_utils.lessons.l06_vae.collapse import COLLAPSE, explore_collapse, poll_collapse
from course_utils.lessons.l06_vae.distribution import plot_arc
from course_utils.lessons.l06_vae.linear_vae import (
    fit_linear,
    kl_of_units,
    linear_elbo,
    same_moments,
)
from course_utils.lessons.l06_vae.new_points import poll_new_point
from course_utils.lessons.l06_vae.recall import recall
from course_utils.lessons.l06_vae.textbook import TEXTBOOK, TEXTBOOK_EPOCHS, plot_textbook
from course_utils.lessons.l06_vae.thermometer import DEGREES, WIDTHS, predict_gaps, ring_gaps
from course_utils.lessons.l06_vae.three_numbers import plot_seam

__all__ = [  # noqa: RUF022 – in the notebook's order
    "recall",
    "poll_new_point",
    "plain_sight",
    "plot_textbook",
    "TEXTBOOK",
    "TEXTBOOK_EPOCHS",
    "plot_arc",
    "plot_seam",
    "predict_gaps",
    "ring_gaps",
    "WIDTHS",
    "DEGREES",
    "explore_latent",
    "plot_traversal",
    "plot_images",
    "fit_autoencoder",
    "explore_collapse",
    "same_moments",
    "fit_linear",
    "kl_of_units",
    "linear_elbo",
    "poll_collapse",
    "COLLAPSE",
]
