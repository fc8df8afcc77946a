"""2, who decides how much the code says: the start, the training; and exercise 09.2."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import count
from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import kl_divergence

from course_utils import data, deep, pca, training, vae
from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.priors import made

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]
Objective = Callable[[Tensor, Tensor, float], Tensor]
AXIS = torch.linspace(-4.4, 4.4, 23, dtype=torch.float64)  # of the quadrature over z


class Score(NamedTuple):
    """Means over the test images, in nats."""

    rate: float
    elbo: float
    evidence: float


@cache
def bits() -> tuple[Tensor, Tensor]:
    """The training and the test digits in black and white, float32."""
    images = data.digits()
    return (images.train > 0.5).float(), (images.test > 0.5).float()


def poll_silent() -> Poll:
    """What a KL of 0 says."""
    return Poll(
        "A VAE with a strong decoder reports KL(q‖p) = 0.00 for every image, and an ELBO as high "
        "as any other run's. What happened?",
        [
            Option("training failed", False, "At what? It was asked for the ELBO, and has it."),
            Option(
                "σ² is wrong", False, "Too much noise can silence z, but then the ELBO suffers."
            ),
            Option(
                "the decoder did not need z",
                True,
                "It says all it knows of x without it; and nobody asked for a code.",
            ),
        ],
    )


def linear_starts(scales: Sequence[float], seed: int = 0) -> tuple[Tensor, Tensor]:
    """Ten principal components, x ~ N(0, W W^T + L L^T) with W (10, 2) and L free, from several
    starts of W side by side: mean ELBO by the exact posterior, and rate, of each.
    """
    train = data.digits().train
    x = pca.fit(train, 10).encode(train)
    S = x.T @ x / len(x)
    torch.manual_seed(seed)
    W = torch.stack([scale * torch.randn(10, 2, dtype=torch.float64) for scale in scales])
    root = (S.trace() / 10).sqrt() * torch.eye(10, dtype=torch.float64)
    W, L = nn.Parameter(W), nn.Parameter(root.repeat(len(scales), 1, 1))

    def covariance() -> Tensor:
        return L.tril() @ L.tril().mT + W @ W.mT

    def elbo() -> Tensor:
        C = covariance()
        ratio = torch.linalg.solve(C, S).diagonal(dim1=1, dim2=2).sum(1)
        return -(C.logdet() + ratio + 10 * log(2 * pi)) / 2

    training.fit(
        nn.ParameterList([W, L]),
        lambda _: -elbo().sum(),
        S,
        num_steps=700,
        lr=0.02,
        decay=True,
        progress=False,
    )
    with torch.no_grad():
        left = torch.eye(2, dtype=torch.float64) - W.mT @ torch.linalg.solve(covariance(), W)
        return elbo(), -left.logdet() / 2


def learn(objective: Objective, silent: float = 0.0, seed: int = 1) -> tuple[made.Made, Score]:
    """The decoder that `train` makes, and its score."""
    decoder, encoder = train(objective, silent, seed)
    return decoder, score(decoder, encoder)


def train(objective: Objective, silent: float, seed: int) -> tuple[made.Made, nn.Module]:
    """A MADE of 256 units with a VAE's z, 400 steps of AdamW; and the VAE's encoder.

    objective: of E_q[log p(x|z)], KL (both per image) and the share of the steps done.
    silent: until this share of the steps z is 0: MADE alone.
    """
    torch.manual_seed(seed)
    decoder = made.Made(2, made.full(256), (64,))
    encoder = vae.Encoder(64, 2, (64,))
    steps = count()

    def loss(x: Tensor) -> Tensor:
        done = next(steps) / 400
        if done < silent:
            fit, kl = decoder(torch.zeros(1, 2)).log_prob(x), torch.zeros(len(x))
        else:
            q = encoder(x)
            fit, kl = decoder(q.rsample()).log_prob(x), kl_divergence(q, decoder.prior)
        return -objective(fit, kl, done).mean()

    training.fit(
        nn.ModuleList([decoder, encoder]),
        loss,
        bits()[0],
        num_steps=400,
        batch_size=200,
        lr=0.01,
        decay=True,
        optimizer=partial(training.Adam, weight_decay=0.5),
        progress=False,
    )
    return decoder, encoder


def score(decoder: made.Made, encoder: nn.Module) -> Score:
    """Rate, ELBO by 50 samples, evidence by quadrature, of the test images."""
    x = bits()[1]
    with torch.no_grad():
        q = encoder(x)
        rate = kl_divergence(q, decoder.prior)
        fit = decoder(q.rsample(torch.Size([50]))).log_prob(x).mean(0)
    evidence = deep.log_evidence(x, decoder, (AXIS, AXIS))
    return Score(rate.mean().item(), (fit - rate).mean().item(), evidence.mean().item())


def alone(seed: int = 1) -> float:
    """Exact mean log p of the test images, MADE without any z, trained as long."""
    decoder, _ = train(lambda fit, kl, done: fit, 1.0, seed)
    with torch.no_grad():
        return decoder(torch.zeros(1, 2)).log_prob(bits()[1]).mean().item()


def poll_free_bits() -> Poll:
    """What free bits buy."""
    return Poll(
        "Free bits: the KL's mean over a batch counts only above 3 nats, so the first 3 nats of "
        "code cost nothing in training. On test images this raises …",
        [
            Option(
                "the rate", True, "To about 3 nats; the evidence stays, so the ELBO's gap pays."
            ),
            Option("the evidence", False, "The decoder was as good without."),
            Option("both", False, "The code is used, but what it says the pixels said as well."),
        ],
    )


def plot_trainings(scores: dict[str, Score], alone: float) -> Picture:
    """The trainings in the plane of distortion and rate, with MADE's own line."""
    fig, ax = style.subplots()
    top = 3.4
    ax.plot([-alone, -alone - top], [0, top], **TRUTH.line)
    ax.text(
        -alone - top + 0.5,
        top - 0.2,
        f"the line $-\\log p(x)$ = {-alone:.2f}, MADE without z",
        color=TRUTH.ink,
    )
    for name, at in scores.items():
        D = -at.elbo - at.rate
        ax.plot([D], [at.rate], **MODEL.dots | {"markersize": 11})
        ax.text(D + 0.14, at.rate + 0.03, f"{name}: ELBO −{-at.elbo:.2f}", color=MODEL.ink)
    ax.set(xlim=(-alone - top - 0.3, -alone + 2.9), ylim=(-0.2, top + 0.2))
    ax.set(
        xlabel="distortion $\\mathcal{D}$, nats per test image", ylabel="rate $\\mathcal{R}$, nats"
    )
    ax.set_title("One score, four codes")
    said = "; ".join(
        f"{name}: rate {at.rate:.2f}, ELBO {at.elbo:.2f}, evidence {at.evidence:.2f}"
        for name, at in scores.items()
    )
    return figure(
        fig,
        alt=f"Distortion and rate of trainings with one decoder, all within a third of a nat of the "
        f"line on which MADE without z lies, {-alone:.2f} nats. {said}.",
    )


