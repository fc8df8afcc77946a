"""5 · The score of a perfect network: the training loss and its floor."""

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l00_neural_regression.drawing import MODEL, TRUTH


def plot_training(losses: list[float], floor: float) -> Picture:
    """The training loss, falling towards the noise variance."""
    fig, ax = style.subplots()
    ax.plot(losses, **MODEL.line | {"linestyle": "-"})
    ax.axhline(floor, **TRUTH.line)
    ax.text(
        0.98 * len(losses),
        0.93 * floor,
        f"$\\sigma^2$ = {floor:g}",
        color=TRUTH.ink,
        ha="right",
        va="top",
    )
    ax.text(
        0.98 * len(losses),
        1.3 * losses[-1],
        f"training loss, at last {losses[-1]:.4f}",
        color=MODEL.ink,
        ha="right",
        va="bottom",
    )
    ax.set(yscale="log", xlim=(0, len(losses)), ylim=(0.005, 1), xlabel="step", ylabel="MSE")
    ax.set(yticks=[0.01, 0.1, 1], yticklabels=["0.01", "0.1", "1"])
    ax.minorticks_off()
    ax.set_title("Training stops at the noise variance, not at zero")
    return figure(
        fig,
        alt=f"On a log axis the training loss falls from {losses[0]:.2f} to {losses[-1]:.4f} in "
        f"{len(losses)} steps and levels off just above the noise variance {floor:g}.",
    )
