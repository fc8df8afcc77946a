"""6, how far apart are two codes: length under the decoder's metric, exercise 10.6."""

from collections.abc import Callable
from functools import cache
from math import pi

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import data, deep
from course_utils.codes import paths
from course_utils.kit import Exercise, Explorer, Mistake, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

DATA, Q, MODEL = (style.ROLES[name] for name in ("data", "q", "model"))
ANGLES = (40, 80, 120, 160)


def jacobians(decode: Callable[[Tensor], Tensor], path: Tensor) -> Tensor:
    """J (T, D, H) of a decoder, row by row, in the middle of every step of path (T + 1, H)."""
    middle = (path[1:] + path[:-1]) / 2
    J = torch.autograd.functional.jacobian(lambda z: decode(z).sum(0), middle)  # (D, T, H)
    return J.transpose(0, 1)


def poll_seam() -> Poll:
    """What a metric on the latent line can and cannot do."""
    return Poll(
        "The ring of lesson 05: z on a line, angle 2πΦ(z), the seam at z = ±∞. The codes −1.5 and 1.5 "
        "decode to neighbours across the seam, 0.84 apart along the circle. The shortest path from "
        "one code to the other, by the length of what it decodes to, measures …",
        [
            Option(
                "0.84: the metric knows the circle", False, "Which z would the path go through?"
            ),
            Option(
                "3, as 1.5 − (−1.5) is", False, "That is the length in z, not of what is decoded."
            ),
            Option(
                "5.44: once round the other way",
                True,
                "The metric measures the roads of the latent space. Over the seam there is none.",
            ),
        ],
    )


def polar(z: Tensor) -> Tensor:
    """z (T, 2), an angle and a log radius, to the plane."""
    return z[:, 1:].exp() * torch.stack([z[:, 0].cos(), z[:, 0].sin()], 1)


@cache
def routes(angle: int) -> tuple[Tensor, Tensor]:
    """From -angle/2 to angle/2: the straight path in z, and the shortest; (41, 2) each, in z."""
    ends = torch.tensor([[-angle / 2, 0.0], [angle / 2, 0.0]], dtype=torch.float64) * pi / 180
    line = paths.straight(*ends)
    return line, paths.shortest(polar, line)


@cache
def along(angle: int) -> tuple[list[Tensor], list[Tensor], list[float]]:
    """The two routes in the plane, log p(x) along them, their lengths."""
    both = [polar(route) for route in routes(angle)]
    nats = [deep.log_evidence(x, deep.arc(), deep.grid(1, spacing=0.02)) for x in both]
    return both, nats, [x.diff(dim=0).norm(dim=1).sum().item() for x in both]


def predict_chord() -> Prediction:
    """Ask where the shortest path goes where the latents fill the plane, then look."""
    question = (
        "Now two latents, an angle ω and a log radius ρ: x = exp(ρ) (cos ω, sin ω). They reach every "
        "point of the plane but 0, the data only the arc at radius 1. The path of least decoded "
        "length between two points of the arc goes …"
    )
    options = [
        Option("along the arc, where the data are", False, "Is there a p(x) in its length?"),
        Option("outside the arc, by larger radii", False, "There the same angle is a longer way."),
        Option(
            "straight through the empty middle",
            True,
            "Length is measured in x, and the decoder reaches every x but 0: nothing is shorter than a line.",
        ),
    ]
    return predict(question, options, explore_chord())


