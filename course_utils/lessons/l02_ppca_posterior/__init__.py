"""Lesson 02, the PPCA posterior: what do we know about z once we have seen x?

recall                 – check yourself: three questions on lessons 00 and 01
making_data            – 1, a model that makes data: the figure of its samples
brute_force            – 2, turn it round, by brute force: prior times likelihood
algebra                – 3, turn it round, by algebra: exercise 02.1
shrinking              – 4, shrinking, and the way back to PCA: the noise goes to 0
closed_form            – 6, learning W, μ and σ² in closed form: exercises 02.2, 02.3 and 02.4
spectrum               – 6, the same: the likelihood for every noise and number of latents
stochastic_autoencoder – 7, a stochastic autoencoder: digits encoded, drawn and decoded
filling                – 7, the same: exercise 02.5, pixels that nobody has seen
digits                 – 8, how probable is a digit? The evidence for every number of latents
curved_decoder         – 9, if an assumption goes: a posterior whose width depends on x
units                  – 9, the same: what a change of units does to PPCA

For several of them: toy_model (one latent, two dimensions). Section 5 uses the library alone.
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l02_ppca_posterior.recall import recall
from course_utils.lessons.l02_ppca_posterior.toy_model import toy
from course_utils.lessons.l02_ppca_posterior.making_data import plot_samples
from course_utils.lessons.l02_ppca_posterior.brute_force import predict_posterior
from course_utils.lessons.l02_ppca_posterior import algebra
from course_utils.lessons.l02_ppca_posterior.shrinking import explore_collapse
from course_utils.lessons.l02_ppca_posterior import closed_form
from course_utils.lessons.l02_ppca_posterior.spectrum import predict_noise
from course_utils.lessons.l02_ppca_posterior.stochastic_autoencoder import explore_reconstructions
from course_utils.lessons.l02_ppca_posterior.filling import plot_filled
from course_utils.lessons.l02_ppca_posterior.digits import plot_digits
from course_utils.lessons.l02_ppca_posterior.curved_decoder import predict_curved
from course_utils.lessons.l02_ppca_posterior.units import predict_units

__all__ = [
    "recall",
    "toy",
    "plot_samples",
    "predict_posterior",
    "algebra",  # exercise 02.1
    "explore_collapse",
    "closed_form",  # exercises 02.2, 02.3 and 02.4
    "predict_noise",
    "explore_reconstructions",
    "plot_filled",
    "plot_digits",
    "predict_curved",
    "predict_units",
]
