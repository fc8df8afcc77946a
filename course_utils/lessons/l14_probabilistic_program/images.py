"""6, images while it trains: two networks of 500–500 ReLUs, and the same codes at four moments."""

import itertools

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent

from course_utils import training
from course_utils.bayes_net import ELBO, BayesianNet
from course_utils.gaussian import Gaussian, StandardNormal
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture, mosaic

MOMENTS = (0, 20, 100, 400)


def relu(in_dim: int, out_dim: int) -> nn.Module:
    """in_dim -> 500 -> 500 -> out_dim."""
    return nn.Sequential(
        *(nn.Linear(in_dim, 500), nn.ReLU(), nn.Linear(500, 500), nn.ReLU()),
        nn.Linear(500, out_dim),
    )


class Writer(BayesianNet):
    """z ~ N(0, I), H numbers; 64 pixels, on or off."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim, self.network = latent_dim, relu(latent_dim, 64)

    def program(self) -> None:
        """Nodes z (..., H) and x (..., 64); the chances of the pixels are kept in the cache."""
        z = self.node("z", StandardNormal(torch.zeros(self.latent_dim)))
        p = Bernoulli(logits=self.network(z))
        self.cache["image"] = p.probs
        self.node("x", Independent(p, 1))


class Reader(BayesianNet):
    """q(z | x), a Gaussian from a network; S samples at once."""

    def __init__(self, latent_dim: int, num_samples: int = 1) -> None:
        super().__init__()
        self.network, self.num_samples = relu(64, 2 * latent_dim), num_samples

    def program(self, x: Tensor) -> None:
        """Node z, (S, N, H)."""
        self.node("z", Gaussian(*self.network(x).chunk(2, -1)), (self.num_samples,))


def fit_and_watch(cost: ELBO, x: Tensor, z: Tensor) -> dict[int, Tensor]:
    """Train for the last of MOMENTS steps; the chances of the pixels for codes z (n, H) at each."""
    steps, seen = itertools.count(), {}

    def watch(step: int) -> None:
        if step in MOMENTS:
            with torch.no_grad():
                seen[step] = cost.generator.observe(z=z).cache["image"]

    def loss(x: Tensor) -> Tensor:
        watch(next(steps))
        return cost(x, x=x)

    training.fit(cost, loss, x, num_steps=MOMENTS[-1], batch_size=200, lr=3e-3, decay=True)
    watch(next(steps))
    return seen


def plot_watched(seen: dict[int, Tensor]) -> Picture:
    """A row a moment, a column a code."""
    fig, ax = style.subplots(height=3.8)
    ax.imshow(mosaic(*seen.values()), cmap="gray", vmin=0, vmax=1)
    ax.set_yticks([10 * row + 4 for row in range(len(seen))], [str(step) for step in seen])
    ax.set(xticks=[], xlabel="the same codes in every row", ylabel="steps")
    ax.set_title("Chances of the pixels, for ten codes")
    spread = {step: image.std(0).mean().item() for step, image in seen.items()}
    said = ", ".join(f"{value:.2f} after {step}" for step, value in spread.items())
    return figure(
        fig,
        alt="Ten codes decoded at four moments of training, a row each: grey at first, then all "
        f"alike, then digits. The pixels' spread over the ten images is {said} steps.",
    )
