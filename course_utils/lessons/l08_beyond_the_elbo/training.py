"""8, training with K = 5: evidence and ELBO part."""

import torch

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture

TRUTH, BOUND = style.ROLES["truth"], style.ROLES["bound"]

# The digits' VAE with two latents after 900 steps, for the seeds 1 to 5: (test ELBO, evidence) with
# K = 1, K = 5, and K = 5 by DReG. Measured by tests/seeds/lesson_08.py.
RUNS = (
    ((13.77, 19.51), (12.70, 20.78), (13.33, 21.38)),
    ((13.83, 19.22), (14.04, 21.34), (13.97, 21.44)),
    ((14.16, 18.45), (14.04, 21.25), (15.45, 21.93)),
    ((15.79, 19.45), (14.07, 20.95), (14.53, 21.43)),
    ((14.76, 19.40), (12.25, 20.48), (13.01, 20.80)),
)


def poll_training() -> Poll:
    """What training on the 5-sample bound does to the ELBO."""
    return Poll(
        "A VAE is trained on the 5-sample bound, another, with the same networks and steps, on the "
        "ELBO. The first has the higher evidence. Its ELBO, compared with the second's, mostly …",
        [
            Option("rises too", False, "A better model, but measured with which q?"),
            Option(
                "falls",
                True,
                "At four seeds of five. Its encoder learns to cover, and may waste four samples of "
                "five. As an ELBO's q that is poor.",
            ),
            Option("stays", False, "The encoder no longer serves the ELBO."),
        ],
    )


def plot_training() -> Picture:
    """Evidence and ELBO of five seeds, trained on the ELBO, on K = 5, and on K = 5 by DReG."""
    runs = torch.tensor(RUNS)  # (seeds, kinds, [ELBO, evidence])
    fig, ax = style.subplots()
    for seed in runs:
        ax.plot(range(3), seed[:, 1], **TRUTH.line | {"linewidth": 1.5}, marker="s")
        ax.plot(range(3), seed[:, 0], **BOUND.line | {"linewidth": 1.5}, marker="D")
    means = runs.mean(0)
    ax.text(2.1, means[2, 1], "evidence", color=TRUTH.ink, va="center")
    ax.text(2.1, means[2, 0], "ELBO", color=BOUND.ink, va="center")
    ax.set_xticks(range(3), ["K = 1", "K = 5", "K = 5, DReG"])
    ax.set(xlim=(-0.2, 2.6), ylabel="nats per test image")
    ax.set_title("Trained on five samples: evidence up, ELBO down")
    names = ("K = 1", "K = 5", "K = 5 by DReG")
    said = "; ".join(
        f"{name}: ELBO {m[0]:.1f}, evidence {m[1]:.1f}"
        for name, m in zip(names, means, strict=True)
    )
    return figure(fig, alt=f"Five seeds, each a line. Means in nats per test image: {said}.")
