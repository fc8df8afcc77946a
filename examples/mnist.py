"""MNIST, for those who have it: Bernoulli VAEs with 2 and 20 latents, and what they are worth.

    python examples/mnist.py FOLDER                # the folder with MNIST's four files
    python examples/mnist.py FOLDER --download     # fetched into it first, 11 MB

Trains by rounds, one epoch each, on a GPU where there is one. After every round the weights are in
OUT/latents-H.npz; started again, after a stop or with more epochs, it goes on from there. At the
end OUT has samples and reconstructions as pictures. With two latents the evidence of test images is
a quadrature; with more, annealed importance sampling bounds it, and on images that the model drew
itself a sandwich tells how far below the truth such bounds are (lesson 08).
"""

import argparse
import warnings
from pathlib import Path

import matplotlib.image
import numpy as np
import torch
from torch import Tensor, nn

from course_utils import bounds, data, deep, training, vae
from course_utils.kit.figure import mosaic


def networks(latent_dim: int, width: int) -> nn.ModuleDict:
    """Encoder and decoder, two hidden layers each."""
    hidden = (width, width)
    return nn.ModuleDict(
        {
            "encoder": vae.Encoder(784, latent_dim, hidden),
            "decoder": vae.Decoder(latent_dim, 784, hidden, "bernoulli"),
        }
    )


def train(both: nn.ModuleDict, x: Tensor, num_epochs: int, file: Path, lr: float = 1e-3) -> None:
    """Epochs up to num_epochs, those counted that the file has behind it; the last with decay."""
    done = load(both, file) if file.exists() else 0
    for epoch in range(done, num_epochs):
        history = training.fit(
            both,
            lambda batch: -vae.elbo(batch, both["encoder"], both["decoder"]).mean(),
            x,
            num_steps=max(1, len(x) // 200),
            batch_size=min(200, len(x)),
            lr=lr,
            decay=epoch == num_epochs - 1,
        )
        save(both, file, epoch + 1)
        print(
            f"epoch {epoch + 1} of {num_epochs}: ELBO {-np.mean(history.loss):.2f} nats", flush=True
        )


def save(both: nn.ModuleDict, file: Path, num_epochs: int) -> None:
    """Weights as plain arrays; a stop while writing leaves the old file as it was."""
    arrays = {name: value.cpu().numpy() for name, value in both.state_dict().items()}
    part = file.with_suffix(".part.npz")
    np.savez(part, num_epochs=num_epochs, **arrays)
    part.replace(file)


def load(both: nn.ModuleDict, file: Path) -> int:
    """The file's weights into both; the number of epochs behind them."""
    with np.load(file, allow_pickle=False) as arrays:
        weights = {name: torch.as_tensor(arrays[name]) for name in arrays if name != "num_epochs"}
        try:
            both.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(
                f"{file} holds other networks: remove it, or give its width"
            ) from error
        return int(arrays["num_epochs"])


@torch.no_grad()
def pictures(both: nn.ModuleDict, x: Tensor, out: Path) -> None:
    """OUT/samples-H.png, a hundred means of p(x | z); OUT/reconstructions-H.png, images above theirs."""
    latent_dim = both["decoder"].latent_dim
    drawn = both["decoder"](both["decoder"].prior.sample((100,))).mean
    shown = {"samples": drawn.split(10), "reconstructions": []}
    for row in x[:40].split(10):
        shown["reconstructions"] += [row, both["decoder"](both["encoder"](row).mean).mean]
    for name, rows in shown.items():
        image = mosaic(*(row.cpu() for row in rows if len(row) == 10))
        matplotlib.image.imsave(
            out / f"{name}-{latent_dim}.png", image, cmap="gray", vmin=0, vmax=1
        )


def report(
    both: nn.ModuleDict, x: Tensor, num_images: int, num_temperatures: int
) -> dict[str, float]:
    """ELBO of all test images; evidence of some, or bounds of it; all means, in nats an image."""
    encoder, decoder = both["encoder"], both["decoder"]
    some = x[:num_images]
    with torch.no_grad():
        found = {
            "ELBO, all test images": vae.elbo(x, encoder, decoder).mean().item(),
            f"ELBO, {len(some)} of them": vae.elbo(some, encoder, decoder, 100).mean().item(),
        }
    if decoder.latent_dim <= 2:
        with torch.no_grad():
            found["evidence of these"] = deep.log_evidence(some, decoder).mean().item()
        return found
    betas = bounds.schedule(num_temperatures).to(x)
    with torch.no_grad():
        z = decoder.prior.sample((num_images,))
        own, start = decoder(z).sample(), encoder(some)
    lower = bounds.annealed(some, decoder, start, betas)
    found["evidence of these, at least"] = lower.value.mean().item()
    below, above = bounds.sandwich(own, z, decoder, betas=betas)
    found["of images it drew: from"] = below.value.mean().item()
    found["of images it drew: to"] = above.value.mean().item()
    return found


def main(arguments: list[str] | None = None) -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with MNIST's four .gz files")
    parser.add_argument("--download", action="store_true", help="fetch what the folder lacks")
    parser.add_argument("--out", type=Path, default=Path("build/mnist"))
    parser.add_argument("--latents", type=int, nargs="+", default=[2, 20])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--width", type=int, default=500, help="of the hidden layers")
    parser.add_argument("--images", type=int, default=50, help="whose evidence is bounded")
    parser.add_argument("--temperatures", type=int, default=500)
    given = parser.parse_args(arguments)
    digits = data.mnist(given.folder, download=given.download)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, test = ((images > 0.5).float().to(device) for images in (digits.train, digits.test))
    given.out.mkdir(parents=True, exist_ok=True)
    for latent_dim in given.latents:
        print(f"{latent_dim} latents, on {device}", flush=True)
        torch.manual_seed(0)
        both = networks(latent_dim, given.width).to(device)
        train(both, x, given.epochs, given.out / f"latents-{latent_dim}.npz")
        pictures(both, test, given.out)
        with warnings.catch_warnings():
            warnings.simplefilter("default", bounds.Unreliable)
            for name, value in report(both, test, given.images, given.temperatures).items():
                print(f"  {name}: {value:.2f}", flush=True)


if __name__ == "__main__":
    main()
