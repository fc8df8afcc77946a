"""Deep latent-variable models, z ~ p(z), x | z ~ p(x | g(z)), and their exact evidence.

Source: Kingma & Welling, "Auto-encoding variational Bayes", ICLR 2014, sec. 2.1 and
appendix C; Rezende, Mohamed & Wierstra, "Stochastic backpropagation and approximate inference
in deep generative models", ICML 2014, sec. 2.
"""

import copy
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from math import log, pi
from typing import Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent

from course_utils import exact, validate
from course_utils.gaussian import Gaussian, StandardNormal

__all__ = [
    "Curve",
    "Decoder",
    "Model",
    "arc",
    "grid",
    "log_evidence",
    "log_joint",
    "mlp",
    "mode",
    "ring",
]

Network = TypeVar("Network", bound=nn.Module)
Grid = Tensor | tuple[Tensor, Tensor]
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

    def forward(self, z: Tensor) -> Independent:
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


@validate.typed
def log_joint(
    x: Float[Tensor, "N D"], z: Float[Tensor, "G H"], model: Model
) -> Float[Tensor, "N G"]:
    """log p(x_n, z_g) in nats, every data point with every latent, by matrix products.

    Gaussian and Bernoulli are exponential families: log p(x | z) = x . a(z) + x^2 . b(z) + c(z).
    """
    p = model(z).base_dist
    if isinstance(p, Bernoulli):
        log_likelihood = x @ p.logits.T - nn.functional.softplus(p.logits).sum(1)
    else:
        precision = p.scale**-2
        constant = (p.loc.square() * precision + (2 * pi * p.scale.square()).log()).sum(1)
        log_likelihood = x @ (p.loc * precision).T - (x.square() @ precision.T + constant) / 2
    return log_likelihood + model.prior.log_prob(z)


@validate.typed
def grid(latent_dim: int, spacing: float | None = None) -> Grid:
    """Quadrature nodes for one or two latents with a standard normal prior, from -6 to 6.

    spacing: by default 0.01 for one latent, 0.05 for two.
    """
    validate.integer(1, 2, latent_dim=latent_dim)
    if spacing is None:
        spacing = 0.01 if latent_dim == 1 else 0.05
    validate.positive(spacing=spacing)
    axis = torch.linspace(-6, 6, round(12 / spacing) + 1, dtype=torch.float64)
    return axis if latent_dim == 1 else (axis, axis)


@validate.typed
def log_evidence(
    x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None
) -> Float[Tensor, "N"]:
    """log p(x_n) of a model with one or two latents by quadrature, in nats, always in float64.

    nodes: as `exact.log_evidence` takes them, by default `grid(H)`. The points are taken in
    portions, so that memory holds.
    """
    nodes = grid(model.latent_dim) if nodes is None else nodes
    return _in_portions(
        lambda rows, model: exact.log_evidence(partial(log_joint, rows, model=model), nodes),
        x,
        model,
        nodes,
    )


@validate.typed
def mode(x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None) -> Float[Tensor, "N H"]:
    """The node where the posterior of each point is highest; nodes as in `log_evidence`."""
    nodes = grid(model.latent_dim) if nodes is None else nodes
    axes = (nodes,) if isinstance(nodes, Tensor) else nodes
    z = torch.cartesian_prod(*axes).reshape(-1, model.latent_dim)
    return _in_portions(lambda rows, model: z[log_joint(rows, z, model).argmax(1)], x, model, nodes)


def _in_portions(measure, x, model, nodes) -> Tensor:
    """measure(rows, model) for the rows of x, as many at a time as memory holds; in float64."""
    model, x = in_double(model), x.double()
    model.check(x)
    axes = (nodes,) if isinstance(nodes, Tensor) else nodes
    size = 1 + 25_000_000 // torch.Size([len(axis) for axis in axes]).numel()
    with torch.no_grad():
        return torch.cat([measure(rows, model) for rows in x.split(size)])


def in_double(module: Network) -> Network:
    """A float64 copy, for measuring."""
    return copy.deepcopy(module).double()


def frozen(module: Network) -> Network:
    """A copy without gradients, for moving something else."""
    return copy.deepcopy(module).requires_grad_(False)
