"""Deep latent-variable models, z ~ p(z), x | z ~ p(x | g(z)), and their exact evidence.

model     Model, Decoder and its network
curves    the models that made arc and ring
linear    PPCA as such a model
evidence  log p(x) and the posterior's mode by quadrature over one or two latents
"""

from course_utils.deep.curves import Curve, arc, ring
from course_utils.deep.evidence import grid, log_evidence, log_joint, mode
from course_utils.deep.linear import linear
from course_utils.deep.model import MIN_SIGMA2, Decoder, Model, frozen, in_double, mlp

__all__ = [
    "MIN_SIGMA2",
    "Curve",
    "Decoder",
    "Model",
    "arc",
    "frozen",
    "grid",
    "in_double",
    "linear",
    "log_evidence",
    "log_joint",
    "mlp",
    "mode",
    "ring",
]
