"""5, one attribute: slant, naive and balanced directions, exercise 10.5."""

from functools import cache

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils import data, ppca
from course_utils.codes import attributes
from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

MODEL, Q, GAP = (style.ROLES[name] for name in ("model", "q", "gap"))
SHOWN = torch.tensor([0, 1, 2, 4, 5, 9, 10, 11])  # test images
KINDS = ("naive", "balanced")
SCALES = torch.linspace(-1.5, 1.5, 13, dtype=torch.float64)


class Codes:
    """PPCA with 20 latents, the two directions of the slant, and the classes by nearest mean."""

    def __init__(self, train: Tensor, labels: Tensor, test: Tensor) -> None:
        self.model = ppca.fit(train, 20)
        z, slants = self.encode(train), attributes.slant(train)
        self.test = self.encode(test)
        self.directions = {
            "naive": attributes.direction(z, slants),
            "balanced": attributes.direction(z, slants, labels),
        }
        self.means = torch.stack([train[labels == c].mean(0) for c in labels.unique()])
        self.before = self.nearest(self.decode(self.test))

    def encode(self, x: Tensor) -> Tensor:
        """The posterior's mean."""
        return self.model.posterior(x).mean

    def decode(self, z: Tensor) -> Tensor:
        """The decoder's mean."""
        return z @ self.model.W.T + self.model.mu

    def nearest(self, x: Tensor) -> Tensor:
        """The class whose mean image is nearest."""
        return torch.cdist(x, self.means).argmin(1)

    def moved(self, kind: str, scale: float) -> tuple[Tensor, float, float]:
        """Decoded test codes with scale times a direction added; mean slant; share of classes kept."""
        x = self.decode(self.test + scale * self.directions[kind])
        kept = (self.nearest(x) == self.before).double().mean().item()
        return x, attributes.slant(x).mean().item(), kept

    def sheared(self, change: float) -> float:
        """The share of classes kept by a true shear of the decoded images: the judge's own error."""
        x = attributes.shear(self.decode(self.test), change)
        return (self.nearest(x) == self.before).double().mean().item()

    def at_slant(self, kind: str, change: float) -> float:
        """The share of classes kept where the direction moves the mean slant by this much."""
        _, start, _ = self.moved(kind, 0.0)
        low, high = 0.0, 3.0 if change > 0 else -3.0
        for _ in range(30):
            middle = (low + high) / 2
            short = abs(self.moved(kind, middle)[1] - start) < abs(change)
            low, high = (middle, high) if short else (low, middle)
        return self.moved(kind, low)[2]


@cache
def codes() -> Codes:
    """Of the course's split."""
    images = data.digits()
    return Codes(images.train, images.train_labels, images.test)


def split(seed: int) -> Codes:
    """Of another split, 1400 and 397 as well."""
    images = data.digits()
    x = torch.cat([images.train, images.test])
    labels = torch.cat([images.train_labels, images.test_labels])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    train, test = order[:1400], order[1400:]
    return Codes(x[train], labels[train], x[test])


def plot_confounded() -> Picture:
    """Which digits the most and the least slanted fifth of the training images are."""
    images = data.digits()
    order = attributes.slant(images.train).argsort()
    count = len(order) // 5
    shares = {
        name: torch.bincount(images.train_labels[these], minlength=10) / count
        for name, these in (("least", order[:count]), ("most", order[-count:]))
    }
    fig, ax = style.subplots(height=4)
    place = np.arange(10)
    ax.bar(place - 0.2, shares["least"].numpy(), 0.4, **GAP.area)
    ax.bar(place + 0.2, shares["most"].numpy(), 0.4, **Q.area)
    ax.axhline(0.1, color=style.GUIDE, linewidth=1.5)
    ax.set(xticks=range(10), ylim=(0, 0.5), xlabel="digit", ylabel="share of the fifth")
    ax.text(0.02, 0.9, "▨ lowest fifth", color=GAP.ink, transform=ax.transAxes)
    ax.text(0.02, 0.78, "■ highest fifth", color=Q.ink, transform=ax.transAxes)
    ax.set_title("Who is slanted?")
    said = "; ".join(
        f"{name}: {', '.join(f'{100 * s:.0f} % {c}' for c, s in enumerate(share.tolist()))}"
        for name, share in shares.items()
    )
    return figure(fig, alt=f"Digits among the fifth of training images with the {said}.")


