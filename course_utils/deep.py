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
from torch.distributions import Bernoulli, Distribution, Independent, Normal

from course_utils import exact, validate
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.portions import in_portions

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
    """log p(x_n, z_g) in nats, every data point with every latent.

    Gaussian and Bernoulli are exponential families: log p(x | z) = x . a(z) + x^2 . b(z) + c(z),
    two matrix products. Any other likelihood is asked for one data point after another.
    """
    model.check(x)
    validate.finite(z=z)
    if z.shape[1] != model.latent_dim:
        raise ValueError(f"z must have {model.latent_dim} columns, got shape {tuple(z.shape)}")
    if z.dtype != x.dtype:
        raise TypeError(f"z must have the dtype of x, {x.dtype}, got {z.dtype}")

    def of_nodes(z: Tensor) -> Tensor:
        p = model(z)
        base = p.base_dist if isinstance(p, Independent) else None
        if isinstance(base, Bernoulli):
            log_likelihood = x @ base.logits.T - nn.functional.softplus(base.logits).sum(1)
        elif isinstance(base, Normal):
            precision = base.scale**-2
            constant = (base.loc.square() * precision + (2 * pi * base.variance).log()).sum(1)
            log_likelihood = (
                x @ (base.loc * precision).T - (x.square() @ precision.T + constant) / 2
            )
        else:
            log_likelihood = torch.stack([p.log_prob(point) for point in x])
        return log_likelihood + model.prior.log_prob(z)

    values = in_portions(of_nodes, width(model), z)
    if values.isnan().any():
        raise ValueError("model must not give NaN: its log density is, at some z")
    return values


@validate.typed
def grid(
    latent_dim: int, spacing: float | None = None, device: torch.device | str | None = None
) -> Grid:
    """Quadrature nodes for one or two latents with a standard normal prior, from -6 to 6.

    spacing: by default 0.01 for one latent, 0.05 for two.
    """
    validate.integer(1, 2, latent_dim=latent_dim)
    if spacing is None:
        spacing = 0.01 if latent_dim == 1 else 0.05
    validate.positive(spacing=spacing)
    num_nodes = round(12 / spacing) + 1
    axis = torch.linspace(-6, 6, num_nodes, dtype=torch.float64, device=device)
    return axis if latent_dim == 1 else (axis, axis)


@validate.typed
def log_evidence(
    x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None
) -> Float[Tensor, "N"]:
    """log p(x_n) of a model with one or two latents by quadrature, in nats, always in float64.

    nodes: as `exact.log_evidence` takes them, by default `grid(H)`. Nodes and points are taken
    in portions: beside x, no tensor holds more than 25 million numbers (see `portions`).
    """
    model, x, axes = _in_double(x, model, nodes)
    lattice = axes[0] if len(axes) == 1 else (axes[0], axes[1])

    def of_points(x: Tensor) -> Tensor:
        return exact.log_evidence(partial(log_joint, x, model=model), lattice)

    return _of_points(of_points, x, axes)


@validate.typed
def mode(x: Float[Tensor, "N D"], model: Model, nodes: Grid | None = None) -> Float[Tensor, "N H"]:
    """The node where the posterior of each point is highest; nodes as in `log_evidence`."""
    model, x, axes = _in_double(x, model, nodes)
    z = torch.cartesian_prod(*axes).reshape(-1, model.latent_dim)

    def of_points(x: Tensor) -> Tensor:
        return log_joint(x, z, model).argmax(1)

    return z[_of_points(of_points, x, axes)]


def _in_double(x, model, nodes) -> tuple[Model, Tensor, tuple[Tensor, ...]]:
    """A model and data to measure with, in float64, and the checked nodes of every latent."""
    validate.integer(1, 2, latent_dim=model.latent_dim)
    nodes = grid(model.latent_dim, device=x.device) if nodes is None else nodes
    axes = (nodes,) if isinstance(nodes, Tensor) else nodes
    if len(axes) != model.latent_dim:
        raise ValueError(
            f"nodes must be one tensor for each of {model.latent_dim} latents, got {len(axes)}"
        )
    for axis in axes:
        validate.finite(nodes=axis)
        if axis.dtype != torch.float64:
            raise TypeError(f"nodes must be float64, as all that is measured, got {axis.dtype}")
        if axis.ndim != 1 or len(axis) < 2 or not (axis.diff() > 0).all():
            raise ValueError(
                "nodes must increase, and have shape (G,) with two points at least, "
                f"got shape {tuple(axis.shape)}"
            )
    model, x = in_double(model), x.double()
    model.check(x)
    return model, x, axes


def _of_points(measure: Callable[[Tensor], Tensor], x: Tensor, axes) -> Tensor:
    """measure(x) (N,), which holds a number for every point and node."""
    with torch.no_grad():
        return in_portions(measure, torch.Size([len(axis) for axis in axes]).numel(), x)


def width(model: Model) -> int:
    """How many numbers the model holds at once for one latent, if its layers have up to 1000."""
    return max(1000, model.data_dim)


def in_double(module: Network) -> Network:
    """A float64 copy, for measuring."""
    try:
        return copy.deepcopy(module).double()
    except TypeError as error:  # torch's, from a device without float64
        raise ValueError(
            "model and x must be where float64 is, in which everything is measured: "
            f"move them to the CPU first, by .cpu() ({error})"
        ) from error


def frozen(module: Network) -> Network:
    """A copy without gradients, for moving something else."""
    return copy.deepcopy(module).requires_grad_(False)
