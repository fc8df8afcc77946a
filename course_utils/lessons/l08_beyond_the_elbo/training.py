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
# The same network and steps with 20 samples for each image, for the seeds 1 to 5: twenty ELBOs
# averaged, four bounds of 5 samples averaged, one bound of 20, and that by DReG. Measured likewise.
EQUAL = (
    ((15.55, 20.57), (13.62, 21.29), (5.45, 22.49), (6.44, 22.11)),
    ((14.36, 18.61), (13.61, 21.19), (7.76, 22.21), (6.44, 22.27)),
    ((15.30, 20.26), (15.19, 22.49), (9.41, 21.68), (10.31, 22.37)),
    ((15.07, 19.57), (11.85, 20.68), (1.54, 22.38), (6.71, 21.57)),
    ((14.59, 19.48), (12.98, 20.87), (3.92, 22.15), (4.73, 21.01)),
)


def poll_training() -> Poll:
    """What training on the 5-sample bound does to the ELBO."""
    return Poll(
        "A VAE is trained on the 5-sample bound, another, with the same networks and steps, on the "
        "ELBO. The first has the higher evidence. Its ELBO, compared with the second's, mostly …",
        [
            Option("rises, too", False, "A better model, but measured with which q?"),
            Option(
                "falls below it",
                True,
                "At four seeds of five. Its encoder learns to cover, and may waste four samples of "
                "five. As an ELBO's q that is poor.",
            ),
            Option("is the same", False, "The encoder no longer serves the ELBO."),
        ],
    )


def plot_training() -> Picture:
    """Evidence and ELBO of five seeds: more samples under the logarithm, and 20 in all, divided."""
    fig, axes = style.subplots(2, width=11, sharey=True, width_ratios=[3, 4])
    kinds = (["1", "5", "5, DReG"], ["20 × 1", "4 × 5", "1 × 20", "1 × 20,\nDReG"])
    said = []
    for ax, runs, names in zip(axes, (RUNS, EQUAL), kinds, strict=True):
        seeds = torch.tensor(runs)  # (seeds, kinds, [ELBO, evidence])
        for seed in seeds:
            ax.plot(range(len(names)), seed[:, 1], **TRUTH.line | {"linewidth": 1.5}, marker="s")
            ax.plot(range(len(names)), seed[:, 0], **BOUND.line | {"linewidth": 1.5}, marker="D")
        ax.set_xticks(range(len(names)), names)
        ax.set_xlim(-0.3, len(names) - 0.7)
        said += [
            f"{name.replace(chr(10), ' ')}: ELBO {elbo:.1f}, evidence {evidence:.1f}"
            for name, (elbo, evidence) in zip(names, seeds.mean(0).tolist(), strict=True)
        ]
    axes[0].set(ylabel="nats per test image", xlabel="samples K", title="K under the logarithm")
    axes[1].set(xlabel="logarithms × K", title="Twenty samples, divided")
    axes[0].text(-0.2, 21.9, "evidence", color=TRUTH.ink)
    axes[0].text(-0.2, 11.2, "ELBO", color=BOUND.ink)
    return figure(
        fig, alt=f"Five seeds, each a line. Means in nats per test image: {'; '.join(said)}."
    )
