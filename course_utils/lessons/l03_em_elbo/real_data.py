"""Section 6, does it hold on real data: EM's way to the closed form."""

import numpy as np

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

TRUTH = style.ROLES["truth"]


def plot_convergence(log_evidence: list[float], best: float) -> Picture:
    """How far EM is below the closed-form maximum, step by step."""
    gap = best - np.array(log_evidence)
    fig, ax = style.subplots()
    ax.plot(np.maximum(gap, 1e-12), **TRUTH.line)
    ax.axhline(1e-6, color=style.GUIDE, linestyle="--", linewidth=2)
    ax.text(len(gap), 1.4e-6, "one millionth of a nat", ha="right", va="bottom")
    ax.set(yscale="log", xlabel="EM step", ylabel="nats below the maximum", xlim=(0, len(gap)))
    ax.set_title("EM reaches the closed form")
    return figure(
        fig,
        alt=f"The log evidence per image starts {gap[0]:.1f} nats below the closed-form maximum and is "
        f"{max(gap[-1], 0):.1e} nats below it after {len(gap) - 1} steps.",
    )
