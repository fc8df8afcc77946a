"""Lesson 06, amortised inference: can one network answer for every data point?

- recall – Check yourself: three questions, from lessons 04, 05 and 02
- new_points – 1 · One row for every point: what a new one costs; Alice, Bob and the VAE
- plain_sight – 2 · All of it, in plain sight: KL and ELBO by hand; exercises 06.1 and 06.2
- loop – 2 · A training loop with two planted bugs; exercise 06.3
- two_noises – 2 · The minibatch's noise and the sample's, told apart; exercise 06.4
- distribution – 3 · Has it learned the distribution? An infinite mixture, samples, density
- three_numbers – 4 · Three numbers in place of one: the two gaps, what to mend, and who pays
- textbook – 4 · The textbook's fair trial: its VAE of the arc, run to the end
- thermometer – 5 · A thermometer for the encoder: the gaps round the ring, by width
- digits – 6 · Real data: its training's curves, and reconstructions
- black_and_white – 7 · Digits in black and white: the latent map, rows of images, an autoencoder
- linear_vae – 8 · Strip it down: the linear VAE, trained without sampling
- rotation – 8 · Which rotation a diagonal q picks; exercise 06.6
- collapse – 8 · Which units live, predicted and trained; and whose fault collapse is
- loss_to_noise – 8 · What a loss says of the noise; exercise 06.5
- sharing – 9 · Encoder and decoder, trained together: a table against an encoder
"""

from course_utils.lessons.l06_vae import loop, plain_sight  # their exercises
from course_utils.lessons.l06_vae.black_and_white import (
    explore_latent,
    fit_autoencoder,
    plot_images,
    plot_traversal,
)
from course_utils.lessons.l06_vae.collapse import (
    ACTIVE,
    COLLAPSE,
    explore_collapse,
    plot_active,
    plot_wall,
    poll_collapse,
)
from course_utils.lessons.l06_vae.digits import fit_and_watch, plot_curves, plot_reconstructions
from course_utils.lessons.l06_vae.distribution import explore_mixture, plot_arc
from course_utils.lessons.l06_vae.linear_vae import (
    fit_linear,
    kl_of_units,
    linear_elbo,
    same_moments,
)
from course_utils.lessons.l06_vae.loss_to_noise import trained_by
from course_utils.lessons.l06_vae.new_points import plot_bob, plot_vae, poll_new_point
from course_utils.lessons.l06_vae.recall import recall
from course_utils.lessons.l06_vae.rotation import plot_rotation, turned
from course_utils.lessons.l06_vae.sharing import RACE, plot_race, poll_cure
from course_utils.lessons.l06_vae.textbook import TEXTBOOK, TEXTBOOK_EPOCHS, plot_textbook
from course_utils.lessons.l06_vae.thermometer import DEGREES, WIDTHS, predict_gaps, ring_gaps
from course_utils.lessons.l06_vae.three_numbers import plot_seam, poll_remedy
from course_utils.lessons.l06_vae.two_noises import plot_noises, poll_budget

__all__ = [  # noqa: RUF022 – in the notebook's order
    "recall",
    "poll_new_point",
    "plot_vae",
    "plain_sight",
    "loop",
    "poll_budget",
    "plot_noises",
    "explore_mixture",
    "plot_arc",
    "plot_bob",
    "poll_remedy",
    "plot_textbook",
    "TEXTBOOK",
    "TEXTBOOK_EPOCHS",
    "plot_seam",
    "predict_gaps",
    "ring_gaps",
    "WIDTHS",
    "DEGREES",
    "fit_and_watch",
    "plot_curves",
    "plot_reconstructions",
    "explore_latent",
    "plot_traversal",
    "plot_images",
    "fit_autoencoder",
    "plot_rotation",
    "turned",
    "plot_wall",
    "explore_collapse",
    "same_moments",
    "fit_linear",
    "kl_of_units",
    "linear_elbo",
    "plot_active",
    "ACTIVE",
    "poll_collapse",
    "trained_by",
    "COLLAPSE",
    "poll_cure",
    "RACE",
    "plot_race",
]
