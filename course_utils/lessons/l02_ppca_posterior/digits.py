"""8 · How probable is a digit? The evidence of PPCA for every number of latents."""

from torch import Tensor

from course_utils import ppca
from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

TRUTH = style.ROLES["truth"]


def plot_digits(
    train: Tensor, test: Tensor, blurred_train: Tensor, blurred_test: Tensor
) -> Picture:
    """Log evidence per image of PPCA with 1 to 60 latents, as the digits are and dequantised."""
    dims = [1, 2, *range(5, 61, 5)]
    models, smooth = ([ppca.fit(x, h) for h in dims] for x in (train, blurred_train))
    seen, held_out = ([m.log_evidence(x).mean().item() for m in models] for x in (train, test))
    dequantised = [m.log_evidence(blurred_test).mean().item() for m in smooth]
    fig, ax = style.subplots()
    ax.plot(dims, seen, **TRUTH.line)
    ax.plot(dims, held_out, **TRUTH.dots)
    ax.plot(dims, dequantised, **TRUTH.dots | {"fillstyle": "none", "markeredgewidth": 2})
    ax.text(2, 69, "training images", color=TRUTH.ink)
    ax.text(2, 60, "● test images", color=TRUTH.ink)
    ax.text(2, 51, "○ test images, dequantised", color=TRUTH.ink)
    ax.set(xlabel="latent dimensions H", ylabel="nats per image", xlim=(0, 62), ylim=(-8, 78))
    ax.set_title("Past 45 latents, evidence is a bet on blank pixels")
    worst = models[-1].log_evidence(test).min()
    return figure(
        fig,
        alt=f"The mean log evidence per test image rises from {held_out[0]:.1f} nats with one latent to "
        f"{held_out[2]:.2f} with five, {held_out[9]:.1f} with forty and {held_out[-1]:.1f} with sixty, "
        f"where one image has {worst:.0f}; training images lie above. Dequantised, it rises with it "
        f"to {dequantised[9]:.1f} with forty and ends at {dequantised[-1]:.1f}.",
    )
