"""7, good samples and a good score: noise, fog round the training set, and matched crowds."""

from math import log, pi

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import data, ppca
from course_utils.gaussian import Gaussian
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, MODEL, DATA = (style.ROLES[name] for name in ("truth", "model", "data"))
SCALES = (0.02, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.13, 0.14, 0.15, 0.16, 0.2, 0.3)


def poll_noise() -> Poll:
    """What a model loses of whose samples 99 of 100 are noise."""
    return Poll(
        "A model scores 25.3 nats a test image. We spoil it: with probability 0.99 it now returns "
        "noise, every pixel uniform between 0 and 1, and otherwise an image of its own. Its score …",
        [
            Option("loses at most 4.6 nats", True, "A sum is at least one of its terms."),
            Option("loses 99 % of its nats", False, "A logarithm stands between share and nats."),
            Option("falls to minus infinity", False, "No image has got density 0 by this."),
        ],
    )


def noisy(log_p: Tensor) -> Tensor:
    """log of 0.01 p(x) + 0.99 on the unit cube, where uniform noise has density 1."""
    return torch.logaddexp(log(0.01) + log_p, torch.full_like(log_p, log(0.99)))


def plot_noise(model: ppca.PPCA, before: float, after: float) -> Picture:
    """Samples of a model and of its mixture with noise, and their scores."""
    torch.manual_seed(0)
    own, spoilt = model.sample(12), torch.rand(12, 64, dtype=torch.float64)
    rows = {f"{before:.1f} nats": own, f"{after:.1f} nats": spoilt}  # 11.88 of 12 are noise
    return rows_of_images(
        rows,
        "Four nats apart",
        f"Twelve samples of a model that scores {before:.1f} nats a test image: blurred digits. "
        f"Twelve of the mixture that scores {after:.1f}: nothing but noise.",
    )


def predict_fog() -> Prediction:
    """Ask what the training set with fog round every image scores, then turn the fog up."""
    question = (
        "This model has learnt nothing: it keeps the 1400 training images, takes one at random and "
        "adds Gaussian noise. The ladder's best VAE, of two latents, has 20.8 nats a test image. "
        "With noise chosen on the training images alone this one has …"
    )
    options = [
        Option("far less: it has not seen them", False, "But it has seen images near by."),
        Option("about as much", False, "It has no decoder to get wrong, and 64 dimensions."),
        Option("ten nats more", True, "31.06. Its samples are training images in fog."),
    ]
    return predict(question, options, explore_fog())


def explore_fog() -> Explorer:
    """Scores of training set + fog on training, left-out and test images, and its samples."""
    train, test, *_ = data.digits()
    squares = torch.cdist(train, train).square(), torch.cdist(test, train).square()
    scores = {scale: _scores(*squares, scale) for scale in SCALES}
    chosen, eps = train[:6], normal(6, 64)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.5, 1])
        for place, (name, role) in enumerate((("training", DATA), ("left-out", MODEL))):
            values = [scores[scale][place] for scale in SCALES]
            left.plot(SCALES, values, **role.line | {"linestyle": "-."})
            left.text((0.06, 0.021)[place], (135, 60)[place], f"{name} images", color=role.ink)
        left.plot(SCALES, [scores[scale][2] for scale in SCALES], **TRUTH.line)
        left.text(0.021, 32, "test images", color=TRUTH.ink)
        left.set(xscale="log", xlim=(0.02, 0.3), ylim=(-110, 190), xlabel="fog σ", ylabel="nats")
        left.set_xticks([0.02, 0.05, 0.1, 0.2], ["0.02", "0.05", "0.1", "0.2"])
        left.minorticks_off()
        left.set_title("Scores by the amount of fog")
        right.set(xticks=[], yticks=[], title="Its samples")
        right.spines[["left", "bottom"]].set_visible(False)
        images = right.imshow(mosaic(chosen[:3], chosen[3:]), cmap="gray_r", vmin=0, vmax=1)
        return fig, {
            "at": left.plot([], [], **TRUTH.dots | {"markersize": 12})[0],
            "words": left.text(0.29, -60, "", color=TRUTH.ink, ha="right"),
            "images": images,
        }

    def update(scale: float) -> dict:
        seen, unseen, tested = scores[scale]
        shown = chosen + scale * eps
        return {
            "at": ([scale], [max(tested, -108)]),
            "words": f"test: {tested:.1f}".replace("-", "−"),
            "images": mosaic(shown[:3], shown[3:]),
            "alt": f"Six samples: training images with noise of standard deviation {scale:.2f}. The "
            f"mean score is {seen:.1f} nats on training images, {unseen:.1f} on each when it is "
            f"left out, {tested:.1f} on test images.",
        }

    control = widgets.SelectionSlider(options=SCALES, value=0.14, description="fog σ")
    return Explorer(scene, update, {"scale": control}, [{"scale": s} for s in (0.02, 0.14, 0.3)])


