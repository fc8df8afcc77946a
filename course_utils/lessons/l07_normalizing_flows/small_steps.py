"""3, which maps? Infinitely many small layers: exercise 07.5."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.kit import Exercise, Mistake
from course_utils.lessons.draws import normal


def drift(
    z: Tensor, velocity: Callable, divergence: Callable, num_steps: int
) -> tuple[Tensor, Tensor]:
    """x (N, D) after num_steps steps of velocity / num_steps, and log|det dx/dz| (N,), nearly."""
    x, log_det = z, torch.zeros(len(z), dtype=z.dtype)
    for _ in range(num_steps):
        log_det = log_det + divergence(x) / num_steps
        x = x + velocity(x) / num_steps
    return x, log_det


def _drift(
    size: Callable = lambda num_steps: 1 / num_steps,
    rate: Callable = lambda rate, num_steps: rate / num_steps,
    late: bool = False,
    still: bool = False,
) -> Callable:
    """drift with another step, another log-determinant of a step, or read at another place."""

    def answer(
        z: Tensor, velocity: Callable, divergence: Callable, num_steps: int
    ) -> tuple[Tensor, Tensor]:
        x, log_det = z, torch.zeros(len(z), dtype=z.dtype)
        for _ in range(num_steps):
            before = x
            x = x + velocity(x) * size(num_steps)
            place = z if still else x if late else before
            log_det = log_det + rate(divergence(place), num_steps)
        return x, log_det

    return answer


def _whirl(x: Tensor) -> Tensor:
    return torch.stack([x[:, 1].sin() + x[:, 0], x[:, 0] - x[:, 1] ** 2], 1)


Exercise(
    "07.5",
    drift,
    cases=[
        (normal(4, 2), _whirl, lambda x: 1 - 2 * x[:, 1], 7),
        (normal(3, 2, seed=1), lambda x: -x, lambda x: torch.full_like(x[:, 0], -2.0), 3),
    ],
    mistakes=[
        Mistake(
            _drift(late=True),
            "Nearly: you read the divergence where the step ends. A layer's log-determinant is taken "
            "at what enters it.",
        ),
        Mistake(
            _drift(still=True),
            "You read the divergence at z throughout. Every step's belongs to where that step begins.",
        ),
        Mistake(
            _drift(rate=lambda rate, num_steps: rate),
            "x is right. The step in the log-determinant is missing: J = I + (1/K) ∂v/∂x.",
        ),
        Mistake(
            _drift(size=lambda num_steps: 1.0),
            "The log-determinant is that of small steps, but x takes whole ones: v / K each.",
        ),
        Mistake(
            _drift(rate=lambda rate, num_steps: (1 + rate / num_steps).log()),
            "log(1 + div v / K) is right in one dimension. In more, log|det J| is div v / K only to "
            "first order, which is asked for: take that.",
        ),
        Mistake(
            _drift(rate=lambda rate, num_steps: -rate / num_steps),
            "The sign: where the velocity spreads, volume grows, and this is log|det dx/dz|.",
        ),
    ],
    nudge="One step is the layer x + v(x)/K, with J = I + (1/K) ∂v/∂x. Multiply out its "
    "determinant for D = 2 and keep what is linear in 1/K.",
    formula="$$\\det\\!\\Big(I + \\frac1K\\frac{\\partial v}{\\partial x}\\Big) = 1 + "
    "\\frac1K\\nabla\\cdot v + O\\Big(\\frac1{K^2}\\Big)$$ the trace being the divergence, so that "
    "$$\\log|\\det J| \\approx \\sum_k \\frac1K(\\nabla\\cdot v)(x_k),\\qquad "
    "x_{k+1} = x_k + \\frac1K v(x_k).$$",
)
