"""1, mass is conserved: twenty bins of equal mass, and exercise 07.1."""

from collections.abc import Callable, Sequence
from math import expm1, log, pi

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from torch import Tensor

from course_utils.flows.spline import SMALLEST, SplineMap
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

PRIOR, MODEL = style.ROLES["prior"], style.ROLES["model"]

NUM_BINS = 20
EDGE = 4.0  # the spline's bound; a standard normal has 0.006 % beyond it
HAND = SplineMap(4, EDGE)  # knots at z = -4, -2, 0, 2, 4


def by_hand(slope: float, share: float) -> Tensor:
    """theta of HAND with this slope at z = 0, and this share of the x axis for -2 < z < 2."""
    heights = torch.tensor([1 - share, share, share, 1 - share], dtype=torch.float64).log()
    slopes = torch.tensor([1.0, slope, 1.0], dtype=torch.float64) - SMALLEST
    return torch.cat([torch.zeros(4), heights, slopes.expm1().log() - log(expm1(1 - SMALLEST))])


def bins(slope: float, share: float) -> tuple[Tensor, Tensor]:
    """The edges (21,) of twenty bins that hold 1/20 of N(0, 1) each, and where they land."""
    z = torch.special.ndtri(torch.linspace(0, 1, NUM_BINS + 1, dtype=torch.float64))
    z = z.clamp(-EDGE, EDGE)
    return z, HAND.forward(z, by_hand(slope, share))[0]


def predict_bins() -> Prediction:
    """Ask what a steep map does to the density, then bend it."""
    question = "T has slope 5 at z. Compared with the density at z, that of x at T(z) is …"
    options = [
        Option("five times as high", False, "Neighbours end up further apart, not closer."),
        Option("the same", False, "The mass is the same. It is on another width."),
        Option("a fifth", True, "The same mass is spread over five times the width."),
        Option("more or less, by p(z)", False, "The factor is 1/5 whatever p(z) is."),
    ]
    return predict(question, options, explore_bins())


def explore_bins() -> Explorer:
    """Bins of equal mass go through a monotone spline: density = mass / width."""
    z = torch.linspace(-EDGE, EDGE, 401, dtype=torch.float64)
    log_p = -z.square() / 2 - log(2 * pi) / 2

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1], sharey=True)
        left.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xlabel="z ~ N(0, 1)", ylabel="x = T(z)")
        left.set_title("Twenty bins of mass 1/20")
        left.fill_between(z, -EDGE, -EDGE + 3 * log_p.exp(), color=PRIOR.color, alpha=0.25)
        left.plot(z, -EDGE + 3 * log_p.exp(), **PRIOR.line)
        right.set(xlim=(0, 1.1), xlabel="density of x", title="density = mass / width")
        outline = Polygon(np.zeros((3, 2)), closed=True, facecolor=style.PALE, edgecolor="white")
        nothing, fill = np.zeros((3, 2)), {"facecolor": MODEL.color, "alpha": 0.55}
        return fig, {
            "paths": left.add_collection(LineCollection([], colors=style.GUIDE, linewidths=1)),
            "map": left.plot([], [], color=style.INK)[0],
            "bars": right.add_patch(outline),
            "band": left.add_patch(Polygon(nothing, **fill)),
            "bar": right.add_patch(Polygon(nothing, **fill)),
            "density": right.plot([], [], **MODEL.line)[0],
            "numbers": right.text(1.08, 3.6, "", color=MODEL.ink, ha="right", va="top"),
        }

    def update(slope: float, share: float, bin: int) -> dict:
        theta = by_hand(slope, share)
        x, log_slope = HAND.forward(z, theta)
        at, lands = (edge.numpy() for edge in bins(slope, share))
        height = 1 / NUM_BINS / np.diff(lands)
        steps = np.stack([np.repeat(height, 2), np.repeat(lands, 2)[1:-1]], 1)
        outline = np.concatenate([[[0, lands[0]]], steps, [[0, lands[-1]]]])
        (a, b), (low, high), tall = at[bin - 1 :][:2], lands[bin - 1 :][:2], height[bin - 1]
        inside = np.linspace(a, b, 20)
        bent = HAND.forward(torch.as_tensor(inside), theta)[0].numpy()
        edge = [(b, -EDGE), (a, -EDGE), *zip(inside, bent, strict=True), (EDGE, high), (EDGE, low)]
        return {
            "band": np.array([*edge, (b, low)]),
            "bar": np.array([(0, low), (tall, low), (tall, high), (0, high)]),
            "paths": [[(a, -EDGE), (a, b), (EDGE, b)] for a, b in zip(at, lands, strict=True)],
            "map": (z, x),
            "bars": outline,
            "density": ((log_p - log_slope).exp(), x),
            "numbers": f"bin {bin}: mass 1/20\nwidth {high - low:.3f}\ndensity {tall:.3f}",
            "alt": f"A spline with slope {slope:.2f} at z = 0 carries twenty bins of mass 0.05 to "
            f"bins of widths {np.diff(lands).min():.2f} to {np.diff(lands).max():.2f}. Mass over "
            f"width follows the exact density. Bin {bin}, in colour, was {b - a:.3f} wide, is now "
            f"{high - low:.3f} wide, and its mean density is {tall:.3f}.",
        }

    controls = {
        "slope": widgets.FloatLogSlider(
            value=1, min=-0.4, max=0.7, step=0.02, description="slope of T at z = 0"
        ),
        "share": widgets.FloatSlider(
            value=0.5, min=0.4, max=0.7, step=0.05, description="share of x for −2 < z < 2"
        ),
        "bin": widgets.IntSlider(value=11, min=1, max=NUM_BINS, description="bin to follow"),
    }
    strip = [{"slope": s, "share": 0.5, "bin": 11} for s in (0.5, 1.0, 4.0)]
    return Explorer(scene, update, controls, strip)


