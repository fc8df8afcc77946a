"""4 · The textbook's fair trial: its VAE of the arc, run to the end."""

import torch

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture

TRUTH, BOUND = style.ROLES["truth"], style.ROLES["bound"]

# The textbook's VAE of the arc: two layers of 20 ReLUs, the noise 0.1 given, Adam at 3e-4. Test
# ELBO and evidence after these epochs of minibatches of 1000, for the seeds 1 to 5, as measured by
# tests/seeds/lesson_06.py, which compares them with a new run.
TEXTBOOK_EPOCHS = (50, 100, 200, 300, 400, 500)

TEXTBOOK = (
    (
        (-4.365, -2.375),
        (-2.246, -1.051),
        (-1.344, -0.734),
        (-1.103, -0.652),
        (-0.966, -0.613),
        (-0.865, -0.596),
    ),
    (
        (-3.667, -2.341),
        (-2.078, -1.064),
        (-1.380, -0.748),
        (-1.125, -0.676),
        (-0.923, -0.623),
        (-0.816, -0.594),
    ),
    (
        (-2.830, -1.652),
        (-1.495, -0.785),
        (-1.023, -0.640),
        (-0.818, -0.596),
        (-0.730, -0.577),
        (-0.692, -0.566),
    ),
    (
        (-3.689, -2.665),
        (-1.820, -1.183),
        (-1.178, -0.758),
        (-0.922, -0.631),
        (-0.805, -0.588),
        (-0.741, -0.569),
    ),
    (
        (-6.952, -5.398),
        (-2.097, -0.921),
        (-1.256, -0.697),
        (-0.958, -0.620),
        (-0.823, -0.579),
        (-0.751, -0.568),
    ),
)


def plot_textbook(loss: list[float], num_epochs: int, elbo: float, limit: float) -> Picture:
    """TEXTBOOK, its median and range, beside our run: its minibatches' -loss, its ELBO on new points."""
    runs = torch.tensor(TEXTBOOK)  # (seeds, epochs, 2)
    low, middle, high = runs.quantile(torch.tensor([0.0, 0.5, 1.0]), 0)
    ours = -torch.tensor(loss).unflatten(0, (-1, len(loss) // num_epochs)).mean(1)  # an epoch each
    fig, ax = style.subplots()
    ax.axhline(limit, color=style.INK, linewidth=2.5)
    label = {"ha": "right", "transform": ax.get_yaxis_transform()}
    ax.text(1, limit + 0.05, "entropy limit", **label)
    for k, role in enumerate((BOUND, TRUTH)):
        ax.fill_between(TEXTBOOK_EPOCHS, low[:, k], high[:, k], color=role.color, alpha=0.25)
        ax.plot(TEXTBOOK_EPOCHS, middle[:, k], **role.line, marker="D")
    ax.plot(range(1, num_epochs + 1), ours, color=BOUND.color, linewidth=2)
    ax.plot(num_epochs, elbo, "D", color=BOUND.color, markersize=9)
    ax.text(505, -1.60, "textbook: evidence (solid)", color=TRUTH.ink, ha="right")
    ax.text(505, -1.85, "textbook: ELBO (broken)", color=BOUND.ink, ha="right")
    ax.text(505, -2.10, "bands: five seeds", ha="right")
    ax.text(24, -0.86, "ours", color=BOUND.ink)
    ax.text(505, -2.35, "ours: training (line), new points (◆)", color=BOUND.ink, ha="right")
    ax.set(xlim=(0, 510), ylim=(-2.5, -0.35), xlabel="epochs", ylabel="nats per test point")
    ax.set_title("The textbook's settings, run to the end")
    their_elbo, evidence = middle[-1].tolist()
    return figure(
        fig,
        alt=f"After 500 epochs the textbook's median over five seeds is ELBO {their_elbo:.3f} and evidence "
        f"{evidence:.3f}; the ELBOs lie between {low[-1, 0]:.3f} and {high[-1, 0]:.3f}. Ours, on its "
        f"minibatches, is at {ours[-1]:.3f} after {num_epochs}, its ELBO on new "
        f"points {elbo:.3f}. The entropy limit is {limit:.3f}.",
    )
