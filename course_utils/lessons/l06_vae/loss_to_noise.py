"""8 · What a loss says of the noise: exercise 06.5, how many units three losses leave alive."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import vae
from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import seeded
from course_utils.lessons.l06_vae.collapse import ACTIVE
from course_utils.lessons.l06_vae.linear_vae import kl_of_units


def units_alive(eigenvalues: Tensor, latent_dim: int) -> tuple[int, int, int]:
    """How many of H units losses A, B and C of the lesson leave active; eigenvalues (D,), falling."""
    data_dim = len(eigenvalues)
    levels = (
        0.5,  # A: the weight of the squared error is 1 = 1 / (2 sigma2)
        data_dim / 2,  # B: 1 / D
        data_dim / (2 * latent_dim),  # C: H / D, once the KL's own mean is multiplied out
    )
    a, b, c = (min(latent_dim, int((eigenvalues > level).sum())) for level in levels)
    return a, b, c


def trained_by(x: Tensor, latent_dim: int) -> list[int]:
    """Losses A, B and C as they stand, with E_q exact: how many units each leaves to x (N, D)."""
    return [
        _trained(x, latent_dim, *loss) for loss in ((False, False), (True, False), (True, True))
    ]


def _trained(x: Tensor, latent_dim: int, mean_of_pixels: bool, mean_of_units: bool) -> int:
    with seeded():
        encoder = vae.Encoder(x.shape[1], latent_dim).to(x.dtype)
        decoder = vae.Decoder(latent_dim, x.shape[1], (), "fixed").to(x.dtype)
    parameters = [*encoder.parameters(), *decoder.network.parameters()]
    descent = torch.optim.LBFGS(parameters, max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        descent.zero_grad()
        q, (W, _) = encoder(x), decoder.network.parameters()
        squares = (x - decoder(q.mean).mean).square() + q.variance @ W.square().T
        kl = (q.mean.square() + q.variance - 1 - q.variance.log()) / 2
        fit = squares.mean(1) if mean_of_pixels else squares.sum(1)
        value = (fit + (kl.mean(1) if mean_of_units else kl.sum(1))).mean()
        value.backward()
        return value

    descent.step(loss)  # type: ignore[arg-type]
    return int((kl_of_units(x, encoder) > ACTIVE).sum())


def _at(level: Callable[[int, int], tuple[float, float, float]], most: bool = True) -> Callable:
    """An answer with these three values of beta sigma^2."""

    def answer(eigenvalues: Tensor, latent_dim: int) -> tuple[int, ...]:
        counts = [int((eigenvalues > s).sum()) for s in level(len(eigenvalues), latent_dim)]
        return tuple(min(latent_dim, count) if most else count for count in counts)

    return answer


C_SHARES = (
    "A and B are right. In C the KL too is a mean, over its H units, so every nat of it weighs 1/H: a "
    "light KL drowns fewer."
)

Exercise(
    "06.5",
    units_alive,
    cases=[
        (torch.logspace(1.2, -1.6, 12).double(), 4),
        (torch.logspace(1.0, -1.6, 12).double(), 10),
        (torch.logspace(1.6, -2.0, 16).double(), 2),
        (torch.logspace(0.2, -1.5, 20).double(), 20),
    ],
    mistakes=[
        Mistake(
            _at(lambda D, H: (1.0, D, D / H)),
            "The same slip three times: −log p(x | z) has ‖x − x̂‖² / 2σ². A weight of 1 is 2σ² = 1.",
        ),
        Mistake(_at(lambda D, H: (0.5, D / 2, D / 2)), C_SHARES),
        Mistake(
            _at(lambda D, H: (0.5, D / 2, D * H / 2)),
            "A and B are right. C's KL is <i>lighter</i> than B's, by 1/H: multiply the loss by H and "
            "read σ² off the squared error.",
        ),
        Mistake(
            _at(lambda D, H: (0.5, D / 2, 1 / (2 * H))),
            "A and B are right. C's squared error is a mean over the D pixels, as B's is.",
        ),
        Mistake(
            _at(lambda D, H: (0.5, 0.5, 0.5)),
            "A is right. A mean over D pixels is the sum divided by D: that makes the error cheap, and "
            "the noise that it stands for large.",
        ),
        Mistake(
            _at(lambda D, H: (0.5, 1 / (2 * D), H / (2 * D))),
            "A is right. The other two are upside down: dividing the error by D is 2σ² = D.",
        ),
        Mistake(
            _at(lambda D, H: (0.5, D / 2, D / (2 * H)), most=False),
            "The right thresholds. But there are only H units to be active.",
        ),
    ],
    nudge="Multiply each loss by a number that makes the KL's weight 1, as in the ELBO. What then stands "
    "before the squared error is 1 / 2σ².",
    formula="A: $1 = \\frac{1}{2\\sigma^2}$. B: the weight is $\\frac1D$. C times $H$: "
    "$\\frac HD\\lVert x-\\hat x\\rVert^2 + \\mathrm{KL}$. A unit lives if $\\lambda_i > \\sigma^2$.",
)
