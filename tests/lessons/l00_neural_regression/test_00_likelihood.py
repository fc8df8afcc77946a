import math

import torch
from torch.distributions import Laplace, Normal

from course_utils.lessons.l00_neural_regression.likelihood import floor_in_nats, laplace_score


def test_the_laplace_score_is_the_distributions_at_the_best_width():
    residuals = torch.randn(1000, dtype=torch.float64)
    width = residuals.abs().mean()
    near = [-Laplace(0.0, s * width).log_prob(residuals).mean() for s in (0.99, 1, 1.01)]
    torch.testing.assert_close(laplace_score(residuals), near[1])
    assert near[1] < near[0] and near[1] < near[2]


def test_the_questions_figures_are_those_of_the_normal_density():
    nats = {False: Normal(0.0, 0.1).entropy(), True: Normal(0.0, 0.1 * 2**0.5).entropy()}
    assert abs(nats[True] - nats[False] - 0.35) < 0.005
    uneven = torch.tensor([0.05, 0.2])
    torch.testing.assert_close(floor_in_nats(uneven), nats[False])
    assert abs(uneven.square().mean() / 0.1**2 - 2.1) < 0.05


def test_floor_in_nats_is_the_entropy_and_zero_at_the_stated_scale():
    scale = torch.tensor([0.1, 0.242, 3.0])
    torch.testing.assert_close(floor_in_nats(scale), Normal(0.0, scale).entropy().mean())
    zero = floor_in_nats(torch.tensor(1 / math.sqrt(2 * math.pi * math.e)))
    assert abs(zero) < 1e-6
