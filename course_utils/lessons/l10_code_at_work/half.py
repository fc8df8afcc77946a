"""1, half a picture: the posterior of what was not seen, its mean and its draws; exercise 10.1."""

from math import cos, radians, sin

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils import data, deep, exact
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, DATA, Q, GAP, MODEL = (style.ROLES[name] for name in ("truth", "data", "q", "gap", "model"))
HIDDEN = torch.linspace(-1.6, 1.6, 641, dtype=torch.float64)  # places on the line that was not seen


def across(degrees: float) -> Tensor:
    """The direction that is seen, and the one that is not: rows of a rotation."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return torch.tensor([[c, s], [-s, c]], dtype=torch.float64)


def moments(degrees: float, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of what was not seen, given y (N,), by quadrature over the arc's z."""
    z = torch.linspace(-6, 6, 601, dtype=torch.float64)
    seen, hidden = across(degrees) @ deep.arc()(z[:, None]).mean.T  # (G,) each
    log_joint = -((y[:, None] - seen) ** 2) / 0.02 - z**2 / 2
    weights = exact.posterior(lambda _: log_joint, z) * 0.02
    mean = weights @ hidden
    return mean, weights @ hidden**2 - mean**2 + 0.01


def _density(degrees: float, y: float) -> Tensor:
    """p(hidden | y) on HIDDEN."""
    line = torch.stack([torch.full_like(HIDDEN, y), HIDDEN], 1) @ across(degrees)
    log_p = deep.log_evidence(line, deep.arc(), deep.grid(1, spacing=0.02))
    p = (log_p - log_p.max()).exp()
    return p / torch.trapezoid(p, HIDDEN)


def predict_answer() -> Prediction:
    """Ask for the single answer of least squared error, then look along any direction."""
    question = (
        "Points near an arc, x = (cos z, sin z) and a little noise, z ~ N(0, 1). You are told "
        "x₁ = 0.3 and asked for x₂. Two places fit: about 0.95 and −0.95. Which single answer has "
        "the smallest mean squared error?"
    )
    options = [
        Option("0.95 (or −0.95)", False, "Half of the time it is off by 1.9: 1.8 on average."),
        Option("a toss: 0.95 or −0.95", False, "Wrong half of the time, too, and by as much."),
        Option(
            "0, where no point is",
            True,
            "Always off by 0.95: about 0.9, half as much as the others.",
        ),
    ]
    return predict(question, options, explore_half())


def explore_half() -> Explorer:
    """Left: the arc, the line of all x that agree with y, the mean. Right: the density along it."""
    cloud = data.arc(400).x

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.15])
        left.plot(*cloud.T, **DATA.dots | {"markersize": 4, "alpha": 0.4})
        left.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xlabel="$x_1$", ylabel="$x_2$")
        left.set_aspect("equal")
        left.set_title("One of two seen")
        right.set(xlim=(-1.6, 1.6), ylim=(0, 4.4), xlabel="place on the dashed line", yticks=[])
        right.set_title("$p$(the other | the one)")
        return fig, {
            "line": left.plot([], [], **GAP.line)[0],
            "mean": left.plot([], [], **Q.dots | {"markersize": 13, "marker": "D"})[0],
            "density": right.plot([], [], **TRUTH.line)[0],
            "at": right.plot([], [], **Q.line)[0],
            "words": right.text(-1.55, 4.05, "", color=Q.ink),
        }

    def update(degrees: int, y: float) -> dict:
        [mean], [variance] = (
            part.tolist() for part in moments(degrees, torch.tensor([y]).double())
        )
        ends = torch.tensor([[y, -2.4], [y, 2.4]]).double() @ across(degrees)
        place = torch.tensor([y, mean]).double() @ across(degrees)
        density = _density(degrees, y)
        words = f"mean {mean:z.2f}: squared error {variance:.2f}".replace("-", "−")
        return {
            "line": tuple(ends.T.numpy()),
            "mean": ([place[0].item()], [place[1].item()]),
            "density": (HIDDEN.numpy(), density.clamp(max=4.4).numpy()),
            "at": ([mean, mean], [0, 3.9]),
            "words": words,
            "alt": f"Seen along {degrees} degrees: {y:.1f}. The exact density of the other number, "
            f"along a line across the arc, has its mean at {mean:z.2f}, marked by a diamond, and "
            f"variance {variance:.2f}: the expected squared error of that answer.",
        }

    controls = {
        "degrees": widgets.IntSlider(
            value=0, min=0, max=90, step=15, description="direction seen, degrees"
        ),
        "y": widgets.FloatSlider(
            value=0.3, min=-0.9, max=1.2, step=0.1, readout_format=".1f", description="value seen"
        ),
    }
    strip = [{"degrees": d, "y": y} for d, y in ((0, 0.3), (0, 1.0), (45, 0.3))]
    return Explorer(scene, update, controls, strip)


