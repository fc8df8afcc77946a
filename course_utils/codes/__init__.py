"""A code at work: what a latent space is used for, each use beside its exact answer.

conditional  p(x | A x) of PPCA in closed form, with or without noise: superresolution, denoising
stored       the same of the training set in fog, whose posterior has a formula, too
attributes   what can be measured on any image, and the direction in the code that goes with it
paths        length and shortest path of a decoder's images
"""

from course_utils.codes import attributes, conditional, paths, stored

__all__ = ["attributes", "conditional", "paths", "stored"]
