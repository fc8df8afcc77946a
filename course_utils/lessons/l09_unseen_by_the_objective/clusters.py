"""9, clusters: where EM goes from the true labels, and what likelihood says of accuracy."""

from collections.abc import Sequence
from functools import cache

import ipywidgets as widgets
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.distributions import Categorical

from course_utils import data
from course_utils.kit import Explorer, Option, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction
from course_utils.mixture import BernoulliMixture

TRUTH, MODEL, Q, DATA = (style.ROLES[name] for name in ("truth", "model", "q", "data"))
STEPS = (0, 1, 2, 3, 5, 10, 20, 50)


def binary() -> tuple[Tensor, Tensor, Tensor]:
    """The digits in black and white, training and test, and what the training images show."""
    images = data.digits()
    train, test = ((x > 0.5).double() for x in images[:2])
    return train, test, images.train_labels


def accuracy(cluster: Tensor, labels: Tensor) -> float:
    """The share of images whose cluster is named after their digit, by the best naming of ten."""
    table = torch.zeros(10, 10)
    table.index_put_((cluster, labels), torch.ones(len(labels)), accumulate=True)
    rows, columns = linear_sum_assignment(-table.numpy())
    return table[rows, columns].sum().item() / len(labels)


@cache
def from_labels() -> list[BernoulliMixture]:
    """EM's models from the true labels, one a step: the first knows all labels."""
    x, _, labels = binary()
    model = BernoulliMixture.maximise(x, Categorical(torch.eye(10).double()[labels]))
    models = [model]
    for _ in range(STEPS[-1]):
        models.append(BernoulliMixture.maximise(x, models[-1].posterior(x)))
    return models


def predict_start() -> Prediction:
    """Ask what EM does when it begins at the truth, then step."""
    question = (
        "A mixture of ten Bernoullis, for black and white digits. This time EM begins at the truth: "
        "every image in the component of its label. EM now …"
    )
    options = [
        Option("stays there", False, "Only if the true classes were the best ten Bernoullis."),
        Option(
            "moves away, and the likelihood rises",
            True,
            "Ten classes of pixels set by coin flips that know nothing of each other: writing is not "
            "made so. Other ten groups fit it better.",
        ),
        Option(
            "moves away, and the likelihood falls",
            False,
            "Plain EM never lowers it (lesson 03). With 1 added to every count that is no theorem, but "
            "here it rises, too.",
        ),
    ]
    return predict(question, options, explore_start())


def explore_start() -> Explorer:
    """Mean images, evidence and accuracy, step by step from the true labels."""
    x, _, labels = binary()
    path = torch.tensor(
        [
            (accuracy(p.argmax(1), labels), joint.logsumexp(1).mean())
            for model in from_labels()
            for joint in [model.log_joint(x)]
            for p in [joint]
        ]
    )

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
        left.set(xticks=[], yticks=[], title="The ten components")
        left.spines[["left", "bottom"]].set_visible(False)
        means = from_labels()[0].means
        images = left.imshow(mosaic(means[:5], means[5:]), cmap="gray_r", vmin=0, vmax=1)
        right.plot(*path.T, **MODEL.line | {"linewidth": 1.5})
        right.set(xlim=(0.79, 0.9), ylim=(-19.62, -19.25), xlabel="accuracy")
        right.set(ylabel="training evidence, nats", title="Uphill, away from the labels")
        return fig, {
            "images": images,
            "at": right.plot([], [], **MODEL.dots | {"markersize": 12})[0],
            "words": right.text(0.895, -19.29, "", color=MODEL.ink, ha="right"),
        }

    def update(step: int) -> dict:
        right, evidence = path[step].tolist()
        means = from_labels()[step].means
        return {
            "images": mosaic(means[:5], means[5:]),
            "at": ([right], [evidence]),
            "words": f"step {step}: {evidence:.3f}, {right:.1%}".replace("-", "−"),
            "alt": f"After {step} steps of EM from the true labels the training evidence is "
            f"{evidence:.3f} nats an image, and {right:.1%} of the images are in the component of "
            "their digit. The ten mean images still look like the ten digits.",
        }

    control = widgets.SelectionSlider(options=STEPS, value=0, description="EM steps")
    return Explorer(scene, update, {"step": control}, [{"step": step} for step in (0, 2, 50)])


