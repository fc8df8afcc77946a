"""2, the answer in closed form: p(x | A x) of PPCA, and exercise 10.2."""

from functools import cache

import ipywidgets as widgets
import torch
from torch import Tensor

from course_utils import data, ppca
from course_utils.codes import conditional
from course_utils.kit import Exercise, Explorer, Mistake, Option, predict, style
from course_utils.kit.figure import mosaic
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, Q = style.ROLES["truth"], style.ROLES["q"]
_PIXEL = torch.eye(64, dtype=torch.float64)
_PLACE = torch.arange(64).reshape(8, 8)
# name: (A, standard deviation of the noise)
VIEWS = {
    "means of 2 × 2": (conditional.block_means(8, 2), 0.0),
    "every other row and column": (_PIXEL[_PLACE[::2, ::2].flatten()], 0.0),
    "means of 4 × 4": (conditional.block_means(8, 4), 0.0),
    "left half": (_PIXEL[_PLACE[:, :4].flatten()], 0.0),
    "upper half": (_PIXEL[:32], 0.0),
    "noise of 0.4": (_PIXEL, 0.4),
    "noise of 0.8": (_PIXEL, 0.8),
}


@cache
def model() -> ppca.PPCA:
    """PPCA of the training digits, 30 latents."""
    return ppca.fit(data.digits().train, 30)


def look(view: str) -> tuple[Tensor, Tensor, float]:
    """A, the views y of all test images, and the noise."""
    A, noise = VIEWS[view]
    test = data.digits().test
    eps = normal(len(test), len(A), seed=1)
    return A, test @ A.T + noise * eps, noise


@cache
def reply(view: str) -> tuple[Tensor, conditional.Conditional]:
    """What is seen of all test images, as images, and PPCA's answers."""
    A, y, noise = look(view)
    return as_image(view, A, y), conditional.given(model(), A, y, noise)


def as_image(view: str, A: Tensor, y: Tensor) -> Tensor:
    """What was seen, as images (N, 64): blocks of one grey, and mid grey where nothing was."""
    if view.startswith("means"):
        return y @ (A > 0).double()
    return y @ A + 0.5 * (1 - A.sum(0))


def predict_views() -> Prediction:
    """Ask which sixteen numbers tell more, then look at all views."""
    question = (
        "Sixteen numbers of an 8 × 8 digit: the means of the sixteen 2 × 2 blocks, or every other "
        "pixel of every other row, sharp as it is. PPCA fills in the rest by its posterior mean. "
        "Which leaves the smaller squared error?"
    )
    options = [
        Option("the sharp pixels", False, "What lies between them, they do not touch."),
        Option(
            "the block means",
            True,
            "Every pixel has its part in one of them. About a quarter less.",
        ),
        Option("both the same: sixteen numbers", False, "It matters which ones."),
    ]
    return predict(question, options, explore_views())


def explore_views() -> Explorer:
    """What is seen of an image, the posterior mean, and two posterior draws."""
    test = data.digits().test

    def scene():
        fig, ax = style.subplots(height=3.4)
        blank = mosaic(torch.zeros(5, 64))
        image = ax.imshow(blank, cmap="gray_r", vmin=0, vmax=1)
        ax.set_axis_off()
        names = ("truth", "seen", "mean", "draw", "draw")
        for n, name in enumerate(names):
            ax.text(10 * n + 3.5, -1.2, name, ha="center", va="bottom")
        return fig, {
            "images": image,
            "mean": ax.text(23.5, 8.2, "", color=Q.ink, ha="center", va="top"),
            "first": ax.text(33.5, 8.2, "", color=TRUTH.ink, ha="center", va="top"),
            "second": ax.text(43.5, 8.2, "", color=TRUTH.ink, ha="center", va="top"),
            "all": ax.text(-0.5, 8.2, "squared\nerror", va="top"),
        }

    def update(view: str, image: int, draw: int) -> dict:
        seen, found = reply(view)
        torch.manual_seed(draw)
        one = conditional.Conditional(found.mean[[image]], found.covariance)
        samples = one.sample(2)[:, 0]
        x, mean = test[image], found.mean[image]
        errors = [(x - guess).square().sum().item() for guess in (mean, *samples)]
        every = (test - found.mean).square().sum(1).mean().item()
        spread = found.covariance.trace().item()
        return {
            "images": mosaic(torch.stack([x, seen[image], mean, *samples]).clamp(0, 1)),
            "mean": f"{errors[0]:.2f}",
            "first": f"{errors[1]:.2f}",
            "second": f"{errors[2]:.2f}",
            "all": f"squared error; mean\nof all test digits {every:.2f}",
            "alt": f"A test digit; {view}, as it is seen; PPCA's posterior mean, squared error "
            f"{errors[0]:.2f}; two posterior draws, {errors[1]:.2f} and {errors[2]:.2f}. Over all "
            f"test images the mean's error is {every:.2f}; the posterior says {spread:.2f}.",
        }

    controls = {
        "view": widgets.SelectionSlider(options=list(VIEWS), description="seen"),
        "image": widgets.IntSlider(value=0, min=0, max=9, description="test image"),
        "draw": widgets.IntSlider(value=0, min=0, max=9, description="draw again"),
    }
    strip = [{"view": view} for view in ("means of 2 × 2", "left half", "noise of 0.8")]
    return Explorer(scene, update, controls, strip)


