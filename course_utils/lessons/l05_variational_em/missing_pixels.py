"""10, mean field over missing pixels: half a digit, filled in."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal


def plot_completions(
    image: Tensor, seen: Tensor, exact_fill: Tensor, fills: Tensor, gaps: list[float]
) -> Picture:
    """A binary digit, its visible half, and the hidden half filled in: exactly, by mean field."""
    pictures = [image, torch.where(seen, image, 0.5)]
    for fill in (exact_fill, *fills):
        whole = image.clone()
        whole[~seen] = fill
        pictures.append(whole)
    fig, ax = style.subplots(height=3.2)
    ax.imshow(1 - mosaic(torch.stack(pictures)), cmap="gray", vmin=0, vmax=1)
    names = ["image", "visible", "exact", "start A", "start B"]
    notes = ["", "", "gap 0", *(f"gap {gap:.2f}" for gap in gaps)]
    for n, (name, note) in enumerate(zip(names, notes, strict=True)):
        ax.text(10 * n + 3.5, 9.5, f"{name}\n{note}", ha="center", va="top")
    ax.set_title("The mixture keeps both answers, mean field one")
    ax.set_axis_off()
    return figure(
        fig,
        alt="A digit, its lower half, and its upper half filled in by the exact posterior mean and by mean "
        f"field from two starts, whose ELBOs lie {gaps[0]:.3f} and {gaps[1]:.3f} nats below the evidence.",
    )


def mean_field_sweep(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """New q(k) (N, C) and hidden pixels (N, M): log_joint = log p(x_seen, k), means (C, M)."""
    on, off = means.log(), (1 - means).log()
    pixels = torch.sigmoid(q @ (on - off))
    score = log_joint + pixels @ on.T + (1 - pixels) @ off.T
    return score.softmax(1), pixels


def _sweep_variant(blend: bool = False, off_counts: bool = True, prior: bool = True, dim: int = 1):
    """mean_field_sweep with one thing done differently."""

    def answer(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        on, off = means.log(), (1 - means).log()
        pixels = q @ means if blend else torch.sigmoid(q @ (on - off))
        score = pixels @ on.T + ((1 - pixels) @ off.T if off_counts else 0.0)
        return (score + log_joint if prior else score).softmax(dim), pixels

    return answer


def _log_of_expectation(log_joint: Tensor, means: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    pixels = torch.sigmoid(q @ means.logit())
    expected = pixels[:, None] * means + (1 - pixels[:, None]) * (1 - means)
    return (log_joint + expected.log().sum(2)).softmax(1), pixels


Exercise(
    "05.5",
    mean_field_sweep,
    cases=[
        (
            normal(4, 3) - 5,
            normal(3, 6, seed=1).sigmoid(),
            normal(4, 3, seed=2).softmax(1),
        ),
        (
            normal(2, 5, seed=3) - 9,
            normal(5, 4, seed=4).sigmoid(),
            normal(2, 5, seed=5).softmax(1),
        ),
    ],
    mistakes=[
        Mistake(
            _sweep_variant(blend=True),
            "You averaged the probabilities over k. exp E[log …] averages their <i>logits</i>.",
        ),
        Mistake(
            _sweep_variant(off_counts=False),
            "A pixel that is off is evidence too: add (1 − τ) log(1 − p).",
        ),
        Mistake(
            _sweep_variant(prior=False),
            "log p(x_seen, k) is missing from the score: it holds the visible half and the weights.",
        ),
        Mistake(
            _sweep_variant(dim=0),
            "Normalise over components, dim 1; you did it over images.",
        ),
        Mistake(
            _log_of_expectation,
            "That is log E[p]. The best factor is exp E[log p]: the logarithm is taken inside.",
        ),
        Mistake(
            lambda log_joint, means, q: (log_joint.softmax(1), torch.sigmoid(q @ means.logit())),
            "That q(k) is the exact posterior; mean field must also answer for its own pixels.",
        ),
    ],
    nudge="Pixels first, from the q(k) you were given: a sigmoid of an average of logits. Then k.",
    formula="$$\\operatorname{logit}\\tau_d = \\sum_k q(k)\\operatorname{logit}p_{kd}, \\qquad "
    "q(k) \\propto p(x_{\\text{seen}}, k)\\exp\\sum_d\\big[\\tau_d\\log p_{kd} + "
    "(1-\\tau_d)\\log(1-p_{kd})\\big]$$",
)