def fog(x: Tensor, scale: float) -> Gaussian:
    """N(x_n, scale^2 I) for every image, as if an encoder had put the images where they are."""
    return Gaussian(x, torch.tensor(2 * log(scale)).to(x))


def _scores(near: Tensor, test: Tensor, scale: float) -> tuple[float, float, float]:
    """Mean log density of training images, of each with itself left out, and of test images.

    near (N, N), test (M, N): squared distances to the training images.
    """
    kernel, N = -test / (2 * scale**2), len(near)
    others = left_out(-near / (2 * scale**2)) + log(N - 1)  # of sums: a sum with itself has 1 more
    means = (
        others.logaddexp(torch.zeros(())) - log(N),
        others - log(N - 1),
        kernel.logsumexp(1) - log(N),
    )
    seen, unseen, tested = (mean.mean().item() - 32 * log(2 * pi * scale**2) for mean in means)
    return seen, unseen, tested


def left_out(log_k: Tensor) -> Tensor:
    """log of the mean of every row of log_k (N, N), its diagonal left out: (N,)."""
    others = log_k.masked_fill(torch.eye(len(log_k), dtype=torch.bool), -torch.inf)
    return others.logsumexp(1) - log(len(log_k) - 1)


def _mean_of_logs(log_k: Tensor) -> Tensor:
    return (log_k.sum(1) - log_k.diagonal()) / (len(log_k) - 1)


_APART = -normal(5, 5).abs() - 800
Exercise(
    "09.5",
    left_out,
    cases=[(_APART + 790 * torch.eye(5).double(),), (-normal(3, 3, seed=1).square(),)],
    mistakes=[
        Mistake(
            lambda log_k: log_k.logsumexp(1) - log(len(log_k)),
            "Every image is among those it is compared with: at σ → 0 that score grows without end.",
        ),
        Mistake(
            lambda log_k: log_k.logsumexp(1) - log(len(log_k) - 1),
            "You divide by N − 1, but the image itself is still in the sum.",
        ),
        Mistake(
            lambda log_k: left_out(log_k) + log(len(log_k) - 1) - log(len(log_k)),
            "Of N terms one is gone: what is left has N − 1.",
        ),
        Mistake(
            lambda log_k: left_out(log_k) + log(len(log_k) - 1),
            "That is a sum: a density needs the mean, − log(N − 1).",
        ),
        Mistake(_mean_of_logs, "A mean of logarithms: the nearest image counts, not the average."),
        Mistake(
            lambda log_k: (
                log_k.masked_fill(torch.eye(len(log_k), dtype=torch.bool), 0.0).logsumexp(1)
                - log(len(log_k) - 1)
            ),
            "A logarithm of 0 is a density of 1: to leave a term out, its logarithm is −∞.",
        ),
        Mistake(
            lambda log_k: (
                (log_k.exp() - log_k.exp().diagonal().diag()).sum(1) / (len(log_k) - 1)
            ).log(),
            "Right on paper. But e to the −800 is 0 in every float: stay with logsumexp.",
        ),
        Mistake(
            lambda log_k: left_out(log_k).mean(),
            "One score per image; the mean over images is taken later, in sight.",
        ),
    ],
    nudge="Image n, scored by a model made of all the others: how many are they? And which value of "
    "a logarithm leaves its term out of a logsumexp?",
    formula="$$\\log\\frac1{N-1}\\sum_{m\\ne n} e^{\\log k(x_n, x_m)},\\qquad\\text{the diagonal of "
    "the matrix set to }-\\infty$$",
)


def plot_crowds(rows: dict[str, Tensor], scores: dict[str, tuple[float, float]]) -> Picture:
    """Samples of models; scores: {name: (1000 MMD^2 to the test images, evidence)}."""
    named = {
        f"{name}\n{scores[name][0]:.1f}; {scores[name][1]:.1f} nats".replace("-", "−"): images
        for name, images in rows.items()
    }
    said = "; ".join(
        f"{name}: 1000 MMD² {m:.1f}, evidence {e:.1f}" for name, (m, e) in scores.items()
    )
    return rows_of_images(
        named, "1000 MMD² to test images; evidence", f"Samples of two models. {said}."
    )


def rows_of_images(rows: dict[str, Tensor], title: str, alt: str) -> Picture:
    """Rows of images under one another, each with its name: {name: (n, 64)}."""
    fig, ax = style.subplots(height=1 + 0.75 * len(rows))
    ax.imshow(mosaic(*rows.values()), cmap="gray_r", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[3.5 + 10 * k for k in range(len(rows))], title=title)
    ax.set_yticklabels(list(rows))
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return figure(fig, alt=alt)
