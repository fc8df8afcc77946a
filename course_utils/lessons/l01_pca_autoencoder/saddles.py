"""6 · How training goes: plateaus at the saddles, the way down from each, exercise 01.4."""

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.l01_pca_autoencoder.variance import SPECTRUM, left_out_for_every_dim

TRUTH, MODEL = style.ROLES["truth"], style.ROLES["model"]


def predict_plateaus() -> Prediction:
    """Ask how the loss falls from a tiny start, then watch it."""
    question = (
        "An autoencoder with H = 3 starts from tiny random weights; S has eigenvalues "
        "8, 4, 2, 1, ½. Under gradient descent its loss …"
    )
    options = [
        Option(
            "falls smoothly", False, "It waits near saddles, where the gradient almost vanishes."
        ),
        Option(
            "falls in steps, at heights known beforehand",
            True,
            "It passes near the saddles that keep 0, 1, then 2 components: 15.5, 7.5 and 3.5.",
        ),
        Option(
            "waits, and sometimes stops for good above 1.5",
            False,
            "A saddle slows it. This descent does not end in one, but for exceptional starts.",
        ),
    ]
    return predict(question, options, explore_plateaus())


def explore_plateaus() -> Explorer:
    """Gradient descent on the linear autoencoder's loss, from starts of many sizes."""
    num_steps, exponents = 600, np.arange(-6, -0.9, 0.5)
    losses, learnt = _descend(torch.tensor(10.0**exponents), num_steps)
    saddles = left_out_for_every_dim(SPECTRUM)[:4].tolist()

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        for kept, height in enumerate(saddles):
            left.axhline(height, color=TRUTH.color, linewidth=2, linestyle=(0, (1, 1.5)))
            label = f"keeps {kept}: {height:g}"
            left.text(num_steps, height + 0.2, label, ha="right", va="bottom", color=TRUTH.ink)
        left.set(xlim=(0, num_steps), ylim=(0, 17.5), xlabel="gradient step", ylabel="loss")
        left.set_title("The loss")
        right.set(ylim=(0, 1.1), xlim=(0.4, 5.6), xticks=range(1, 6))
        right.set(xlabel="eigenvector $u_i$", ylabel="$u_i^\\top B A\\, u_i$")
        right.set_title("What is learnt")
        bars = right.bar(range(1, 6), 0, width=0.7, **MODEL.area)
        return fig, {f"learnt_{i}": bar for i, bar in enumerate(bars)} | {
            "loss": left.plot([], [], **MODEL.line | {"linestyle": "-"})[0],
            "now": left.plot([], [], "s", color=MODEL.color, markersize=12)[0],
        }

    def update(start: float, step: int) -> dict:
        run = int(np.abs(exponents - np.log10(start)).argmin())
        loss, share = losses[run, : step + 1], learnt[run, step]
        bars = {f"learnt_{i}": (i + 0.65, 0, 0.7, max(v, 0)) for i, v in enumerate(share.tolist())}
        return bars | {
            "loss": (np.arange(step + 1), loss),
            "now": ([step], [loss[-1]]),
            "alt": f"Weights start at size {start:.1g}. After {step} steps the loss is "
            f"{loss[-1]:.2f}; dotted lines mark the saddle heights 15.5, 7.5, 3.5 and the minimum "
            f"1.5. The five eigenvectors are learnt to {', '.join(f'{v:.2f}' for v in share)}.",
        }

    controls = {
        "start": widgets.FloatLogSlider(
            value=1e-4, min=-6, max=-1, step=0.5, description="size of the first weights"
        ),
        "step": widgets.IntSlider(value=130, min=0, max=num_steps, step=5, description="step"),
    }
    strip = [{"start": 1e-4, "step": s} for s in (100, 300, 600)]
    return Explorer(scene, update, controls, strip)


def _descend(starts: Tensor, num_steps: int) -> tuple[Tensor, Tensor]:
    """Losses (R, T) and u_i^T B A u_i (R, T, 5) of gradient descent with S = diag(SPECTRUM)."""
    generator = torch.Generator().manual_seed(2)
    S, identity = SPECTRUM.diag(), torch.eye(5, dtype=torch.float64)
    first = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    A = starts[:, None, None] * first[0]  # (R, 3, 5)
    B = starts[:, None, None] * first[1].T  # (R, 5, 3)
    losses, learnt = [], []
    for _ in range(num_steps + 1):
        miss = identity - B @ A
        losses.append((miss @ S @ miss.mT).diagonal(dim1=1, dim2=2).sum(1))
        learnt.append((B @ A).diagonal(dim1=1, dim2=2))
        grad_A, grad_B = -2 * B.mT @ miss @ S, -2 * miss @ S @ A.mT
        A, B = A - 0.01 * grad_A, B - 0.01 * grad_B
    return torch.stack(losses, 1), torch.stack(learnt, 1)