def predict_slant() -> Prediction:
    """Ask what else an attribute vector changes, then add it."""
    question = (
        "The smile vector of a set of faces: the mean code of smiling faces less that of the others. "
        "In this set most of the smiling faces are women. Added to a man's code, it gives …"
    )
    options = [
        Option("the same man, smiling", False, "The two means differ in more than the smile."),
        Option(
            "a smile, and more of a woman's face",
            True,
            "A difference of means holds every difference of the two groups.",
        ),
        Option("a woman's face without a smile", False, "The smile is part of the difference."),
    ]
    return predict(question, options, explore_slant())


def explore_slant() -> Explorer:
    """Eight test digits, moved; the class kept against the measured slant, for both directions."""
    of = codes()
    table = {
        kind: torch.tensor([of.moved(kind, scale)[1:] for scale in SCALES.tolist()])
        for kind in KINDS
    }
    plain = mosaic(of.decode(of.test[SHOWN])[:4], of.decode(of.test[SHOWN])[4:])

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1])
        left.set(xticks=[], yticks=[], title="Decoded, moved")
        left.spines[["left", "bottom"]].set_visible(False)
        for kind, role in zip(KINDS, (Q, MODEL), strict=True):
            right.plot(*table[kind].T, **role.line)
        right.set(xlim=(-0.26, 0.36), ylim=(0, 1.02), xlabel="mean slant, measured")
        right.set(ylabel="class kept")
        right.set_title("At equal slant")
        right.text(-0.1, 0.17, "- - naive", color=Q.ink)
        right.text(-0.1, 0.06, "-· balanced", color=MODEL.ink)
        return fig, {
            "images": left.imshow(plain, cmap="gray_r", vmin=0, vmax=1),
            "at": right.plot([], [], "o", color=style.INK, markersize=12)[0],
            "words": right.text(0.35, 0.06, "", ha="right"),
        }

    def update(kind: str, scale: float) -> dict:
        x, slant, kept = of.moved(kind, scale)
        shown = x[SHOWN].clamp(0, 1)
        return {
            "images": mosaic(shown[:4], shown[4:]),
            "at": ([slant], [kept]),
            "words": f"slant {slant:z.2f}\nkept {kept:.0%}".replace("-", "−"),
            "alt": f"Eight test digits with {scale:.2f} times the {kind} direction added to their "
            f"codes. Over all test digits the mean slant is {slant:z.2f}, and {kept:.0%} keep their "
            "nearest class mean. Beside it both directions: at equal slant the balanced one keeps more.",
        }

    controls = {
        "kind": widgets.ToggleButtons(options=KINDS, description="direction"),
        "scale": widgets.FloatSlider(
            value=0, min=-1.5, max=1.5, step=0.25, description="times the direction"
        ),
    }
    strip = [
        {"kind": k, "scale": s} for k, s in (("naive", -1.0), ("naive", 1.0), ("balanced", 1.0))
    ]
    return Explorer(scene, update, controls, strip)


def balanced(codes: Tensor, values: Tensor, labels: Tensor) -> Tensor:
    """Mean over classes of: mean code of its highest fifth less that of its lowest, (H,)."""
    parts = []
    for c in labels.unique():
        mine, order = codes[labels == c], values[labels == c].argsort()
        k = len(order) // 5
        parts.append(mine[order[-k:]].mean(0) - mine[order[:k]].mean(0))
    return torch.stack(parts).mean(0)


