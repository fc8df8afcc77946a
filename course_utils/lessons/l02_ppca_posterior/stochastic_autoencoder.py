"""7 · A stochastic autoencoder: encode a digit, draw codes, decode them."""

from math import sqrt

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import ppca
from course_utils.kit import Explorer, style
from course_utils.kit.figure import mosaic


def explore_reconstructions(train: Tensor, test: Tensor) -> Explorer:
    """Encode a test digit, draw codes from its posterior, decode.

    train, test: (N, 64).
    """
    dims = [1, 2, 5, 10, 20, 40]
    models = {h: ppca.fit(train, h) for h in dims}
    posteriors = {h: model.posterior(test[:20]) for h, model in models.items()}
    spreads = {h: torch.trace(m.W @ m.G @ m.W.T).item() for h, m in models.items()}
    generator = torch.Generator().manual_seed(0)
    eps_z = torch.randn(4, 40, generator=generator, dtype=train.dtype)
    eps_x = torch.randn(4, 64, generator=generator, dtype=train.dtype)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 3.6])
        for ax in (left, right):
            ax.axis("off")
        left.set_title("$x$; mean")
        right.set_title("Four draws: $Wz+\\mu$; below, $\\hat x$ with noise")
        blank = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
        return fig, {
            "pair": left.imshow(mosaic(test[:1], test[:1]), **blank),
            "draws": right.imshow(mosaic(test[:4], test[:4]), **blank),
            "error": right.text(0, 21.5, "", fontsize=18),
        }

    def update(index: int, latent_dim: int) -> dict:
        model, x = models[latent_dim], test[index]
        q = posteriors[latent_dim]
        z = q.mean[index] + eps_z[:, :latent_dim] @ q.scale_tril[index].T
        decoded = z @ model.W.T + model.mu
        noisy = decoded + sqrt(model.sigma2) * eps_x
        centre = q.mean[[index]] @ model.W.T + model.mu
        miss = (x - centre).square().sum().item()
        spread = spreads[latent_dim]
        return {
            "pair": mosaic(x[None], centre),
            "draws": mosaic(decoded, noisy),
            "error": f"E‖x − Wz − μ‖² = {miss:.2f} (mean) + {spread:.2f} (spread)",
            "alt": f"Test digit {index} and its mean reconstruction from H = {latent_dim}, then four "
            f"draws from the posterior decoded, without and with pixel noise of variance "
            f"{model.sigma2:.4f}. The expected squared error is {miss:.2f} for the mean plus {spread:.2f} "
            "for the spread of the posterior.",
        }

    controls = {
        "index": widgets.IntSlider(value=3, min=0, max=19, description="test image"),
        "latent_dim": widgets.SelectionSlider(
            options=dims, value=10, description="latent dimensions H"
        ),
    }
    strip = [{"index": 3, "latent_dim": h} for h in (2, 10, 40)]
    return Explorer(scene, update, controls, strip)