def mask(radius: int, side: int) -> Tensor:
    """1 where pixel d (a row) may see pixel c (a column): c before d in reading order, and at most
    `radius` rows and columns away. (side^2, side^2)."""
    pixel = torch.arange(side**2)
    row, column = pixel // side, pixel % side
    near = ((row - row[:, None]).abs() <= radius) & ((column - column[:, None]).abs() <= radius)
    return (near & (pixel < pixel[:, None])).double()


def _places(side: int, by_column: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    pixel = torch.arange(side**2)
    row, column = pixel // side, pixel % side
    order = column * side + row if by_column else pixel
    return order, (row - row[:, None]).abs(), (column - column[:, None]).abs()


def _near(radius: int, side: int) -> Tensor:
    _, down, across = _places(side)
    return (down <= radius) & (across <= radius)


def _by_column(radius: int, side: int) -> Tensor:
    order, _, _ = _places(side, by_column=True)
    return (_near(radius, side) & (order < order[:, None])).double()


def _along_the_row(radius: int, side: int) -> Tensor:
    pixel = torch.arange(side**2)
    behind = pixel[:, None] - pixel
    return ((behind > 0) & (behind <= radius)).double()


def _diamond(radius: int, side: int) -> Tensor:
    order, down, across = _places(side)
    return ((down + across <= radius) & (order < order[:, None])).double()


Exercise(
    "09.2",
    mask,
    cases=[(1, 4), (2, 4), (1, 3)],
    mistakes=[
        Mistake(
            lambda radius, side: mask(radius, side) + torch.eye(side**2).double(),
            "The diagonal is 1: every pixel sees itself, and copies what it should predict.",
        ),
        Mistake(
            lambda radius, side: mask(radius, side).T,
            "Transposed: a row is the pixel that is predicted, its columns are what it sees.",
        ),
        Mistake(
            _by_column,
            "Column by column. In x the images lie row by row: pixel 1 is right of pixel 0.",
        ),
        Mistake(
            _along_the_row,
            "Distance in reading order: the pixel above is `side` away, and the last of a row is no "
            "neighbour of the next row's first.",
        ),
        Mistake(
            _diamond,
            "Rows plus columns: that is a diamond. Rows and columns may each be `radius` away.",
        ),
        Mistake(
            lambda radius, side: _near(radius, side).double(),
            "Later pixels are seen too: then the product over pixels is no density.",
        ),
    ],
    nudge="Write the row and the column of every pixel number first. Which pixels of a 3 x 3 image "
    "does the middle one see?",
    formula="$M_{dc} = 1$ if $c < d$, $|r_c - r_d| \\le$ radius and $|k_c - k_d| \\le$ radius, with "
    "row $r_d$ = <code>d // side</code>, column $k_d$ = <code>d % side</code>.",
)