def _case(N: int, classes: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    labels = (normal(N, seed=seed).abs() * 10).long() % classes
    return normal(N, 3, seed=seed + 1) + labels[:, None], normal(N, seed=seed + 2) + labels, labels


def _naive(codes, values, labels):
    order = values.argsort()
    k = len(order) // 5
    return codes[order[-k:]].mean(0) - codes[order[:k]].mean(0)


def _per_class(combine, sign: int = 1, pick=lambda k, order: (order[-k:], order[:k])):
    def attempt(codes, values, labels):
        parts, counts = [], []
        for c in labels.unique():
            mine, order = codes[labels == c], values[labels == c].argsort()
            high, low = pick(len(order) // 5, order)
            parts.append(sign * (mine[high].mean(0) - mine[low].mean(0)))
            counts.append(len(order))
        return combine(torch.stack(parts), torch.tensor(counts).double())

    return attempt


def _pooled(codes, values, labels):
    """The overall thresholds, within classes that have both."""
    order = values.argsort()
    k = len(order) // 5
    high, low = values >= values[order[-k]], values <= values[order[k - 1]]
    parts = [
        codes[high & (labels == c)].mean(0) - codes[low & (labels == c)].mean(0)
        for c in labels.unique()
        if (high & (labels == c)).any() and (low & (labels == c)).any()
    ]
    return torch.stack(parts).mean(0)


def _by_quantiles(codes, values, labels):
    parts = []
    for c in labels.unique():
        mine, value = codes[labels == c], values[labels == c]
        low, high = value.quantile(0.2), value.quantile(0.8)
        parts.append(mine[value >= high].mean(0) - mine[value <= low].mean(0))
    return torch.stack(parts).mean(0)


def _centred_codes(codes, values, labels):
    """Centre the codes by class, but choose by the value of all."""
    centred = codes.clone()
    for c in labels.unique():
        centred[labels == c] -= codes[labels == c].mean(0)
    return _naive(centred, values, labels)


Exercise(
    "10.5",
    balanced,
    cases=[_case(200, 3, 1), _case(120, 2, 5)],
    mistakes=[
        Mistake(_naive, "That is the naive one: it never looks at the labels."),
        Mistake(
            _per_class(lambda parts, counts: parts.sum(0)),
            "The mean over the classes: their sum is as many times too long.",
        ),
        Mistake(
            _per_class(lambda parts, counts: (parts * (counts / counts.sum())[:, None]).sum(0)),
            "You weigh classes by their size. Balanced: every class counts the same.",
        ),
        Mistake(
            _per_class(lambda parts, counts: parts.mean(0), sign=-1),
            "It points the other way: the high ones less the low ones.",
        ),
        Mistake(
            _per_class(
                lambda parts, counts: parts.mean(0),
                pick=lambda k, order: (order[len(order) // 2 :], order[: len(order) // 2]),
            ),
            "Halves, not fifths: the middle of a class tells little of the attribute.",
        ),
        Mistake(
            _by_quantiles,
            "Quantiles as thresholds, edges included, take one image too many here and there: rank, "
            "and take n // 5.",
        ),
        Mistake(
            _pooled,
            "The fifths of the whole set: of some classes hardly an image is in one of them. Rank "
            "the images within their class.",
        ),
        Mistake(
            _centred_codes,
            "You took the class out of the codes, but chose by the values of all: in each fifth the "
            "classes are still mixed unevenly.",
        ),
    ],
    nudge="Do what the naive one does, but to one class at a time, of those that occur "
    "(<code>labels.unique()</code>): rank, take fifths (<code>n // 5</code> images), subtract. Then one "
    "vote a class.",
    formula="$$v=\\frac1{\\text{number of classes}}\\sum_c(h_c-l_c)$$ with $h_c$ and $l_c$ the mean "
    "codes of the highest and of the lowest fifth of class $c$.",
)