def plot_learnt(x: Tensor, guess: Tensor) -> Picture:
    """What a network answers, over what it saw along 45 degrees; and the exact posterior mean."""
    fig, ax = style.subplots()
    seen, hidden = (across(45) @ x.double().T).numpy()
    ax.plot(seen[:600], hidden[:600], **DATA.dots | {"markersize": 4, "alpha": 0.4})
    y = torch.linspace(-1.2, 1.2, 121).double()
    ax.plot(y, moments(45, y)[0], **TRUTH.line | {"linewidth": 6, "alpha": 0.5})
    order = np.argsort(seen)
    ax.plot(seen[order], guess.numpy()[order], **Q.line)
    ax.text(0.02, 0.92, "— posterior mean", color=TRUTH.ink, transform=ax.transAxes)
    ax.text(0.02, 0.82, "- - network", color=Q.ink, transform=ax.transAxes)
    ax.set(xlim=(-1.25, 1.75), ylim=(-1.4, 1.4), xlabel="seen, at 45°", ylabel="not seen")
    ax.set_title("What squared error teaches a network")
    off = (guess - moments(45, torch.from_numpy(seen))[0]).square().mean().sqrt()
    return figure(
        fig,
        alt="Points of the arc, seen along 45 degrees. A network trained by squared error runs between "
        f"the arc's two arms, along the exact posterior mean: off by {off:.3f} (root mean square).",
    )


def poll_draw() -> Poll:
    """The squared error of a posterior draw."""
    return Poll(
        "Do not answer with the posterior's mean, but with one draw from the posterior: a place that "
        "could be true. Its mean squared error, compared with the mean's, is …",
        [
            Option("twice as large", True, "Truth and draw are off by V each, independently."),
            Option(
                "as large: it has the right distribution", False, "But so has the truth: both vary."
            ),
            Option("smaller: it lies on the arc", False, "Perhaps on the other arm."),
            Option(
                "four times as large", False, "Off by twice as much? Variances add, not widths."
            ),
        ],
    )


def expected_error(V: Tensor, S: int) -> Tensor:
    """E ||x - a||^2, a the mean of S posterior draws; V (D, D) is the posterior's covariance."""
    return V.trace() * (1 + 1 / S)


def _spread(seed: int, D: int) -> Tensor:
    root = normal(D, D, seed=seed)
    return root @ root.T


Exercise(
    "10.1",
    expected_error,
    cases=[(_spread(0, 4), 1), (_spread(1, 3), 5), (_spread(2, 6), 2)],
    mistakes=[
        Mistake(lambda V, S: V.trace() * 2, "Right for one draw. What does averaging S do to it?"),
        Mistake(
            lambda V, S: V.trace() / S,
            "That is how far the answer is from the posterior's mean. The truth is not at the mean.",
        ),
        Mistake(
            lambda V, S: V.trace(),
            "That is the error of the posterior's mean, of S → ∞. S draws only come near it.",
        ),
        Mistake(
            lambda V, S: V.trace() * 2 / S,
            "Averaging calms the draws alone. The truth is one draw, however many you take.",
        ),
        Mistake(
            lambda V, S: V.sum() * (1 + 1 / S),
            "Squared errors add the variances of the pixels, the trace; covariances do not enter.",
        ),
        Mistake(
            lambda V, S: V.diagonal().mean() * (1 + 1 / S),
            "Summed over pixels, not averaged: the course's squared errors are sums.",
        ),
        Mistake(
            lambda V, S: V.trace() * (1 + 1 / S**2),
            "The variance of a mean of S draws falls as 1/S; its square is not asked for.",
        ),
        Mistake(
            lambda V, S: V.trace() * (1 + 1 / S) ** 2,
            "Truth and answer are independent: their variances add, and nothing multiplies.",
        ),
    ],
    nudge="Truth and draws are independent, with one mean m. How far is the truth from m, and how "
    "far is the average of S draws?",
    formula="$$\\mathbb E\\lVert x-a\\rVert^2=\\mathbb E\\lVert x-m\\rVert^2+"
    "\\mathbb E\\lVert a-m\\rVert^2,\\qquad\\text{each a trace}$$",
)