def explore_chord() -> Explorer:
    """Left: arc, straight path in z, shortest path. Right: log p(x) along both."""
    cloud = data.arc(400).x
    share = torch.linspace(0, 1, 41)

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1, 1.2])
        left.plot(*cloud.T, **DATA.dots | {"markersize": 4, "alpha": 0.35})
        left.set(xlim=(-0.7, 1.5), ylim=(-1.25, 1.25), xlabel="$x_1$", ylabel="$x_2$")
        left.set_aspect("equal")
        left.set_title("Two paths")
        right.set(xlim=(0, 1), ylim=(-42, 8), xlabel="share of the path")
        right.set(ylabel="$\\log p(x)$, nats", title="What the data say")
        return fig, {
            "line": left.plot([], [], **MODEL.line)[0],
            "short": left.plot([], [], **Q.line)[0],
            "line_p": right.plot([], [], **MODEL.line)[0],
            "short_p": right.plot([], [], **Q.line)[0],
            "line_words": right.text(0.5, 2.5, "", color=MODEL.ink, ha="center"),
            "short_words": right.text(0.5, -40, "", color=Q.ink, ha="center"),
        }

    def update(angle: int) -> dict:
        both, nats, lengths = along(angle)
        return {
            "line": tuple(both[0].T.numpy()),
            "short": tuple(both[1].T.numpy()),
            "line_p": (share, nats[0]),
            "short_p": (share, nats[1].clamp(min=-42)),
            "line_words": f"straight in z: length {lengths[0]:.2f}",
            "short_words": f"shortest: length {lengths[1]:.2f}",
            "alt": f"Two points of the arc, {angle} degrees apart. The straight path in z follows the "
            f"arc, length {lengths[0]:.2f}, log p(x) at least {nats[0].min():.1f}. The shortest is "
            f"straight in x, length {lengths[1]:.2f}; in its middle log p(x) is "
            f"{nats[1][20]:.1f}.".replace(" -", " −"),
        }

    control = widgets.SelectionSlider(options=ANGLES, value=120, description="degrees apart")
    return Explorer(scene, update, {"angle": control}, [{"angle": a} for a in (40, 160)])


def path_length(J: Tensor, path: Tensor) -> Tensor:
    """path (T + 1, H); J (T, D, H): the decoder's Jacobian in the middle of each step."""
    step = path.diff(dim=0)
    squares = torch.einsum("th,thk,tk->t", step, J.mT @ J, step)
    return squares.sqrt().sum()


def _wrong(length):
    """A mistake that begins with the moves J dz (T, D)."""

    def attempt(J: Tensor, path: Tensor) -> Tensor:
        return length(torch.einsum("tdh,th->td", J, path.diff(dim=0)), J, path)

    return attempt


def _volume(moves, J, path):
    return ((J.mT @ J).det().abs().sqrt() * path.diff(dim=0).norm(dim=1)).sum()


def _trace(moves, J, path):
    size = J.square().sum((1, 2)).sqrt()
    return (size * path.diff(dim=0).norm(dim=1)).sum()


Exercise(
    "10.6",
    path_length,
    cases=[
        (normal(5, 4, 2), normal(6, 2, seed=1)),
        (normal(8, 3, 3, seed=2), normal(9, 3, seed=3).cumsum(0)),
    ],
    mistakes=[
        Mistake(
            _wrong(lambda moves, J, path: moves.square().sum()),
            "Those are squared lengths: take the root of each step's before you add.",
        ),
        Mistake(
            _wrong(lambda moves, J, path: moves.square().sum().sqrt()),
            "One root of the whole sum. A length adds the roots, step by step.",
        ),
        Mistake(
            _wrong(lambda moves, J, path: path.diff(dim=0).norm(dim=1).sum()),
            "That is the length in z. JᵀJ says how far each step moves x.",
        ),
        Mistake(
            _wrong(lambda moves, J, path: moves.sum(0).norm()),
            "That is how far the end is from the start, as the crow flies.",
        ),
        Mistake(
            _wrong(_volume),
            "The root of det JᵀJ is what an area grows by. A step has a direction: dzᵀ JᵀJ dz.",
        ),
        Mistake(_wrong(_trace), "The trace mixes all directions. A step has one: dzᵀ JᵀJ dz."),
        Mistake(
            _wrong(lambda moves, J, path: moves.norm(dim=1).mean()),
            "A length is the sum over the steps, not their mean.",
        ),
        Mistake(
            _wrong(lambda moves, J, path: moves.abs().sum()),
            "Pythagoras: the root of the sum of squares over the pixels.",
        ),
    ],
    nudge="One step dz moves x by J dz. The squared length of a vector is the vector times itself: "
    "which matrix then stands between dzᵀ and dz? What is left is a root, and a sum.",
    formula="$$\\sum_k\\sqrt{dz_k^\\top J_k^\\top J_k\\,dz_k},\\qquad dz_k=z_{k+1}-z_k$$",
)
