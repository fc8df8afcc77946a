"""Lesson 07, normalizing flows: how does a Gaussian become two moons?

recall         – check yourself: three questions on lessons 04 to 06
mass           – 1, mass is conserved: twenty bins of equal mass, exercise 07.1
volume         – 2, more dimensions: volume
planar         – 3, which maps? Planar and radial: the grids, exercise 07.2
coupling       – 3, triangular Jacobians: coupling layers, exercises 07.3 and 07.4
autoregressive – 3, every dimension by all before it: MAF or IAF
fitting        – 4, fitting densities: two peaks, a flow beside the truth
layers         – 4, two moons, layer by layer
topology       – 5, can a flow be anything? The ring's hole
seam           – 6, a flow as posterior: closing the seam, exercise 07.5
autoencoder    – 7, a richer q in the autoencoder: a mixture's two branches

For several of them: truths (the densities of ring, moons and checkerboard), plane (grid, pixels,
and their way through layers), cases (made-up inputs of the exercises).
"""

# ruff: noqa: I001, RUF022 (in the notebook's order)

from course_utils.lessons.l07_normalizing_flows.recall import recall
from course_utils.lessons.l07_normalizing_flows.mass import HAND, by_hand, predict_bins
from course_utils.lessons.l07_normalizing_flows.volume import poll_stretch
from course_utils.lessons.l07_normalizing_flows.planar import plot_warps
from course_utils.lessons.l07_normalizing_flows import coupling
from course_utils.lessons.l07_normalizing_flows.autoregressive import poll_maf_or_iaf
from course_utils.lessons.l07_normalizing_flows.fitting import plot_density, plot_two_peaks
from course_utils.lessons.l07_normalizing_flows.truths import log_checkerboard, log_moons, log_ring
from course_utils.lessons.l07_normalizing_flows.layers import explore_layers
from course_utils.lessons.l07_normalizing_flows.topology import plot_bridge, poll_topology
from course_utils.lessons.l07_normalizing_flows.seam import kl, predict_seam
from course_utils.lessons.l07_normalizing_flows.autoencoder import plot_branches

__all__ = [
    "recall",
    "predict_bins",
    "HAND",
    "by_hand",
    "poll_stretch",
    "plot_warps",
    "coupling",  # exercises 07.3 and 07.4
    "poll_maf_or_iaf",
    "plot_two_peaks",
    "plot_density",
    "log_ring",
    "explore_layers",
    "log_moons",
    "log_checkerboard",
    "poll_topology",
    "plot_bridge",
    "kl",
    "predict_seam",
    "plot_branches",
]
