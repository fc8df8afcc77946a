"""Two curves in the plane as models whose posteriors and evidence are known: arc and ring."""

from collections.abc import Callable
from math import log, pi

import torch
from torch import Tensor
from torch.distributions import Independent

from course_utils import validate
from course_utils.deep.model import Model
from course_utils.gaussian import Gaussian

__all__ = ["Curve", "arc", "ring"]


@validate.typed
class Curve(Model):
    """z ~ N(0, 1),  x | z ~ N(point(z), noise^2 I): a curve in the plane, known exactly.

    point: takes z (..., 1), returns (..., 2). noise: a standard deviation.
    """

    def __init__(self, point: Callable[[Tensor], Tensor], noise: float = 0.1) -> None:
        super().__init__(1, 2)
        validate.positive(noise=noise)
        self.point, self.noise = point, noise

    def forward(self, z: Tensor) -> Independent:
        """p(x | z) for z (..., 1): batch shape (...), event (2,)."""
        mean = self.point(z)
        return Gaussian(mean, mean.new_tensor(2 * log(self.noise)))


def arc(noise: float = 0.1) -> Curve:
    """The model that made `data.arc`."""
    return Curve(lambda z: torch.cat([z.cos(), z.sin()], -1), noise)


def ring(noise: float = 0.1) -> Curve:
    """The model that made `data.ring`: the angle is 2 pi Phi(z), the seam at angle 0."""

    def point(z: Tensor) -> Tensor:
        angle = 2 * pi * torch.special.ndtr(z)
        return torch.cat([angle.cos(), angle.sin()], -1)

    return Curve(point, noise)