def plot_saddle(eigenvalues: Tensor) -> Picture:
    """The loss along two turns away from the critical point that keeps u_1 and u_3."""
    degrees = torch.linspace(-90, 90, 181, dtype=torch.float64)
    eye, turn = torch.eye(len(eigenvalues), dtype=torch.float64), degrees.deg2rad()

    def loss_when_turning(towards: int) -> Tensor:
        w = turn.cos()[:, None] * eye[2] + turn.sin()[:, None] * eye[towards]
        kept = eigenvalues[0] + (w.square() * eigenvalues).sum(1)
        return eigenvalues.sum() - kept

    fig, ax = style.subplots()
    down, up = loss_when_turning(1), loss_when_turning(3)
    height = height_and_bend(eigenvalues, [0, 2])[0]
    ax.plot(degrees, down, **MODEL.line | {"linestyle": "-"})
    ax.plot(degrees, up, **MODEL.line)
    ax.plot([0], [height], "s", color=TRUTH.color, markersize=13)
    ax.text(0, height + 0.35, "keeps $u_1$, $u_3$", color=TRUTH.ink, ha="center")
    ax.text(88, up[-1], "towards $u_4$: up", color=MODEL.ink, ha="right", va="bottom")
    ax.text(88, down[-1], "towards $u_2$: down", color=MODEL.ink, ha="right", va="top")
    ax.set(xlabel="turn of $u_3$ (degrees)", ylabel="loss", xticks=range(-90, 91, 45))
    ax.set_ylim(down.min().item() - 0.9, up.max().item() + 0.9)
    ax.set_title("A saddle: down one way, up the other")
    return figure(
        fig,
        alt=f"The loss at the critical point keeping u1 and u3 is {height:.1f}. Turning u3 towards "
        f"u2 lowers it to {down.min():.1f}; turning it towards u4 raises it to {up.max():.1f}.",
    )


def height_and_bend(eigenvalues: Tensor, kept: list[int]) -> tuple[Tensor, Tensor]:
    """The loss where the plane is spanned by the eigenvectors kept, and its most downward bend.

    The bend is the smallest second derivative in t = 0 when one kept vector turns by the angle t
    towards one left out.
    """
    left_out = [i for i in range(len(eigenvalues)) if i not in kept]
    bend = 2 * (eigenvalues[kept].min() - eigenvalues[left_out].max())
    return eigenvalues[left_out].sum(), bend


def _slip(height=None, bend=None):
    """height_and_bend with one result by another function of the eigenvalues and kept."""

    def answer(eigenvalues: Tensor, kept: list[int]):
        right = height_and_bend(eigenvalues, kept)
        return (
            height(eigenvalues, kept) if height else right[0],
            bend(eigenvalues, kept) if bend else right[1],
        )

    return answer


def _rest(eigenvalues: Tensor, kept: list[int]) -> Tensor:
    return eigenvalues[[i for i in range(len(eigenvalues)) if i not in kept]]


Exercise(
    "01.4",
    height_and_bend,
    cases=[
        (torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64), [0, 2]),
        (torch.tensor([5.0, 3.0, 1.0], dtype=torch.float64), [1]),
        (torch.tensor([6.0, 4.0, 3.0, 1.0], dtype=torch.float64), [0, 1]),
        (torch.tensor([9.0, 4.0, 2.0, 1.0, 0.5], dtype=torch.float64), [4, 1]),
    ],
    mistakes=[
        Mistake(
            _slip(height=lambda eigenvalues, kept: eigenvalues[kept].sum()),
            "The bend is right. Your height is the variance kept; the loss is the rest.",
        ),
        Mistake(
            _slip(height=lambda eigenvalues, kept: eigenvalues[len(kept) :].sum()),
            "The bend is right. Your height is that of the minimum; this point keeps the eigenvectors in "
            "<code>kept</code>, which need not be the leading ones.",
        ),
        Mistake(
            lambda eigenvalues, kept: height_and_bend(
                eigenvalues, [i % len(eigenvalues) for i in (k - 1 for k in kept)]
            ),
            "You count from 1. In <code>kept</code>, as everywhere in Python, 0 is the first: "
            "<code>eigenvalues[0]</code> is λ₁.",
        ),
        Mistake(
            _slip(bend=lambda eigenvalues, kept: height_and_bend(eigenvalues, kept)[1] / 2),
            "The height is right, the bend half of it: the second derivative of sin² t at 0 is 2.",
        ),
        Mistake(
            _slip(bend=lambda eigenvalues, kept: -height_and_bend(eigenvalues, kept)[1]),
            "The height is right, the sign of the bend turned: where a larger eigenvalue waits outside, the "
            "loss bends <i>down</i>.",
        ),
        Mistake(
            _slip(
                bend=lambda eigenvalues, kept: height_and_bend(eigenvalues, kept)[1].clamp(max=0)
            ),
            "The height is right. But at the minimum every turn goes up: there the smallest bend is "
            "positive, not 0.",
        ),
        Mistake(
            _slip(bend=lambda eigenvalues, kept: 2 * (eigenvalues[kept].min() - eigenvalues[0])),
            "The height is right. You turn towards u₁ even where it is kept already: only a vector that is "
            "left out can come in.",
        ),
        Mistake(
            _slip(
                bend=lambda eigenvalues, kept: (
                    2 * (eigenvalues[kept].max() - _rest(eigenvalues, kept).max())
                )
            ),
            "The height is right. The loss bends down most where the <i>smallest</i> one kept goes out.",
        ),
        Mistake(
            _slip(
                bend=lambda eigenvalues, kept: (
                    2 * (eigenvalues[kept].min() - _rest(eigenvalues, kept).min())
                )
            ),
            "The height is right. The loss bends down most where the <i>largest</i> one left out comes in.",
        ),
        Mistake(
            _slip(
                bend=lambda eigenvalues, kept: (
                    2 * (eigenvalues[kept].max() - _rest(eigenvalues, kept).min())
                )
            ),
            "The height is right. That is the largest bend, not the smallest.",
        ),
    ],
    nudge="The height: the same sum as at the minimum, over a different set. The bend: differentiate L(t) of "
    "the turn from u_j to u_i twice. Which j and which i make it smallest?",
    formula="$$L = \\sum_{i \\notin \\mathcal K} \\lambda_i, \\qquad L''(0) = "
    "2\\,(\\lambda_j - \\lambda_i), \\quad j \\in \\mathcal K,\\ i \\notin \\mathcal K$$",
)
