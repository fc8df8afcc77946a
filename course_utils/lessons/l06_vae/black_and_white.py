"""7 · Digits in black and white: the latent map, rows of images, a plain autoencoder."""

from math import pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib import colormaps
from torch import Tensor, nn
from torch.distributions import Normal

from course_utils import deep, training, vae
from course_utils.kit import Explorer, figure, style
from course_utils.kit.figure import Picture, mosaic

PRIOR = style.ROLES["prior"]


def explore_latent(encoder: vae.Encoder, decoder: deep.Decoder, x: Tensor, labels: Tensor):
    """Move z over the aggregate posterior, every image a numeral, and see the digit it decodes to."""
    with torch.no_grad():
        mean = encoder(x).mean
    colors = [colormaps["tab10"](d) for d in range(10)]

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        for d in range(10):
            dots = {"color": colors[d], "markersize": 8, "linestyle": "none", "alpha": 0.8}
            left.plot(*mean[labels == d].T, marker=f"${d}$", **dots)
        turn = np.linspace(0, 2 * pi, 100)
        left.plot(2 * np.cos(turn), 2 * np.sin(turn), **PRIOR.line)
        left.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), xlabel="$z_1$", ylabel="$z_2$")
        left.set_aspect("equal")
        left.set_title("Where the digits live")
        right.set(xticks=[], yticks=[], title="What z decodes to")
        right.spines[["left", "bottom"]].set_visible(False)
        image = right.imshow(np.zeros((8, 8)), cmap="gray_r", vmin=0, vmax=1)
        return fig, {
            "cross": left.plot([], [], "+", color=style.INK, markersize=26, markeredgewidth=4)[0],
            "image": image,
        }

    def update(z_1: float, z_2: float) -> dict:
        z = torch.tensor([z_1, z_2])
        with torch.no_grad():
            pixels = decoder(z).mean
        near = labels[(mean - z).square().sum(1).topk(15, largest=False).indices].mode().values
        return {
            "cross": ([z_1], [z_2]),
            "image": pixels.reshape(8, 8).numpy(),
            "alt": f"At z = ({z_1:.1f}, {z_2:.1f}), {z.norm():.1f} from the origin, the decoded image "
            f"has a mean ink of {pixels.mean():.2f}; most of the 15 nearest training images are "
            f"of the digit {near}. The dotted circle has radius 2.",
        }

    controls = {
        name: widgets.FloatSlider(value=v, min=-3, max=3, step=0.1, description=label)
        for name, v, label in (("z_1", 0.0, "z₁"), ("z_2", 0.0, "z₂"))
    }
    strip = [{"z_1": a, "z_2": b} for a, b in ((-2.0, 0.0), (0.0, 0.0), (2.0, 0.0))]
    return Explorer(scene, update, controls, strip)


def plot_traversal(decoder: deep.Decoder) -> Picture:
    """The decoded mean on a grid of z, at equal steps of prior probability, and samples of z."""
    side = 10
    quantile = Normal(0.0, 1.0).icdf((torch.arange(side) + 0.5) / side)
    z = torch.stack(torch.meshgrid(quantile, quantile.flip(0), indexing="xy"), -1)
    with torch.no_grad():
        grid, drawn = decoder(z).mean, decoder(decoder.prior.sample(torch.Size([side, side]))).mean
    fig, panels = style.subplots(2)
    titles = ("z on a grid", "z from the prior")
    for ax, images, title in zip(panels, (grid, drawn), titles, strict=True):
        ax.imshow(mosaic(*images), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], title=title)
        ax.spines[["left", "bottom"]].set_visible(False)
    return figure(
        fig,
        alt="Left, 100 decoded images on a grid of the 5, 15, …, 95 % points of both latents: one digit "
        "turns into another. Right, 100 from random z: most are digits, some are between two. Mean "
        f"ink {grid.mean():.2f} and {drawn.mean():.2f}.",
    )


def plot_images(rows: dict[str, Tensor], title: str, alt: str) -> Picture:
    """Rows of images under one another, each with its name: {name: (n, 64)}."""
    fig, ax = style.subplots(height=0.65 + 0.75 * len(rows))
    ax.imshow(mosaic(*(row.detach() for row in rows.values())), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[3.5 + 10 * k for k in range(len(rows))], title=title)
    ax.set_yticklabels(list(rows))
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return figure(fig, alt=alt)


def fit_autoencoder(
    x: Tensor, encoder: nn.Module, decoder: deep.Decoder, num_steps: int, noise: float = 0.0
) -> training.History:
    """A plain autoencoder: decode the code of x (plus noise, to denoise) back to x."""

    def loss(x: Tensor) -> Tensor:
        return -decoder(encoder(x + noise * torch.randn_like(x))).log_prob(x).mean()

    both = nn.ModuleList([encoder, decoder])
    settings = {"num_steps": num_steps, "batch_size": 200, "lr": 3e-3, "decay": True}
    return training.fit(both, loss, x, **settings, progress=False)  # type: ignore[arg-type]
