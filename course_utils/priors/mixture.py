"""Priors that can be learned: a mixture of Gaussians, and Vamp, the codes of an encoder.

Source: Tomczak & Welling, "VAE with a VampPrior", AISTATS 2018.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    constraints,
)

from course_utils import validate
from course_utils.vem.local import gaussian, parameters_of

__all__ = ["Mixture", "Vamp", "after"]


class _Components(nn.Module, Distribution):
    """sum_k pi_k p_k(z): a torch distribution and an nn.Module at once, as `flows.Flow` is."""

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    support = constraints.real_vector

    def __init__(self, latent_dim: int) -> None:
        nn.Module.__init__(self)
        Distribution.__init__(self, event_shape=torch.Size([latent_dim]), validate_args=False)

    def now(self) -> MixtureSameFamily:
        """Torch's mixture, of the parameters as they are."""
        raise NotImplementedError

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) in nats, (...) for z (..., H)."""
        if not isinstance(z, Tensor) or z.shape[-1:] != self.event_shape:
            got = tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__
            raise ValueError(f"z must have shape (..., {self.event_shape[0]}), got {got}")
        return self.now().log_prob(z)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """z (*sample_shape, H), without a gradient."""
        return self.now().sample(torch.Size(sample_shape))


@validate.typed
class Mixture(_Components):
    """p(z) = sum_k pi_k N(mu_k, Sigma_k).

    weights (C,): positive, sum 1. components: C Gaussians, batch shape (C,), event shape (H,). Both
    are where the parameters begin: logits, and a row of lambda a component (see `vem.gaussian`).
    """

    def __init__(self, weights: Float[Tensor, "C"], components: Distribution) -> None:
        validate.finite(weights=weights)
        if not (weights > 0).all() or abs(weights.sum().item() - 1) > 1e-5:
            raise ValueError(f"weights must be above 0 and sum to 1, got {weights.tolist()}")
        event = tuple(components.event_shape)
        validate.latents(components, len(weights), event, weights.dtype, "components")
        full = isinstance(components, MultivariateNormal)
        if not full and not isinstance(components, Independent):
            raise TypeError(f"components must be Gaussians, got {type(components).__name__}")
        super().__init__(components.event_shape.numel())
        rows = parameters_of(components, "full" if full else "diagonal")
        self.logits, self.rows = nn.Parameter(weights.log()), nn.Parameter(rows)

    def now(self) -> MixtureSameFamily:
        """The Gaussians and their weights."""
        weights = Categorical(logits=self.logits, validate_args=False)
        components = gaussian(self.rows, self.event_shape[0])
        return MixtureSameFamily(weights, components, validate_args=False)


@validate.typed
class Vamp(_Components):
    """p(z) = (1/C) sum_k q(z | u_k): an encoder's aggregate over inputs u (C, D) of its own.

    Trained with the networks, the inputs move too. Frozen at data points they are a pitfall: the
    codes of all the others fall between their narrow components.
    """

    def __init__(self, encoder: nn.Module, inputs: Float[Tensor, "C D"]) -> None:
        validate.finite(inputs=inputs)
        with torch.no_grad():
            q = validate.encoded(encoder, inputs, "inputs")
        validate.latents(q, len(inputs), q.event_shape, inputs.dtype, "what encoder returns")
        super().__init__(q.event_shape.numel())
        self.encoder, self.inputs = encoder, nn.Parameter(inputs.detach().clone())

    def now(self) -> MixtureSameFamily:
        """The encoder's q of every input, all equally likely."""
        equal = Categorical(logits=torch.zeros_like(self.inputs[:, 0]), validate_args=False)
        return MixtureSameFamily(equal, self.encoder(self.inputs), validate_args=False)


@validate.typed
def after(codes: Float[Tensor, "M H"], num_components: int) -> Mixture:
    """The mixture of full Gaussians fitted by EM to codes of a trained encoder, samples of q_agg.

    With both networks held, the ELBO holds log p(z) alone of the prior: EM raises its mean. By
    scikit-learn, its start drawn with torch's global generator.
    """
    validate.finite(codes=codes)
    validate.varies(codes=codes)
    validate.integer(1, len(codes), num_components=num_components)
    seed = int(torch.randint(2**31, ()))
    em = GaussianMixture(num_components, random_state=seed)
    try:
        em.fit(codes.detach().double().numpy())
    except ValueError as error:
        raise ValueError(f"codes must have finite variances, and of some size: {error}") from None
    weights, means, covariances = (
        torch.from_numpy(values) for values in (em.weights_, em.means_, em.covariances_)
    )
    return Mixture(weights, MultivariateNormal(means, covariances)).to(codes.dtype)
