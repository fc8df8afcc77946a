"""The data sets of the course: simulated ones with a known truth, scikit-learn's digits, MNIST.

The lessons use the first two, which need no network. `mnist` reads files of yours.
Every simulated set is drawn by a generator of its own, so the same seed always gives
the same points and the caller's random state is left alone. All but MNIST are float64.
"""

from importlib.util import find_spec
from math import pi
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import validate
from course_utils.mnist import Mnist, mnist

__all__ = [
    "Digits",
    "Mnist",
    "Sample",
    "arc",
    "checkerboard",
    "digits",
    "mnist",
    "ring",
    "sine",
    "two_moons",
]

DIGITS = Path("datasets", "data", "digits.csv.gz")  # in scikit-learn


class Sample(NamedTuple):
    """Simulated data x (N, D) and the latent z (N, 1) each point was made from."""

    x: Float[Tensor, "N D"]
    z: Float[Tensor, "N 1"]


class Digits(NamedTuple):
    """scikit-learn's 8 x 8 digits: pixels in [0, 1], one image a row of 64, and the digit shown."""

    train: Float[Tensor, "1400 64"]
    test: Float[Tensor, "397 64"]
    train_labels: Int[Tensor, "1400"]
    test_labels: Int[Tensor, "397"]


@validate.typed
def sine(num_points: int, noise: float = 0.1, seed: int = 0) -> Sample:
    """z ~ N(0, 1), x = sin z + noise * eps: regress x on z. x has shape (N, 1)."""
    z, eps = _draw(num_points, 1, noise, seed)
    return Sample(z.sin() + noise * eps, z)


@validate.typed
def arc(num_points: int, noise: float = 0.1, seed: int = 0) -> Sample:
    """z ~ N(0, 1), x = (cos z, sin z) + noise * eps: an open arc in the plane. x: (N, 2)."""
    z, eps = _draw(num_points, 2, noise, seed)
    return Sample(torch.cat([z.cos(), z.sin()], 1) + noise * eps, z)


@validate.typed
def ring(num_points: int, noise: float = 0.1, seed: int = 0) -> Sample:
    """z ~ N(0, 1), angle a = 2 pi Phi(z), x = (cos a, sin a) + noise * eps. x: (N, 2).

    Phi is the standard normal CDF, so the angle is uniform and the circle closes at
    z = -inf and +inf: the seam, at angle 0.
    """
    z, eps = _draw(num_points, 2, noise, seed)
    angle = 2 * pi * torch.special.ndtr(z)
    return Sample(torch.cat([angle.cos(), angle.sin()], 1) + noise * eps, z)


@validate.typed
def two_moons(num_points: int, noise: float = 0.1, seed: int = 0) -> Sample:
    """scikit-learn's two interleaved half circles. x: (N, 2); z is the moon, 0 or 1.

    The very points of its make_moons, without the second that importing scikit-learn takes.
    """
    _check(num_points, noise, seed)
    random = np.random.RandomState(seed)
    upper, lower = (np.linspace(0, pi, n) for n in (num_points // 2, (num_points + 1) // 2))
    moons = (np.cos(upper), np.sin(upper)), (1 - np.cos(lower), 1 - np.sin(lower) - 0.5)
    x, moon = np.concatenate(moons, 1).T, np.repeat([0.0, 1.0], [len(upper), len(lower)])
    order = np.arange(num_points)
    random.shuffle(order)
    x, moon = x[order] + random.normal(scale=noise, size=x.shape), moon[order]
    return Sample(torch.from_numpy(x), torch.from_numpy(moon)[:, None])


@validate.typed
def checkerboard(num_points: int, seed: int = 0) -> Sample:
    """Uniform on every other square of a 4 x 4 board over [-4, 4]^2. x: (N, 2); z, the square, 0 to 7.

    Squares have side 2, and square 0 is the bottom left one. The density is 1/32 on them, so the
    entropy is log 32 = 3.4657 nats. There is no noise to add: the edges are sharp.
    """
    _check(num_points, 0.0, seed)
    generator = torch.Generator().manual_seed(seed)
    square = torch.randint(8, (num_points,), generator=generator)
    row = square // 2
    corner = torch.stack([2 * (square % 2) + row % 2, row], 1)
    inside = torch.rand(num_points, 2, generator=generator, dtype=torch.float64)
    return Sample(2 * (corner + inside) - 4, square.double()[:, None])


def digits() -> Digits:
    """The 1797 images that come with scikit-learn, divided by 16 and split 1400 / 397.

    The split is `np.random.default_rng(0).permutation(1797)`, first 1400 for training.
    Three pixels are 0 in every image, so the sample covariance has rank 61.
    """
    package = find_spec("sklearn")  # only its file: importing it takes a second
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the digits come with scikit-learn, which is not installed")
    rows = np.loadtxt(Path(package.origin).parent / DIGITS, delimiter=",")
    rows = rows[np.random.default_rng(0).permutation(len(rows))]
    pixels, digit = torch.from_numpy(rows[:, :64] / 16), torch.from_numpy(rows[:, 64]).long()
    return Digits(pixels[:1400], pixels[1400:], digit[:1400], digit[1400:])


def _draw(num_points: int, data_dim: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Standard normal z (N, 1) and eps (N, data_dim)."""
    _check(num_points, noise, seed)
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randn(num_points, 1 + data_dim, generator=generator, dtype=torch.float64)
    return draw[:, :1], draw[:, 1:]


def _check(num_points: int, noise: float, seed: int) -> None:
    validate.integer(1, num_points=num_points)
    validate.integer(0, 2**32 - 1, seed=seed)
    if not 0 <= noise < float("inf"):
        raise ValueError(f"noise must be a finite standard deviation, at least 0, got {noise}")
