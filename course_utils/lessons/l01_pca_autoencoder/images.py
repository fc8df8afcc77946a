"""4 · Real images: digits rebuilt from H components, and the error for every H."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils import pca
from course_utils.kit import Explorer, style
from course_utils.kit.figure import mosaic
from course_utils.lessons.l01_pca_autoencoder.variance import left_out_for_every_dim

DATA, TRUTH, MODEL = style.ROLES["data"], style.ROLES["truth"], style.ROLES["model"]


def explore_components(train: Tensor, test: Tensor) -> Explorer:
    """Digits rebuilt from H components, beside the error for every H.

    train, test: (N, 64).
    """
    full = pca.fit(train, 64)
    floor = left_out_for_every_dim(full.eigenvalues)  # (65,), H = 0 to 64
    scores = full.encode(test)
    scatter = (test - full.mu).square().sum(1).mean()
    left = (scatter - scores.square().mean(0).cumsum(0)).clamp(min=0)  # at H = 64 it is rounding
    held_out = torch.cat([scatter[None], left])
    shown = test[:4]
    codes = full.encode(shown)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.2, 1])
        image = left.imshow(mosaic(shown, shown), cmap="gray_r", vmin=0, vmax=1)
        left.axis("off")
        left.text(0, -1.5, "test images, and below them")
        right.plot(np.arange(65), floor, **TRUTH.line)
        right.plot(np.arange(0, 65, 4), held_out[::4], **DATA.dots)
        right.text(24, 1.9, "train: $\\sum_{i>H}\\lambda_i$", color=TRUTH.ink)
        right.text(24, 2.5, "● test images", color=DATA.ink)
        right.set(xlim=(0, 65), ylim=(0, 5), xlabel="components kept, H")
        right.set(ylabel="squared error / image", title="Error = variance left out")
        return fig, {
            "images": image,
            "count": left.text(0, 20, "", fontsize=18),
            "marker": right.plot([], [], "s", color=MODEL.color, markersize=13)[0],
            "height": right.text(0, 0, "", color=MODEL.ink),
        }

    def update(latent_dim: int) -> dict:
        rebuilt = codes[:, :latent_dim] @ full.W[:, :latent_dim].T + full.mu
        error, plural = floor[latent_dim].item(), "s" * (latent_dim != 1)
        return {
            "images": mosaic(shown, rebuilt),
            "count": f"rebuilt from {latent_dim} number{plural}",
            "marker": ([latent_dim], [error]),
            "height": (min(latent_dim + 2, 50), error + 0.15, f"{error:.2f}"),
            "alt": f"Four test digits and, below them, their reconstructions from {latent_dim} "
            f"component{plural}. The squared error per training image is {error:.3f}, the sum of the "
            f"eigenvalues left out; per test image it is {held_out[latent_dim]:.3f}.",
        }

    slider = widgets.IntSlider(value=8, min=1, max=64, description="components kept, H")
    strip = [{"latent_dim": h} for h in (2, 16, 40)]
    return Explorer(scene, update, {"latent_dim": slider}, strip)
