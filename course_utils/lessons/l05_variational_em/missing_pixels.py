"""10, mean field over missing pixels: half a digit, filled in."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll, figure, style
from course_utils.kit.figure import Picture, mosaic
from course_utils.lessons.draws import normal

YES_OR_NO = [
    (
        "Every hidden pixel has τ = ½. The true posterior says: a 3 or a 9, as likely. Is q as "
        "unsure as the posterior?",
        [
            Option(
                "yes: half and half, both",
                False,
                "q tosses a coin for every pixel: any of the 2³² pictures, nearly all of them noise.",
            ),
            Option(
                "no: far more unsure",
                True,
                "32 coins are 32 log 2 = 22 nats of uncertainty. A choice of two digits is log 2, and "
                "then the pixels are known but for their own noise.",
            ),
        ],
    ),
    (
        "Can some choice of the τ say: with probability ½ the top pixels of a 9, all of them on, and "
        "with ½ all of them off?",
        [
            Option(
                "yes: τ = ½ for each of them",
                False,
                "Then each is on half of the time, but not together: ten pixels all on with 2⁻¹⁰.",
            ),
            Option(
                "no: q has no ties between pixels",
                True,
                "Independent pixels cannot wait for each other. With τ = 1 for each, q is sure of the "
                "9; with 0, sure that it is none.",
            ),
        ],
    ),
    (
        "q(k) is one-hot: all on one component. The pixels are then set to their best. Are they what "
        "that component says, τ = p_kd, and is the gap 0?",
        [
            Option(
                "yes, and yes: q is the model's own answer for that k",
                False,
                "It is, for that k. But the model believes in other components, too.",
            ),
            Option(
                "yes, but the gap is above 0",
                True,
                "logit τ = logit p_kd. But q denies all other k: the gap is −log p(k | seen), as at "
                "the ring's seam, where p(lump) was ½.",
            ),
            Option(
                "no: τ is 0 or 1",
                False,
                "A one-hot q(k) is sure of the component; the pixels keep that component's doubt.",
            ),
        ],
    ),
]


def poll_pixels(number: int) -> Poll:
    """What independent pixels can say, 1 to 3."""
    return Poll(*YES_OR_NO[number - 1])


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
    ax.set_title("The hidden half: exact, and by two q")
    ax.set_axis_off()
    return figure(
        fig,
        alt="A digit, its lower half, and its upper half filled in by the exact posterior mean and by mean "
        f"field from two starts, whose ELBOs lie {gaps[0]:.3f} and {gaps[1]:.3f} nats below the evidence.",
    )


def mean_field_sweep(log_joint: Tensor, log_levels: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """New q(k) (N, C) and hidden pixels (N, M, V), from log p(x_d = v | k) (C, M, V)."""
    pixels = torch.einsum("nc,cmv->nmv", q, log_levels).softmax(2)
    score = log_joint + torch.einsum("nmv,cmv->nc", pixels, log_levels)
    return score.softmax(1), pixels


def _sweep_variant(
    fill=lambda q, levels: torch.einsum("nc,cmv->nmv", q, levels).softmax(2),
    prior: float = 1.0,
    end=lambda score: score.softmax(1),
    entropy: float = 0.0,
):
    """mean_field_sweep with one thing done differently."""

    def answer(log_joint: Tensor, log_levels: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        pixels = fill(q, log_levels)
        score = prior * log_joint + torch.einsum("nmv,cmv->nc", pixels, log_levels)
        return end(score + entropy * q.log()), pixels

    return answer


def _log_of_expectation(log_joint: Tensor, log_levels: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    pixels = mean_field_sweep(log_joint, log_levels, q)[1]
    expected = torch.einsum("nmv,cmv->nmc", pixels, log_levels.exp())
    return (log_joint + expected.log().sum(1)).softmax(1), pixels


def _pixels_again(log_joint: Tensor, log_levels: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    q = mean_field_sweep(log_joint, log_levels, q)[0]
    return q, mean_field_sweep(log_joint, log_levels, q)[1]


def _expected_log_joint(log_joint: Tensor, means: Tensor, pixels: Tensor) -> Tensor:
    """log of p-tilde(k), (N, C)."""
    return log_joint + pixels @ means.log().T + (1 - pixels) @ (1 - means).log().T


def mean_field_bound(log_joint: Tensor, means: Tensor, tau: Tensor) -> Tensor:
    """L_n (N,) of the pixels tau (N, M) and the best q(k) for them."""
    score = _expected_log_joint(log_joint, means, tau)
    entropy = -(tau * tau.log() + (1 - tau) * (1 - tau).log()).sum(1)
    return score.logsumexp(1) + entropy


def _bound_variant(entropy: float = 1.0, best=torch.logsumexp, off: float = 1.0):
    """mean_field_bound with one thing done differently."""

    def answer(log_joint: Tensor, means: Tensor, tau: Tensor) -> Tensor:
        score = log_joint + tau @ means.log().T + (1 - tau) @ (1 - means).log().T
        lost = tau * tau.log() + off * (1 - tau) * (1 - tau).log()
        return best(score, 1) - entropy * lost.sum(1)

    return answer


Exercise(
    "05.6",
    mean_field_bound,
    cases=[
        (normal(4, 3) - 5, normal(3, 6, seed=1).sigmoid(), normal(4, 6, seed=2).sigmoid()),
        (normal(2, 5, seed=3) - 9, normal(5, 4, seed=4).sigmoid(), normal(2, 4, seed=5).sigmoid()),
    ],
    mistakes=[
        Mistake(
            _bound_variant(entropy=0.0),
            "The entropy of the pixels is missing: E[−log q(x_d)], summed over the hidden ones.",
        ),
        Mistake(
            _bound_variant(entropy=-1.0),
            "The entropy has the wrong sign: it raises the bound, and is never below 0.",
        ),
        Mistake(
            _bound_variant(off=0.0),
            "An entropy has two terms: a pixel is on with τ, and off with 1 − τ.",
        ),
        Mistake(
            _bound_variant(best=lambda score, dim: score.amax(dim)),
            "That is a q(k) all on one component. The best q(k) is softer, and its bound higher.",
        ),
        Mistake(
            _bound_variant(best=lambda score, dim: (score.softmax(dim) * score).sum(dim)),
            "The entropy of q(k) is missing. With it, E[log p̃(k)] − E[log q(k)] becomes one log of a sum.",
        ),
        Mistake(
            lambda log_joint, means, tau: log_joint.logsumexp(1),
            "That is log p(x_seen), the evidence itself. The bound is below it.",
        ),
    ],
    nudge="At its best, q(k) = p̃(k) / Σp̃(j): then E[log p̃(k) − log q(k)] is the same number for every "
    "k. What is left of the bound are the pixels' own entropies.",
    formula="$$\\mathcal L = \\log\\sum_k\\tilde p(k) - \\sum_d\\big[\\tau_d\\log\\tau_d + "
    "(1-\\tau_d)\\log(1-\\tau_d)\\big]$$",
)


Exercise(
    "05.5",
    mean_field_sweep,
    cases=[
        (
            normal(4, 3) - 5,
            normal(3, 6, 4, seed=1).log_softmax(2),
            normal(4, 3, seed=2).softmax(1),
        ),
        (
            normal(2, 5, seed=3) - 9,
            normal(5, 4, 3, seed=4).log_softmax(2),
            normal(2, 5, seed=5).softmax(1),
        ),
    ],
    mistakes=[
        Mistake(
            _sweep_variant(fill=lambda q, levels: torch.einsum("nc,cmv->nmv", q, levels.exp())),
            "You averaged the probabilities over k. exp E[log …] averages their <i>logarithms</i>.",
        ),
        Mistake(
            _sweep_variant(fill=lambda q, levels: torch.einsum("nc,cmv->nmv", q, levels).exp()),
            "The pixels are not normalised: the probabilities of a pixel's values add up to 1. When two "
            "values are left, that is what the logit does.",
        ),
        Mistake(
            _sweep_variant(fill=lambda q, levels: torch.einsum("nc,cmv->nmv", q, levels).sigmoid()),
            "A sigmoid is for two values. For several, take exp and divide by the sum: softmax.",
        ),
        Mistake(
            _sweep_variant(prior=0.0),
            "log p(x_seen, k) is missing from the score: it holds the visible half and the weights.",
        ),
        Mistake(
            _sweep_variant(end=lambda score: score.softmax(0)),
            "Normalise over components, dim 1; you did it over images.",
        ),
        Mistake(
            _sweep_variant(entropy=1.0),
            "You multiplied by the old q(k). The new one does not remember it, but through the pixels.",
        ),
        Mistake(
            _log_of_expectation,
            "That is log E[p]. The best factor is exp E[log p]: the logarithm is taken inside.",
        ),
        Mistake(
            _pixels_again,
            "You computed the pixels once more, from the new q(k). A sweep takes them from the q(k) it was "
            "given.",
        ),
        Mistake(
            lambda log_joint, log_levels, q: (
                log_joint.softmax(1),
                mean_field_sweep(log_joint, log_levels, q)[1],
            ),
            "That q(k) is the exact posterior; mean field must also answer for its own pixels.",
        ),
        Mistake(
            _sweep_variant(end=lambda score: score.exp()),
            "Not normalised: ∝ means divided by the sum over k. <code>softmax</code> does both.",
        ),
        Mistake(
            _sweep_variant(end=lambda score: score),
            "That is log q(k), up to a constant. Take exp and normalise: softmax.",
        ),
    ],
    nudge="Each factor is the exponential of the expected log joint, normalised. For a pixel the "
    "expectation is over k, for k over all pixels and their values. <code>torch.einsum</code> writes both.",
    formula="$$q(x_d = v) \\propto \\exp\\sum_k q(k)\\log p(x_d = v\\mid k)$$ $$q(k) \\propto "
    "p(x_{\\text{seen}}, k)\\exp\\sum_d\\sum_v q(x_d = v)\\log p(x_d = v\\mid k)$$",
)