# From random starts 0 to 39, 100 steps each: (training evidence, accuracy). Measured by
# tests/seeds/lesson_09.py; the notebook measures some of them anew.
STARTS = (
    (-19.195, 0.708),
    (-19.298, 0.665),
    (-19.142, 0.738),
    (-19.195, 0.689),
    (-19.148, 0.659),
    (-19.541, 0.533),
    (-19.198, 0.683),
    (-19.345, 0.726),
    (-19.195, 0.708),
    (-19.414, 0.651),
    (-19.152, 0.716),
    (-19.2, 0.665),
    (-19.199, 0.669),
    (-19.2, 0.666),
    (-19.198, 0.704),
    (-19.152, 0.716),
    (-19.148, 0.659),
    (-19.152, 0.716),
    (-19.146, 0.726),
    (-19.146, 0.726),
    (-19.195, 0.689),
    (-19.366, 0.673),
    (-19.188, 0.657),
    (-19.553, 0.561),
    (-19.148, 0.659),
    (-19.194, 0.671),
    (-19.397, 0.669),
    (-19.147, 0.739),
    (-19.193, 0.757),
    (-19.196, 0.674),
    (-19.601, 0.624),
    (-19.152, 0.716),
    (-19.198, 0.704),
    (-19.197, 0.669),
    (-19.373, 0.761),
    (-19.147, 0.739),
    (-19.513, 0.599),
    (-19.195, 0.708),
    (-19.148, 0.659),
    (-19.193, 0.757),
)
# Accuracy of other clusterings, the best of ten starts by each one's own score, at five seeds:
# likewise.
OTHERS = {
    "k-means, black and white": (0.706, 0.704, 0.734, 0.744, 0.706),
    "k-means": (0.787, 0.789, 0.761, 0.786, 0.789),
    "Gaussian mixture": (0.709, 0.797, 0.795, 0.791, 0.784),
    "mixture, 2 latents": (0.794, 0.648, 0.695, 0.686, 0.746),
    "mixture, 8 latents": (0.809, 0.833, 0.794, 0.861, 0.847),
    "mixture as prior, 8 latents": (0.829, 0.833, 0.797, 0.877, 0.861),
}


def plot_starts(found: Sequence[tuple[float, float]]) -> Picture:
    """Evidence and accuracy of every start: the stored ones, and those found now."""
    fig, ax = style.subplots(height=4.1)
    stored, now = torch.tensor(STARTS), torch.tensor(found)
    ax.plot(stored[:, 1], stored[:, 0], **DATA.dots)
    ax.plot(now[:, 1], now[:, 0], **MODEL.dots | {"markersize": 13, "fillstyle": "none"})
    x, _, labels = binary()
    begin, end = (from_labels()[step] for step in (0, STEPS[-1]))
    ends = [
        (accuracy(m.log_joint(x).argmax(1), labels), m.log_evidence(x).mean()) for m in (begin, end)
    ]
    ax.annotate("", ends[1], ends[0], arrowprops={"color": TRUTH.color, "width": 3})
    ax.text(0.915, -19.62, "true labels", color=TRUTH.ink, ha="right")
    ax.text(0.5, -19.17, "○ found just now", color=MODEL.ink)
    ax.set(xlim=(0.49, 0.92), ylim=(-19.66, -19.1), xlabel="accuracy")
    ax.set(ylabel="training evidence, nats", title="The likeliest clusters are not the classes")
    correlation = torch.corrcoef(stored.T)[0, 1]
    return figure(
        fig,
        alt=f"Forty random starts of EM: evidence from {stored[:, 0].min():.2f} to "
        f"{stored[:, 0].max():.2f} nats, accuracy from {stored[:, 1].min():.2f} to "
        f"{stored[:, 1].max():.2f}, correlation {correlation:.2f}. An arrow from the true labels, "
        f"({ends[0][0]:.2f}, {ends[0][1]:.2f}), to where EM goes from there, ({ends[1][0]:.2f}, "
        f"{ends[1][1]:.2f}): most of the starts end above it.",
    )
