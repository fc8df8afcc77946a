"""6 · Real data, the digits: the curves of their training, and what is decoded of them."""

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils import deep, training, vae, vem
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l06_vae.black_and_white import plot_images

TRUTH, BOUND = style.ROLES["truth"], style.ROLES["bound"]
EVERY = 200  # steps between two looks
GRID = deep.grid(2, 0.1)


class Curves(NamedTuple):
    """After 0, EVERY, 2 EVERY, ... steps: mean nats per image, of so many images each (T,)."""

    train_elbo: Tensor
    test_elbo: Tensor
    test_evidence: Tensor


def fit_and_watch(
    x: Tensor, test: Tensor, encoder: vae.Encoder, decoder: deep.Decoder, num_steps: int, lr: float
) -> Curves:
    """`vae.fit`, and what it has reached on training and on test images while it runs."""
    steps, rows = itertools.count(), []

    def look() -> list[float]:
        with torch.no_grad(), torch.random.fork_rng():  # training goes on as if nobody looked
            bounds = [vae.elbo(part, encoder, decoder, num_samples=20) for part in (x[:200], test)]
        values = [*bounds, deep.log_evidence(test, decoder, GRID)]
        return [value.mean().item() for value in values]

    def loss(x: Tensor) -> Tensor:
        if next(steps) % EVERY == 0:
            rows.append(look())
        return -vem.objective.bound(x, encoder(x), decoder, 1, 1.0).mean()

    both = nn.ModuleList([encoder, decoder])
    settings = {"num_steps": num_steps, "batch_size": 200, "lr": lr, "decay": True}
    training.fit(both, loss, x, **settings, progress=False)  # type: ignore[arg-type]
    return Curves(*torch.tensor([*rows, look()]).T)


def plot_curves(curves: Curves) -> Picture:
    """Training and test ELBO and the test evidence, against the steps."""
    steps = [EVERY * look for look in range(len(curves.train_elbo))]
    fig, ax = style.subplots()
    ax.plot(steps, curves.test_evidence, **TRUTH.line)
    ax.plot(steps, curves.train_elbo, **BOUND.line)
    ax.plot(steps, curves.test_elbo, **BOUND.line, marker="D")
    names = ("test: evidence", "training: ELBO", "test: ELBO")
    ends = torch.tensor([curves.test_evidence[-1], curves.train_elbo[-1], curves.test_elbo[-1]])
    order = ends.argsort(descending=True).tolist()
    last, height = torch.inf, 2.4
    for k in order:  # labels at the ends of their lines, apart from one another
        last = min(ends[k].item(), last - height)
        color = (TRUTH.ink, BOUND.ink, BOUND.ink)[k]
        ax.text(steps[-1] * 1.02, last, f"{names[k]} {ends[k]:.1f}", color=color, va="center")
    top = ends.max().item()  # the first look is far below
    ax.set(xlim=(0, steps[-1] * 1.42), ylim=(top - 32, top + 6))
    ax.set(xlabel="steps", ylabel="nats per image")
    ax.set(xticks=steps, title="Training images, and new ones")
    told = "; ".join(f"{name} {end:.2f}" for name, end in zip(names, ends, strict=True))
    return figure(
        fig,
        alt=f"Mean nats per image against the steps of training. At the end: {told}. Best test ELBO on "
        f"the way: {curves.test_elbo.max():.2f}.",
    )


def plot_reconstructions(
    x: Tensor, gap: Tensor, encoder: vae.Encoder, decoder: deep.Decoder
) -> Picture:
    """x, the encoder's code decoded, and the best code decoded: of the ten largest gaps."""
    worst = gap.topk(10).indices
    shown = x[worst]
    with torch.no_grad():
        ours = decoder(encoder(shown).mean).mean
        best = decoder(deep.mode(shown, decoder, GRID).float()).mean
    errors = [(shown - made).square().sum(1).mean().item() for made in (ours, best)]
    return plot_images(
        {"$x$": shown, "encoder's $\\hat x$": ours, "best $\\hat x$": best},
        "Test image, code, and back",
        f"The ten test images with the largest amortisation gaps, {gap[worst].min():.1f} to "
        f"{gap.max():.1f} nats; below each what the decoder makes of the encoder's mean, and of the z "
        f"where the posterior is highest. Mean squared error {errors[0]:.1f} and {errors[1]:.1f}.",
    )
