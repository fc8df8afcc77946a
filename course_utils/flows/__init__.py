"""Normalizing flows: x = T(z), log p(x) = log p(z) - log|det dT/dz|, with T = T_K ∘ ... ∘ T_1.

z is on the side of the base distribution, x on the side of the data. Every layer and every flow
is written from z to x, and every log-determinant in this package is log|det dx/dz|.
"""

from course_utils.flows.affine import Affine
from course_utils.flows.autoregressive import (
    AutoregressiveSpline,
    InverseAutoregressive,
    MaskedAutoregressive,
)
from course_utils.flows.coupling import AffineCoupling, SplineCoupling
from course_utils.flows.flow import Flow, standard_normal
from course_utils.flows.layer import Layer
from course_utils.flows.linear import Mixing, Permutation
from course_utils.flows.planar import Planar
from course_utils.flows.radial import Radial
from course_utils.flows.spline import Spline

__all__ = [
    "Affine",
    "AffineCoupling",
    "AutoregressiveSpline",
    "Flow",
    "InverseAutoregressive",
    "Layer",
    "MaskedAutoregressive",
    "Mixing",
    "Permutation",
    "Planar",
    "Radial",
    "Spline",
    "SplineCoupling",
    "standard_normal",
]