def given(mu: Tensor, C: Tensor, A: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, D) and covariance (D, D) of x ~ N(mu, C), given y (N, M) = A x."""
    gain = C @ A.T @ torch.linalg.inv(A @ C @ A.T)
    mean = mu + (y - A @ mu) @ gain.T
    covariance = C - gain @ A @ C
    return mean, covariance


def _case(D: int, M: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    root = normal(D, D, seed=seed)
    C = root @ root.T + torch.eye(D).double()
    return normal(D, seed=seed + 1), C, normal(M, D, seed=seed + 2), normal(5, M, seed=seed + 3)


def _with(gain, C: Tensor, mu: Tensor, A: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return mu + (y - A @ mu) @ gain.T, C - gain @ A @ C


def _pseudo(mu, C, A, y):
    return _with(torch.linalg.pinv(A), C, mu, A, y)


def _plus(mu, C, A, y):
    mean, V = given(mu, C, A, y)
    return mean, 2 * C - V


def _uncentred(mu, C, A, y):
    mean, V = given(mu, C, A, y)
    gain = C @ A.T @ torch.linalg.inv(A @ C @ A.T)
    return mean + A @ mu @ gain.T, V


def _without_mean(mu, C, A, y):
    mean, V = given(mu, C, A, y)
    return mean - mu, V


def _not_inverted(mu, C, A, y):
    return _with(C @ A.T @ (A @ C @ A.T), C, mu, A, y)


def _prior_spread(mu, C, A, y):
    return given(mu, C, A, y)[0], C


def _of_y(mu, C, A, y):
    gain = C @ A.T @ torch.linalg.inv(A @ C @ A.T)
    return given(mu, C, A, y)[0], gain @ A @ C


Exercise(
    "10.2",
    given,
    cases=[_case(5, 2, 0), _case(4, 3, 10)],
    mistakes=[
        Mistake(
            _pseudo,
            "A's pseudo-inverse ignores what C knows: pixels that vary together. It spreads y evenly.",
        ),
        Mistake(_plus, "What is seen takes variance away: the sign is a minus."),
        Mistake(_uncentred, "The gain multiplies the surprise, y − Aμ, not y itself."),
        Mistake(_without_mean, "The mean begins at μ; the surprise only moves it."),
        Mistake(_not_inverted, "Divide by the variance of y, A C Aᵀ: its inverse, not itself."),
        Mistake(_prior_spread, "That is the covariance before anything was seen."),
        Mistake(_of_y, "That is the part of C which y explains. What is left is C less that."),
    ],
    nudge="Regress x on y. The best linear guess multiplies y − Aμ by Cov(x, y) Var(y)⁻¹; both follow "
    "from y = A x. What of C does the guess explain?",
    formula="$$\\text{gain}=CA^\\top(ACA^\\top)^{-1},\\qquad m=\\mu+\\text{gain}\\,(y-A\\mu),\\qquad "
    "V=C-\\text{gain}\\,AC$$",
)
