"""Small data and networks for lesson 00's tests, made once."""

from functools import cache

import torch
from torch import nn

from course_utils import data
from course_utils.kit import Explorer
from course_utils.lessons.l00_neural_regression.gradients import explore_step
from course_utils.lessons.l00_neural_regression.learning_rate import explore_rate
from course_utils.lessons.l00_neural_regression.other_parts import (
    GRID,
    explore_choices,
    train_choices,
)
from course_utils.lessons.l00_neural_regression.unsaid import explore_beyond


@cache
def points() -> tuple[torch.Tensor, torch.Tensor]:
    sample = data.sine(10_000)
    return sample.z.float(), sample.x.float()


@cache
def decoders() -> list[nn.Module]:
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(1, 20), nn.ReLU(), nn.Linear(20, 1)) for _ in range(3)]


@cache
def choices() -> tuple[torch.Tensor, ...]:
    """The arguments of explore_choices, from a shorter training than the lesson's."""
    test = data.sine(1000, seed=1)
    z, x = test.z.float(), test.x.float()
    inputs = torch.cat([GRID, z])
    return train_choices(*points(), inputs, num_steps=200, every=50), *points(), z, x


@cache
def explorers() -> dict[str, Explorer]:
    z, x = points()
    features = torch.cat([z, z**3], 1).double()
    return {
        "step": explore_step(),
        "rate": explore_rate(features, x.double()),
        "choices": explore_choices(*choices()),
        "beyond": explore_beyond(decoders(), z, x),
    }


def mse(decoder: nn.Module, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return (x - decoder(z)).square().mean()
