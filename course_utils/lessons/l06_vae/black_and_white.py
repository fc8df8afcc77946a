"""7 · Digits in black and white: the latent map, rows of images, a plain autoencoder."""

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.patheffects import withStroke
from torch import Tensor, nn
from torch.distributions import Normal

from course_utils import deep, training, vae
from course_utils.kit import Explorer, figure, style
from course_utils.kit.figure import Picture, mosaic

Q, MODEL = style.ROLES["q"], style.ROLES["model"]
SIDE, FEW = 13, 4  # decoded images across the map; training images of every digit, at most
HALO = [withStroke(linewidth=4, foreground="white")]


def explore_latent(encoder: vae.Encoder, decoder: deep.Decoder, x: Tensor, labels: Tensor):
    """Move z over the plane of decoded digits, in which a few training images stand at their means."""
    with torch.no_grad():
        mean = encoder(x).mean
        axis = torch.linspace(-3, 3, SIDE)
        z = torch.stack(torch.meshgrid(axis, axis.flip(0), indexing="xy"), -1)
        ground = mosaic(*decoder(z).mean)
    few = apart(mean, labels)
    half = 3 * SIDE / (SIDE - 1)  # thumbnails are centred on their z

    def scene():
        fig, (left, right) = style.subplots(2, height=4.6, width_ratios=[1.9, 1])
        extent = (-half, half, -half, half)
        left.imshow(ground, cmap="gray_r", vmin=0, vmax=1.8, extent=extent)
        for digit, place in zip(labels[few].tolist(), mean[few].tolist(), strict=True):
            look = {"marker": f"${digit}$", "markersize": 14, "color": Q.ink, "path_effects": HALO}
            left.plot(*place, **look)
        left.set(xlim=(-half, half), ylim=(-half, half), xlabel="$z_1$", ylabel="$z_2$")
        left.set(title="Grey: decoded. Numerals: images", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
        right.set(xticks=[], yticks=[], title="This z, decoded")
        right.spines[["left", "bottom"]].set_visible(False)
        image = right.imshow(np.zeros((8, 8)), cmap="gray_r", vmin=0, vmax=1)
        box = {"color": MODEL.color, "linewidth": 4}
        return fig, {"box": left.plot([], [], **box)[0], "image": image}

    def update(z_1: float, z_2: float) -> dict:
        z, edge = torch.tensor([z_1, z_2]), half / SIDE
        with torch.no_grad():
            pixels = decoder(z).mean
        near = labels[(mean - z).square().sum(1).topk(15, largest=False).indices].mode().values
        across = [z_1 + edge * s for s in (-1, 1, 1, -1, -1)]
        return {
            "box": (across, [z_2 + edge * s for s in (-1, -1, 1, 1, -1)]),
            "image": pixels.reshape(8, 8).numpy(),
            "alt": f"At z = ({z_1:.1f}, {z_2:.1f}), {z.norm():.1f} from the origin, the decoded image "
            f"has a mean ink of {pixels.mean():.2f}; most of the 15 nearest training images are "
            f"of the digit {near}. Behind, {SIDE} by {SIDE} decoded images, one for every z.",
        }

    controls = {
        name: widgets.FloatSlider(value=v, min=-3, max=3, step=0.1, description=label)
        for name, v, label in (("z_1", 0.0, "z₁"), ("z_2", 0.0, "z₂"))
    }
    strip = [{"z_1": a, "z_2": b} for a, b in ((-2.0, 0.0), (0.0, 0.0), (2.0, 0.0))]
    return Explorer(scene, update, controls, strip)


def apart(mean: Tensor, labels: Tensor, distance: float = 0.4) -> list[int]:
    """Indices of up to FEW images of every digit, taken in turn, no two closer than that."""
    chosen: list[int] = []
    for _ in range(FEW):
        for digit in range(10):
            free = labels == digit
            if chosen:
                free = free & (torch.cdist(mean, mean[chosen]).amin(1) > distance)
            chosen += free.nonzero()[:1, 0].tolist()
    return chosen


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
    x: Tensor, encoder: nn.Module, decoder: deep.Decoder, num_steps: int
) -> training.History:
    """A plain autoencoder: decode the code of x back to x."""

    def loss(x: Tensor) -> Tensor:
        return -decoder(encoder(x)).log_prob(x).mean()

    both = nn.ModuleList([encoder, decoder])
    settings = {"num_steps": num_steps, "batch_size": 200, "lr": 3e-3, "decay": True}
    return training.fit(both, loss, x, **settings, progress=False)  # type: ignore[arg-type]
