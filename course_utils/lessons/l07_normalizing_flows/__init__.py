"""Lesson 07, normalizing flows: how does a Gaussian become two moons?

recall         – check yourself: three questions on lessons 04 to 06
mass           – 1, mass is conserved: twenty bins of equal mass, exercise 07.1
volume         – 2, more dimensions: volume
planar         – 3, which maps? Planar and radial layers, exercise 07.2
coupling       – 3, triangular Jacobians: coupling layers, exercises 07.3 and 07.4
passes         – 3, every dimension by all before it: MAF or IAF
splines        – 3, a better one-dimensional map
small_steps    – 3, infinitely many layers: exercise 07.5
fitting        – 4, fitting densities: two peaks, a flow beside the truth
layers         – 4, two moons, layer by layer
topology       – 5, can a flow be anything? The ring's hole, a gap's slope, exercise 07.6
seam           – 6, a flow as posterior: the ring's seam, exercise 07.7
autoencoder    – 7, a richer q in the autoencoder: where it goes in, a mixture's branches, the gaps

For several of them: truths (the densities of ring, moons and checkerboard), warp (layers of the
plane, drawn), plane (grid, pixels, and their way through layers).
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l07_normalizing_flows.recall import recall
from course_utils.lessons.l07_normalizing_flows.mass import HAND, by_hand, predict_bins
from course_utils.lessons.l07_normalizing_flows.volume import predict_stretch
from course_utils.lessons.l07_normalizing_flows.planar import explore_planar, explore_radial
from course_utils.lessons.l07_normalizing_flows.coupling import explore_coupling
from course_utils.lessons.l07_normalizing_flows.passes import predict_passes
from course_utils.lessons.l07_normalizing_flows.splines import explore_splines
from course_utils.lessons.l07_normalizing_flows import small_steps
from course_utils.lessons.l07_normalizing_flows.fitting import plot_density, plot_two_peaks
from course_utils.lessons.l07_normalizing_flows.truths import log_checkerboard, log_moons, log_ring
from course_utils.lessons.l07_normalizing_flows.layers import explore_layers
from course_utils.lessons.l07_normalizing_flows.topology import explore_gap, predict_hole
from course_utils.lessons.l07_normalizing_flows.seam import kl, plot_seam, predict_seam
from course_utils.lessons.l07_normalizing_flows.autoencoder import (
    plot_branches,
    plot_flow_encoder,
    plot_gaps,
    poll_digits,
)

__all__ = [
    "plot_seam",
    "recall",
    "predict_bins",
    "HAND",
    "by_hand",
    "predict_stretch",
    "explore_planar",
    "explore_radial",
    "explore_coupling",
    "predict_passes",
    "explore_splines",
    "small_steps",  # exercise 07.5
    "plot_two_peaks",
    "plot_density",
    "log_ring",
    "explore_layers",
    "log_moons",
    "log_checkerboard",
    "predict_hole",
    "explore_gap",
    "kl",
    "predict_seam",
    "plot_flow_encoder",
    "plot_branches",
    "poll_digits",
    "plot_gaps",
]
