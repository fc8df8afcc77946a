"""4, batch or event: what a log-probability sums over; exercise 14.3."""

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake, Option, Poll


def poll_shapes() -> Poll:
    """What broadcasting makes of a missing sum."""
    return Poll(
        "Three images with three latents each: Normal(0, 1) over (3, 3) gives z a log-probability "
        "of shape (3, 3), where (3,) was meant; that of x has shape (3,). What does torch make of "
        "their sum?",
        [
            Option(
                "an error: the shapes differ", False, "Broadcasting lines them up from the right."
            ),
            Option("the right (3,)", False, "Nobody has summed over the latents."),
            Option("a single number", False, "Adding tensors sums over nothing."),
            Option(
                "nine numbers, (3, 3)",
                True,
                "log p of image h is added to the h-th latent of every image. Nothing stops, and what "
                "follows is wrong: a mean counts one latent in three.",
            ),
        ],
    )


def rescaled(log_global: Tensor, log_local: Tensor, num_points: int) -> Tensor:
    """An unbiased estimate of a program's log joint, (S,), from a minibatch of its data.

    log_global: (S,), of what is drawn once; log_local: (S, B), of B of the num_points data points.
    """
    return log_global + num_points * log_local.mean(1)


_CASE = (torch.tensor([-1.0, -2.5]).double(), torch.tensor([[-3.0, -1.0, -0.5]] * 2).double(), 60)
Exercise(
    "14.3",
    rescaled,
    cases=[
        _CASE,
        (torch.tensor([0.3]).double(), -torch.arange(8).double()[None] / 3, 20),
        (torch.zeros(3).double(), torch.ones(3, 1).double() * torch.tensor([[1.0], [2], [3]]), 5),
    ],
    mistakes=[
        Mistake(
            lambda log_global, log_local, num_points: log_global + log_local.sum(1),
            "The joint of the minibatch: as if there were no other data.",
        ),
        Mistake(
            lambda log_global, log_local, num_points: (
                num_points / log_local.shape[1] * (log_global + log_local.sum(1))
            ),
            "Everything is scaled. What is drawn once is in the joint once, however many points.",
        ),
        Mistake(
            lambda log_global, log_local, num_points: log_global + log_local.mean(1),
            "The mean of the points, counted once. There are num_points of them.",
        ),
        Mistake(
            lambda log_global, log_local, num_points: log_global + num_points * log_local.sum(1),
            "num_points times the whole minibatch: each of its points stands for how many?",
        ),
        Mistake(
            lambda log_global, log_local, num_points: (
                log_global + num_points * log_local.mean() * torch.ones_like(log_global)
            ),
            "The mean runs over the samples too. Each sample of the globals keeps its own sum.",
        ),
    ],
    nudge="Which terms of the joint would grow if there were twice as many data points?",
    formula="$$\\log p(\\theta) + \\frac NB\\sum_{b=1}^B \\log p(x_b\\mid\\theta)$$",
)
