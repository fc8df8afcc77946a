"""A latent that is one of C classes, as a one-hot z: the ELBO is a sum of C terms.

Source: Jang, Gu & Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017; Maddison,
Mnih & Teh, "The concrete distribution", ICLR 2017.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import OneHotCategorical

from course_utils import deep, gaussian, validate

__all__ = ["Encoder", "elbo", "log_joint", "uniform"]


@validate.typed
class Encoder(nn.Module):
    """x -> q(z | x), the chances of C classes: a network gives their logits."""

    def __init__(self, data_dim: int, num_classes: int, hidden: Sequence[int] = ()) -> None:
        super().__init__()
        validate.integer(1, data_dim=data_dim)
        validate.integer(2, num_classes=num_classes)
        self.network = deep.mlp(data_dim, hidden, num_classes)

    def forward(self, x: Tensor) -> OneHotCategorical:
        """q(z | x_n) for x (N, D): batch shape (N,), event shape (C,)."""
        return OneHotCategorical(logits=self.network(x), validate_args=False)


@validate.typed
def uniform(num_classes: int) -> OneHotCategorical:
    """p(z), each class with the same chance: the prior to give to a decoder of one-hot z."""
    validate.integer(2, num_classes=num_classes)
    return OneHotCategorical(logits=torch.zeros(num_classes))


@validate.typed
def log_joint(x: Float[Tensor, "N D"], decoder: deep.Model) -> Float[Tensor, "N C"]:
    """log p(x_n, z = class k) in nats; its logsumexp over k is log p(x_n)."""
    decoder.check(x)
    classes = torch.eye(decoder.latent_dim, dtype=x.dtype, device=x.device)
    values = gaussian.pairwise(decoder(classes), x) + decoder.prior.log_prob(classes)
    if values.isnan().any():
        raise ValueError("decoder must not give NaN: its log density is, for some class")
    return values


@validate.typed
def elbo(x: Float[Tensor, "N D"], q: OneHotCategorical, decoder: deep.Model) -> Float[Tensor, "N"]:
    """sum_k q_n(k) [log p(x_n, k) - log q_n(k)] in nats: exact, and so is its gradient.

    q: batch shape (N,), event shape (C,), as the decoder's prior.
    """
    validate.latents(q, len(x), (decoder.latent_dim,), x.dtype)
    return (q.probs * (log_joint(x, decoder) - q.logits)).sum(1)
