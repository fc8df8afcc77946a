"""3, a question about the loss: five answers to one question; exercise 10.3."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal


def left_out(images: Tensor, A: Tensor, scale: float) -> float:
    """Mean squared error of `remember` for each image, from the block means, by all the others."""
    y = images @ A.T
    squares = torch.cdist(y, y).square().fill_diagonal_(torch.inf)
    mean = (-squares / (2 * scale**2 / 4)).softmax(1) @ images
    return (images - mean - 4 * (y - mean @ A.T) @ A).square().sum(1).mean().item()


def poll_energy(truth: float, regression: float) -> Poll:
    """Where the detail goes that a mean lacks; its mean squared length in truth and answer."""
    return Poll(
        "Detail is what the block means do not show: x minus its blocks of one grey. Its squared "
        f"length is {truth:.2f} in training digits, on average, but only {regression:.2f} in the answers "
        "of linear regression. What has become of the rest?",
        [
            Option(
                "a good network would bring back all of it",
                False,
                "Some of it, by erring less. What y does not tell, no mean can show.",
            ),
            Option(
                "it is the regression's squared error",
                True,
                "A best guess is uncorrelated with its error, so their squares add up to the truth's.",
            ),
            Option("the regression was not trained long enough", False, "It is in closed form."),
        ],
    )


def poll_judge() -> Poll:
    """Which judge likes which answer."""
    return Poll(
        "Two answers with the same mean, PPCA's. One puts the same error bar on every direction that "
        "y leaves open; the other keeps the posterior's covariance, whose trace is the same. Judged "
        "in squared error of the mean, and in nats of the true detail, …",
        [
            Option(
                "they tie in squared error, and the covariance wins in nats",
                True,
                "It knows in which directions digits vary; squared error never asks.",
            ),
            Option("they tie in both", False, "Nats see the covariance."),
            Option("the covariance wins both", False, "The same mean has the same squared error."),
        ],
    )


def plot_answers(rows: dict[str, Tensor], errors: dict[str, float]) -> Picture:
    """Rows of images, each with its name and mean squared error."""
    fig, ax = style.subplots(height=0.8 + 0.6 * len(rows))
    ax.imshow(mosaic(*(x.clamp(0, 1) for x in rows.values())), cmap="gray_r", vmin=0, vmax=1)
    names = [f"{name}  {errors[name]:.2f}" if errors[name] else name for name in rows]
    ax.set(xticks=[], yticks=[3.5 + 10 * k for k in range(len(rows))])
    ax.set_yticklabels(names)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title("Answers, and their squared error")
    said = "; ".join(f"{name}: {error:.2f}" for name, error in errors.items() if error)
    return figure(
        fig,
        alt="Test digits, what was seen of them (blocks of 2 by 2 in one grey), and answers of several "
        f"kinds with their mean squared error over all test images. {said}. Means are soft, draws sharp.",
    )


def remember(y: Tensor, images: Tensor, A: Tensor, scale: float) -> Tensor:
    """E[x | A x = y] (M, D) of the images (N, D) in fog of this scale, with A A^T = I / 4."""
    seen = images @ A.T
    squares = torch.cdist(y, seen).square()
    weights = (-squares / (2 * scale**2 / 4)).softmax(1)
    mean = weights @ images
    return mean + 4 * (y - mean @ A.T) @ A


def _case(M: int, N: int, seed: int) -> tuple[Tensor, Tensor, Tensor, float]:
    A = torch.zeros(3, 12, dtype=torch.float64)
    for k in range(3):
        A[k, 4 * k : 4 * k + 4] = 0.25
    images = normal(N, 12, seed=seed)
    return images[:M] @ A.T + 0.2 * normal(M, 3, seed=seed + 1), images, A, 0.6 + seed / 10


def _variant(fog: float = 0.25, root: bool = False, half: float = 2, back: float = 4, dim: int = 1):
    """`remember` with one thing done differently."""

    def attempt(y: Tensor, images: Tensor, A: Tensor, scale: float) -> Tensor:
        apart = torch.cdist(y, images @ A.T)
        squares = apart if root else apart.square()
        weights = (-squares / (half * scale**2 * fog)).softmax(dim)
        mean = weights @ images
        return mean + back * (y - mean @ A.T) @ A

    return attempt


def _nearest(y, images, A, scale):
    mean = images[torch.cdist(y, images @ A.T).argmin(1)]
    return mean + 4 * (y - mean @ A.T) @ A


Exercise(
    "10.3",
    remember,
    cases=[_case(4, 7, 0), _case(3, 5, 3)],
    mistakes=[
        Mistake(
            _variant(fog=1.0),
            "The fog lies on pixels. On a mean of four of them its variance is a quarter.",
        ),
        Mistake(
            _variant(half=1), "A Gaussian's exponent has a ½: squares over twice the variance."
        ),
        Mistake(_variant(root=True), "Distances are squared in a Gaussian's exponent."),
        Mistake(
            _variant(back=0), "Right weights. But the answer must agree with y: A times it is y."
        ),
        Mistake(
            _variant(back=1),
            "AᵀA is a quarter of a projection here: to agree with y, correct by 4 Aᵀ(y − A mean).",
        ),
        Mistake(_nearest, "That is the one likeliest image. The mean weighs all of them."),
        Mistake(_variant(dim=0), "Every y has weights of its own, which sum to 1 over the images."),
    ],
    nudge="Which image was it? By Bayes, as likely as it explains y: what is the variance of y given "
    "image n? Then every image is moved as little as it takes to agree with y.",
    formula="$$y\\mid n\\sim\\mathcal N\\big(Ax_n,\\tfrac14\\text{scale}^2I\\big),\\qquad "
    "m=\\bar x+4A^\\top(y-A\\bar x),\\quad \\bar x=\\sum_n p(n\\mid y)\\,x_n$$",
)
