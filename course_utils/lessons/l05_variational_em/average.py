"""2, why not simply average? What prior samples make of the evidence."""

from torch import Tensor

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l05_variational_em.colors import PRIOR, TRUTH


def plot_naive(num_samples: list[int], estimates: Tensor, evidence: float) -> Picture:
    """Mean log of the prior-sample average, for growing S, under the truth. estimates: (R, len)."""
    fig, ax = style.subplots()
    middle, spread = estimates.mean(0), estimates.std(0)
    ax.axhline(evidence, **TRUTH.line)
    ax.text(num_samples[-1], evidence + 0.5, "exact", color=TRUTH.ink, ha="right", va="bottom")
    ax.errorbar(num_samples, middle, 2 * spread, **PRIOR.line | {"marker": "D"}, capsize=6)
    ax.set(xscale="log", xlabel="samples S from the prior", ylabel="nats per image")
    ax.set(ylim=(estimates.min().item() - 2, evidence + 4), title="Prior samples: low, and slow")
    ax.text(
        0.99, 0.05, f"bars: ± 2 sd of {len(estimates)} runs", transform=ax.transAxes, ha="right"
    )
    pairs = [f"{m:.2f} at S = {s}" for m, s in zip(middle.tolist(), num_samples, strict=True)]
    return figure(
        fig,
        alt=f"Log of the average over prior samples, mean over test images: {', '.join(pairs)}; the exact "
        f"log evidence is {evidence:.2f} nats. The bars are two standard deviations over repetitions.",
    )
