"""Wasserstein autoencoder: codes that match the prior as a crowd, not one by one.

Source: Tolstikhin, Bousquet, Gelly & Schoelkopf, "Wasserstein auto-encoders", ICLR 2018.
"""

from jaxtyping import Float
from torch import Tensor, nn

from course_utils import deep, training, validate
from course_utils.bounds.importance import check

__all__ = ["fit", "mmd"]


@validate.typed
def mmd(x: Float[Tensor, "M D"], y: Float[Tensor, "N D"], scale: float) -> Float[Tensor, ""]:
    """The squared maximum mean discrepancy, unbiased, with the kernel 1 / (1 + ||a - b||^2 / scale^2).

    E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of different points: 0 on average if x and y
    come from one distribution, and so below 0 half of the time; above 0 on average if not.
    Source: Gretton et al., "A kernel two-sample test", JMLR 2012, lemma 6.
    """
    validate.finite(x=x, y=y)
    validate.same_dtype(x.dtype, y=y)
    validate.positive(scale=scale)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"x and y must have two rows at least, got {len(x)} and {len(y)}")
    value = _mmd(x, y, scale)
    if value.isnan():
        raise ValueError(f"x and y must have squares that are finite in {x.dtype}")
    return value


@validate.typed
def fit(
    x: Float[Tensor, "N D"],
    encoder: nn.Module,
    decoder: deep.Model,
    num_steps: int,
    weight: float,
    batch_size: int = 500,
    lr: float = 1e-2,
    progress: bool = True,
) -> training.History:
    """Lower -E_q[log p(x | z)] + weight * MMD^2(codes, prior), by Adam on minibatches, lr decaying
    to 0. The codes are samples z ~ q(z | x); the kernel's scale is sqrt(2 H), of a standard normal's
    distances.
    """
    validate.not_negative(weight=weight)
    validate.integer(2, batch_size=batch_size)
    decoder.check(x)
    q = validate.encoded(encoder, x, rsample=True)
    check(x, q, decoder, "what encoder returns")
    if q.batch_shape != x.shape[:1]:
        raise ValueError(f"encoder must return q with batch shape ({len(x)},), got ()")
    scale = (2 * decoder.latent_dim) ** 0.5

    def loss(x: Tensor) -> Tensor:
        z = encoder(x).rsample()
        apart = _mmd(z, decoder.prior.sample(z.shape[:1]), scale)
        return weight * apart - decoder(z).log_prob(x).mean()

    return training.fit_both(encoder, decoder, loss, x, num_steps, batch_size, lr, progress)


def _mmd(x: Tensor, y: Tensor, scale: float) -> Tensor:
    def within(z: Tensor) -> Tensor:  # a point's kernel with itself is 1
        return (_kernel(z, z, scale).sum() - len(z)) / (len(z) * (len(z) - 1))

    return within(x) + within(y) - 2 * _kernel(x, y, scale).mean()


def _kernel(a: Tensor, b: Tensor, scale: float) -> Tensor:
    squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return 1 / (1 + squares / scale**2)