def _bent(z: Tensor) -> Tensor:
    """The slope of a T with a corner: 1 to the right of -1, -3 to its left; see the third case."""
    return torch.where(z > -1, 1.0, -3.0).to(z.dtype)


def log_density(x: Tensor, branches: Sequence[Callable], slope: Callable) -> Tensor:
    """log p(x) (N,) of x = T(z), z ~ N(0, 1): branches give every z with T(z) = x, slope is T'(z)."""
    z = torch.stack([branch(x) for branch in branches])
    log_p = -z.square() / 2 - log(2 * pi) / 2
    return (log_p - slope(z).abs().log()).logsumexp(0)


def _density_variant(
    combine: Callable = lambda parts: parts.logsumexp(0),
    volume: Callable = lambda slope: slope.abs().log(),
    used: slice = slice(None),
    at: str = "z",
) -> Callable:
    """log_density with one thing done differently."""

    def answer(x: Tensor, branches: Sequence[Callable], slope: Callable) -> Tensor:
        z = torch.stack([branch(x) for branch in branches[used]])
        log_p = -z.square() / 2 - log(2 * pi) / 2
        return combine(log_p - volume(slope(z if at == "z" else x.expand_as(z))))

    return answer


def _signed(x: Tensor, branches: Sequence[Callable], slope: Callable) -> Tensor:
    z = torch.stack([branch(x) for branch in branches])
    return ((-z.square() / 2).exp() / slope(z) / (2 * pi) ** 0.5).sum(0).abs().log()


def _slopes_added(x: Tensor, branches: Sequence[Callable], slope: Callable) -> Tensor:
    z = torch.stack([branch(x) for branch in branches])
    log_p = -z.square() / 2 - log(2 * pi) / 2
    return log_p.logsumexp(0) - slope(z).abs().sum(0).log()


Exercise(
    "07.1",
    log_density,
    cases=[
        (normal(6).exp(), [torch.log], torch.exp),
        (normal(5, seed=1).exp(), [torch.sqrt, lambda x: -x.sqrt()], lambda z: 2 * z),
        (normal(5, seed=2).exp(), [lambda x: x - 1, lambda x: -1 - x / 3], _bent),
    ],
    mistakes=[
        Mistake(
            _density_variant(combine=lambda parts: parts.sum(0)),
            "You added the <i>log</i> densities of the branches. Masses add, so densities do: exp, sum, "
            "log, or <code>logsumexp</code>.",
        ),
        Mistake(
            _density_variant(combine=lambda parts: parts.logsumexp(0) - log(len(parts))),
            "You averaged over the branches. Every branch brings all of its mass to x: they add.",
        ),
        Mistake(
            _density_variant(used=slice(1)),
            "That is the first branch alone. Every z with T(z) = x has put mass there.",
        ),
        Mistake(
            lambda x, branches, slope: (
                _density_variant(used=slice(1))(x, branches, slope) + log(len(branches))
            ),
            "You took the first branch as many times as there are branches. They have different z, and "
            "need not be equally dense or equally steep.",
        ),
        Mistake(
            _density_variant(volume=lambda slope: slope.log()),
            "A branch on which T decreases has a negative slope: a width is |T′| dz.",
        ),
        Mistake(
            _signed,
            "You added p(z) / T′(z), sign and all: branches that rise and fall then cancel. A width is "
            "|T′| dz, branch by branch.",
        ),
        Mistake(
            _slopes_added,
            "Each branch has a slope of its own. Divide each density by its own |T′|, and then add.",
        ),
        Mistake(
            _density_variant(volume=lambda slope: -slope.abs().log()),
            "The sign: where T stretches, mass is spread and the density falls.",
        ),
        Mistake(
            _density_variant(volume=lambda slope: slope.abs()),
            "You subtracted the slope itself. A density is divided by it, so from a log density its "
            "logarithm is subtracted.",
        ),
        Mistake(
            _density_variant(volume=lambda slope: torch.zeros_like(slope)),
            "Those are densities of z. The volume is missing: divide each by its |T′(z)|.",
        ),
        Mistake(_density_variant(at="x"), "The slope is a function of z, and you gave it x."),
        Mistake(
            lambda *case: log_density(*case).mean(),
            "Return one log density per point; the mean is taken later, in sight.",
        ),
    ],
    nudge="Take a small interval at x. Which intervals of z land on it, how much mass has each, and how "
    "wide is it?",
    formula="Every branch j has its own $z_j$ and brings its own mass: $$p(x) = \\sum_j "
    "\\frac{\\mathcal N(z_j\\mid 0, 1)}{|T'(z_j)|}$$ In logs: <code>torch.logsumexp</code>.",
)
