"""3, rate is not worth: decoders that see fewer of the earlier pixels."""

import torch
from torch.distributions import kl_divergence

from course_utils import deep, training, vae
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l09_unseen_by_the_objective.decides import AXIS, bits
from course_utils.priors import made

Q, GAP = style.ROLES["q"], style.ROLES["gap"]
RADII = {0: "no pixel", 1: "1 around", 2: "2 around", 7: "all before"}
# (rate, worth of z in evidence) of the test images by radius, seeds 1 to 5. Measured by
# tests/seeds/lesson_09.py.
WORTH = {
    0: ((3.04, 5.22), (3.09, 5.31), (3.06, 5.25), (3.13, 5.32), (3.0, 5.09)),
    1: ((2.77, 2.75), (2.75, 2.76), (2.61, 2.54), (2.71, 2.79), (2.74, 2.71)),
    2: ((2.6, 1.91), (2.66, 1.83), (2.39, 1.74), (2.55, 1.88), (2.39, 1.72)),
    7: ((2.17, 0.65), (2.51, 0.86), (2.26, 0.72), (2.25, 0.77), (2.05, 0.65)),
}


def measure(radius: int, seed: int = 1) -> tuple[float, float]:
    """Rate, and evidence gained over the same decoder without z, of the test images, in nats."""
    train, test = bits()
    torch.manual_seed(seed)
    with_z = made.Made(2, [made.window(radius)], (64,))
    without = made.Made(1, [made.window(radius)])
    encoder, silence = vae.Encoder(64, 2, (64,)), torch.zeros(1, 1)
    vae.fit(train, encoder, with_z, num_steps=800, batch_size=200, lr=0.02, progress=False)
    training.fit(
        without,
        lambda x: -without(silence).log_prob(x).mean(),
        train,
        num_steps=400,
        batch_size=200,
        lr=0.05,
        decay=True,
        progress=False,
    )
    with torch.no_grad():
        rate = kl_divergence(encoder(test), with_z.prior).mean().item()
        alone = without(silence).log_prob(test).mean().item()
    return rate, deep.log_evidence(test, with_z, (AXIS, AXIS)).mean().item() - alone


def plot_worth() -> Picture:
    """Rate and worth of z, five seeds each, by how many pixels the decoder sees."""
    fig, ax = style.subplots()
    rates, worths = torch.tensor([WORTH[radius] for radius in RADII]).unbind(2)
    for i, (rate, worth) in enumerate(zip(rates, worths, strict=True)):
        ax.plot([i - 0.1] * len(rate), rate, **Q.dots, alpha=0.6)
        ax.plot([i + 0.1] * len(worth), worth, **GAP.dots | {"marker": "s"}, alpha=0.6)
    ax.plot([i - 0.1 for i in range(4)], rates.mean(1), **Q.line)
    ax.plot([i + 0.1 for i in range(4)], worths.mean(1), **GAP.line)
    ax.text(0.15, worths[0].mean() + 0.1, "what z adds to the evidence", color=GAP.ink)
    ax.text(0.0, rates[0].mean() - 0.75, "rate", color=Q.ink)
    ax.set_xticks(range(4), list(RADII.values()))
    ax.set(xlim=(-0.4, 3.5), ylim=(0, 6.2), xlabel="earlier pixels that the decoder sees")
    ax.set(ylabel="nats per test image", title="What a code says, and what it is worth")
    said = "; ".join(
        f"{RADII[radius]}: rate {rate.mean():.2f}, worth {worth.mean():.2f}"
        for radius, rate, worth in zip(RADII, rates, worths, strict=True)
    )
    return figure(fig, alt=f"Means of five seeds in nats per test image. {said}.")
