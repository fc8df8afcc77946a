"""3, a code that nobody needs, and 5, what a code tells: drawn codes and their means."""

import torch

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l11_sentences_and_formulas import texts
from course_utils.sequences import vae

TRUTH, Q, MODEL = (style.ROLES[name] for name in ("truth", "q", "model"))


def poll_higher() -> Poll:
    """Which of two codes says more."""
    return Poll(
        "Two VAEs with a recurrent decoder, trained on the same sentences. One has the higher ELBO. "
        "Its code …",
        [
            Option("says more", False, "The ELBO is paid for the words, by whoever predicts them."),
            Option(
                "says less", False, "It may: but a code that is worth its price raises the ELBO."
            ),
            Option(
                "may say more or less",
                True,
                "The ELBO is minus rate minus distortion: one number for two. Measure both.",
            ),
        ],
    )


def poll_mean() -> Poll:
    """A silent code whose mean talks."""
    return Poll(
        "The rate is 0.03 nats a sentence, yet from q's mean, four numbers, logistic regression "
        "tells the topic with half a nat of information. How can that be?",
        [
            Option("it cannot: one is measured wrong", False, "Both are right."),
            Option(
                "the mean is no code",
                True,
                "The decoder sees mean plus noise, and the noise is several times wider than the "
                "distances between means. Whoever reads means has taken the noise away.",
            ),
            Option(
                "the test sentences are easier",
                False,
                "The rate of the training sentences is as small.",
            ),
        ],
    )


def plot_means(encoder: vae.Encoder) -> Picture:
    """Means of q, magnified, and draws from q, by topic, along the two widest directions."""
    few = texts.corpus().test[:400]
    topic = texts.corpus().test_labels["topic"][:400]
    with torch.no_grad():
        q = encoder(few)
        draws = q.rsample()
    centre = q.mean - q.mean.mean(0)
    spread, axes = centre.square().mean(0).sum().sqrt().item(), torch.linalg.svd(centre)[2][:2].T
    fig, (left, right) = style.subplots(2)
    for ax, points in ((left, q.mean), (right, draws)):
        for k, (name, role, mark) in enumerate(
            zip(("sea", "kitchen", "sky"), (TRUTH, Q, MODEL), "os^", strict=True)
        ):
            x, y = ((points - q.mean.mean(0)) @ axes)[topic == k].T
            ax.plot(x, y, **role.dots | {"marker": mark, "alpha": 0.6}, label=name)
    left.set(title="Means of q", xlabel="first direction", ylabel="second direction")
    right.set(title="Codes drawn from q", xlabel="first direction")
    right.set(xlim=(-4, 4), ylim=(-4, 4))
    handles, names = left.get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    return figure(
        fig,
        alt=f"400 test sentences. Left, the means of q: three topics, partly apart, on a scale of "
        f"{spread:.2f}. Right, codes drawn from q, on a scale of 1: one cloud in which the topics "
        "cannot be told apart.",
    )
