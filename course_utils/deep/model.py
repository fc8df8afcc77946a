"""Deep latent-variable models, z ~ p(z), x | z ~ p(x | g(z)).

Source: Kingma & Welling, "Auto-encoding variational Bayes", ICLR 2014, sec. 2.1 and
appendix C; Rezende, Mohamed & Wierstra, "Stochastic backpropagation and approximate inference
in deep generative models", ICML 2014, sec. 2.
"""

import copy
import itertools
from collections.abc import Sequence
from math import log
from typing import Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent

from course_utils import validate
from course_utils.gaussian import Gaussian, StandardNormal

__all__ = ["Decoder", "Model", "frozen", "in_double", "mlp", "width"]

Network = TypeVar("Network", bound=nn.Module)
Likelihood = Literal["fixed", "scalar", "diagonal", "bernoulli"]
MIN_SIGMA2 = 1e-4  # of the variances sigma2(z): a pixel that is always 0 would drive its own to 0


@validate.typed
def mlp(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """inputs -> hidden[0] -> ... -> outputs, a GELU after every hidden layer; linear if none.

    GELU is a ReLU with its corner rounded off: for smooth functions quadrature converges fast.
    """
    sizes = [inputs, *hidden, outputs]
    validate.integer(1, inputs=inputs, outputs=outputs, hidden=min(sizes))
    layers: list[nn.Module] = []
    for size, following in itertools.pairwise(sizes):
        layers += [nn.Linear(size, following), nn.GELU()]
    return nn.Sequential(*layers[:-1])


@validate.typed
class Model(nn.Module):
    """z ~ prior, x | z ~ forward(z): what everything here needs of a model.

    latent_dim: H. data_dim: D. prior: p(z), event (H,); a standard normal unless another is given.
    forward(z) for z (..., H): p(x | z), batch shape (...) and event shape (D,).
    """

    _zero: Tensor  # the origin, in the model's dtype and on its device

    def __init__(self, latent_dim: int, data_dim: int, prior: Distribution | None = None) -> None:
        super().__init__()
        validate.integer(1, latent_dim=latent_dim, data_dim=data_dim)
        if prior is not None and (prior.batch_shape or prior.event_shape != (latent_dim,)):
            raise ValueError(
                f"prior must be one distribution of event shape ({latent_dim},), got batch shape "
                f"{tuple(prior.batch_shape)} and event shape {tuple(prior.event_shape)}"
            )
        self.latent_dim, self.data_dim = latent_dim, data_dim
        self.register_buffer("_zero", torch.zeros(latent_dim), persistent=False)
        self._prior = prior

    @property
    def prior(self) -> Distribution:
        """p(z); the standard normal is in the model's dtype and on its device."""
        if self._prior is not None:
            return self._prior
        return StandardNormal(self._zero)

    def forward(self, z: Tensor) -> Distribution:
        """p(x | z)."""
        raise NotImplementedError

    def check(self, x: Tensor) -> None:
        """Raise unless x is data this model can have made: (N, D), finite, of its dtype."""
        validate.finite(x=x)
        if x.shape[-1] != self.data_dim:
            raise ValueError(f"x must have {self.data_dim} columns, got shape {tuple(x.shape)}")
        if x.dtype != self._zero.dtype:
            raise TypeError(
                f"x must have the model's dtype, {self._zero.dtype}, got {x.dtype}: "
                "call x.float(), or model.double()"
            )

    @validate.typed
    def sample(self, num_samples: int) -> Float[Tensor, "S D"]:
        """New data: z from the prior, then x given z, by torch's global generator."""
        validate.integer(1, num_samples=num_samples)
        with torch.no_grad():
            return self(self.prior.sample(torch.Size([num_samples]))).sample()


@validate.typed
class Decoder(Model):
    """z ~ N(0, I),  x | z ~ p(x | g(z; theta)),  with g a network (`mlp`).

    likelihood, and what the network's outputs are:
        "fixed"      N(g(z), sigma2 I), sigma2 as given
        "scalar"     N(g(z), sigma2 I), sigma2 learned, beginning where given
        "diagonal"   N(g(z), diag sigma2(z)), the network also giving D log variances
        "bernoulli"  Bernoulli(sigmoid(g(z))) for every pixel: g(z) are the logits
    hidden: widths of the hidden layers; with none, "scalar" is PPCA, W and mu being the
    weight and bias of network[0]. sigma2 is a variance. prior: see `Model`; a flow may stand there.
    """

    def __init__(
        self,
        latent_dim: int,
        data_dim: int,
        hidden: Sequence[int] = (),
        likelihood: Likelihood = "scalar",
        sigma2: float = 1.0,
        prior: Distribution | None = None,
    ) -> None:
        super().__init__(latent_dim, data_dim, prior)
        validate.positive(sigma2=sigma2)
        self.likelihood = likelihood
        outputs = 2 * data_dim if likelihood == "diagonal" else data_dim
        self.network = mlp(latent_dim, hidden, outputs)
        if likelihood in ("fixed", "scalar"):
            start = torch.tensor(log(sigma2))
            self.log_sigma2 = nn.Parameter(start, requires_grad=likelihood == "scalar")
        if likelihood == "diagonal":  # begin with the given variance at every z
            nn.init.constant_(list(self.network.parameters())[-1][data_dim:], log(sigma2))

    def forward(self, z: Tensor) -> Independent:
        """p(x | z) for z (..., H): batch shape (...), event (D,)."""
        output = self.network(z)
        if self.likelihood == "bernoulli":
            return Independent(Bernoulli(logits=output, validate_args=False), 1)
        if self.likelihood == "diagonal":
            mean, log_sigma2 = output.chunk(2, -1)
            return Gaussian(mean, (MIN_SIGMA2 + log_sigma2.exp()).log())
        return Gaussian(output, self.log_sigma2)

    def check(self, x: Tensor) -> None:
        """As `Model.check`; a Bernoulli has made zeros and ones only."""
        super().check(x)
        if self.likelihood == "bernoulli" and not ((x == 0) | (x == 1)).all():
            raise ValueError(
                "x must be binary, 0 or 1, for the Bernoulli likelihood: use (x > 0.5).float()"
            )

    @property
    def sigma2(self) -> float:
        """The noise variance, where there is one for all z."""
        return self.log_sigma2.exp().item()


def width(model: Model) -> int:
    """How many numbers the model holds at once for one latent, if its layers have up to 1000."""
    return max(1000, model.data_dim)


@validate.typed
def in_double(module: Network) -> Network:
    """A float64 copy, for measuring."""
    try:
        return copy.deepcopy(module).double()
    except TypeError as error:  # torch's, from a device without float64
        raise ValueError(
            "model and x must be where float64 is, in which everything is measured: "
            f"move them to the CPU first, by .cpu() ({error})"
        ) from error


@validate.typed
def frozen(module: Network) -> Network:
    """A copy without gradients, for moving something else."""
    return copy.deepcopy(module).requires_grad_(False)
