"""6, a hierarchy is a learned prior: two latents on top of each other, by quadrature."""

from typing import ClassVar

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Normal, constraints

from course_utils import deep, ppca
from course_utils.kit import Explorer, style

PRIOR, TRUTH, MODEL, DATA = (style.ROLES[name] for name in ("prior", "truth", "model", "data"))
ALONG = torch.tensor([0.8, 0.6], dtype=torch.float64)  # the line on which the clumps lie
SIGMA2, VARIANCE = 0.04, 4.16  # of the noise; of the latent that made the data
NODES = torch.linspace(-12, 12, 161, dtype=torch.float64), torch.linspace(-6, 6, 121).double()


def clumps(num_points: int, seed: int = 0) -> Tensor:
    """Two clumps on a line in the plane: z_1 = 2 or -2, + 0.4 eps, x = z_1 (0.8, 0.6) + noise; (N, 2)."""
    generator = torch.Generator().manual_seed(seed)
    side = 4.0 * torch.randint(2, (num_points, 1), generator=generator) - 2
    eps = torch.randn(num_points, 3, generator=generator, dtype=torch.float64)
    return (side + 0.4 * eps[:, :1]) * ALONG + SIGMA2**0.5 * eps[:, 1:]


def log_density(x: Tensor) -> Tensor:
    """The clumps' own log density: the entropy limit's terms."""
    across = torch.tensor([-0.6, 0.8], dtype=torch.float64)
    scale = (0.4**2 + SIGMA2) ** 0.5
    sides = torch.stack([Normal(side, scale).log_prob(x @ ALONG) for side in (-2.0, 2.0)])
    return (
        sides.logsumexp(0) - torch.tensor(2.0).log() + Normal(0.0, SIGMA2**0.5).log_prob(x @ across)
    )


class Tower(Distribution):
    """z_2 ~ N(0, 1),  z_1 | z_2 ~ N(m(z_2), s_1): m a line of slope a, or a step of height a.

    z = (z_1, z_2). Whatever a is, z_1 has the same variance.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = False

    def __init__(self, a: float, bent: bool) -> None:
        super().__init__(event_shape=torch.Size([2]), validate_args=False)
        self.a, self.bent = a, bent
        z = NODES[1]
        spread = torch.trapezoid(self.m(z) ** 2 * Normal(0.0, 1.0).log_prob(z).exp(), z)
        self.s_1 = VARIANCE - spread.item()

    def m(self, z_2: Tensor) -> Tensor:
        """The mean of z_1 given z_2."""
        return self.a * (torch.tanh(10 * z_2) if self.bent else z_2)

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z_1, z_2), (...) for z (..., 2)."""
        below = Normal(self.m(z[..., 1]), self.s_1**0.5)
        return Normal(0.0, 1.0).log_prob(z[..., 1]) + below.log_prob(z[..., 0])

    def sample(self, sample_shape=()) -> Tensor:
        """z (*sample_shape, 2)."""
        z_2, eps = torch.randn(2, *sample_shape, dtype=torch.float64)
        return torch.stack([self.m(z_2) + self.s_1**0.5 * eps, z_2], -1)


class Stack(deep.Model):
    """(z_1, z_2) ~ prior, x | z ~ lower(z_1): the data see z_1 alone.

    lower: by default the clumps' own, N(z_1 (0.8, 0.6), sigma2 I).
    """

    def __init__(self, prior: Distribution, lower: deep.Model | None = None) -> None:
        super().__init__(2, 2, prior)
        if lower is None:
            lower = deep.linear(ppca.PPCA(ALONG[:, None], 0 * ALONG, SIGMA2))
            self.double()
        self.lower = lower

    def forward(self, z: Tensor) -> Independent:
        """p(x | z)."""
        return self.lower(z[..., :1])


def density(prior: Distribution) -> Tensor:
    """p(z_1, z_2) at the nodes."""
    return prior.log_prob(torch.cartesian_prod(*NODES)).exp().reshape(len(NODES[0]), len(NODES[1]))


