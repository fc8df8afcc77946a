import math

import torch
from torch.distributions import Normal

from course_utils.lessons.l00_neural_regression.likelihood import floor_in_nats, gaussian_nll


def test_gaussian_nll_is_the_distributions():
    x, mean, sigma2 = torch.randn(7, 1), torch.randn(7, 1), torch.tensor(0.3)
    expected = -Normal(mean, sigma2.sqrt()).log_prob(x)
    torch.testing.assert_close(gaussian_nll(x, mean, sigma2), expected)


def test_nll_is_smallest_when_the_variance_is_the_mse():
    x = torch.randn(1000, dtype=torch.float64)
    mse = x.square().mean()
    nll = [gaussian_nll(x, torch.zeros(()), s * mse).mean() for s in (0.99, 1, 1.01)]
    assert nll[1] < nll[0] and nll[1] < nll[2]
    torch.testing.assert_close(nll[1], 0.5 * (2 * math.pi * math.e * mse).log())


def test_floor_in_nats_is_the_entropy_and_zero_at_the_stated_scale():
    scale = torch.tensor([0.1, 0.242, 3.0])
    torch.testing.assert_close(floor_in_nats(scale), Normal(0.0, scale).entropy().mean())
    zero = floor_in_nats(torch.tensor(1 / math.sqrt(2 * math.pi * math.e)))
    assert abs(zero) < 1e-6