def evidence_and_rates(x: Tensor, model: Stack) -> tuple[float, float, float]:
    """Mean log p(x); mean KL from the prior, of the exact posterior of z_2 and of both latents.

    All in nats. x sees z_1 alone, so two sums of one latent each serve instead of one over both.
    """
    prior = density(model.prior)
    fit = model.lower(NODES[0][:, None]).log_prob(x[:, None])  # log p(x | z_1), (N, nodes)
    highest = fit.amax(1, keepdim=True)
    weights = torch.trapezoid(torch.eye(len(NODES[0])).to(prior), NODES[0])  # of the nodes of z_1
    joint = (fit - highest).exp() * weights
    p = joint @ torch.trapezoid(prior, NODES[1])
    top = joint @ prior / p[:, None]  # p(z_2 | x)
    log_p = p.log() + highest[:, 0]
    of_top = torch.xlogy(top, top) - top * Normal(0.0, 1.0).log_prob(NODES[1])
    # log p(z | x) - log p(z) = log p(x | z) - log p(x): the rate of both needs no logarithm of z.
    both = (joint * fit) @ torch.trapezoid(prior, NODES[1]) / p - log_p
    top_rate = torch.trapezoid(of_top, NODES[1])
    return log_p.mean().item(), top_rate.mean().item(), both.mean().item()


def rates(x: Tensor, model: Stack) -> tuple[float, float]:
    """The mean KL from the prior of z_2, and of both latents, of the exact posterior."""
    return evidence_and_rates(x, model)[1:]


def explore_tower() -> Explorer:
    """The prior that the upper layer makes for the lower, evidence, and both layers' rates."""
    x = clumps(40, seed=1)
    limit = log_density(x).mean().item()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.4, 1])
        left.hist(x @ ALONG, 16, density=True, color=style.PALE)
        left.set(xlim=(-5, 5), ylim=(0, 0.85), xlabel="$z_1$", ylabel="density")
        left.set_title("$z_2$ makes the prior of $z_1$")
        left.text(-4.8, 0.77, "grey: data along the line", color=DATA.ink)
        right.set(xlim=(-0.6, 1.6), ylim=(0, 3.4), ylabel="nats", title="Rates")
        right.set_xticks([0, 1], ["$z_2$", "$z_1$ given $z_2$"])
        bars = right.bar([0, 1], [1, 1], 0.6, color=MODEL.color)
        return fig, {
            "prior": left.plot([], [], **PRIOR.line)[0],
            "evidence": left.text(-4.8, 0.69, "", color=TRUTH.ink),
            "top": bars[0],
            "below": bars[1],
            "words": right.text(1.55, 3.15, "", color=MODEL.ink, ha="right"),
        }

    def update(a: float, bent: bool) -> dict:
        tower = Tower(a, bent)
        evidence, top, both = evidence_and_rates(x, Stack(tower))
        return {
            "prior": (NODES[0], torch.trapezoid(density(tower), NODES[1])),
            "evidence": f"evidence {evidence:.2f}, limit {limit:.2f}".replace("-", "−"),
            "top": (-0.3, 0, 0.6, top),
            "below": (0.7, 0, 0.6, both - top),
            "words": f"{top:.2f} and {both - top:.2f}",
            "alt": f"Data in two clumps on a line. An upper latent with "
            f"{'a step' if bent else 'a line'} of size {a:.1f} gives evidence {evidence:.2f} nats, "
            f"the limit is {limit:.2f}; the rates are {top:.2f} nats for z2 and {both - top:.2f} "
            "for z1 given z2.",
        }

    controls = {
        "a": widgets.FloatSlider(value=0, min=0, max=2, step=0.5, description="a, size of m"),
        "bent": widgets.Checkbox(value=True, description="m is a step (else a line)"),
    }
    return Explorer(scene, update, controls, [{"a": a, "bent": True} for a in (0.0, 1.0, 2.0)])
