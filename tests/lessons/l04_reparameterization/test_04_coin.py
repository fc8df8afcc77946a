import pytest
import torch
from pictures import drawn_texts, unreadable
from torch.distributions import Bernoulli

from course_utils.lessons.l04_reparameterization.coin import (
    EXACT,
    LOGIT,
    coin_errors,
    plot_coin,
    relaxed,
)


def test_the_exact_gradient_is_that_of_the_average():
    logit = torch.tensor(LOGIT, dtype=torch.float64, requires_grad=True)
    p = torch.sigmoid(logit)
    (gradient,) = torch.autograd.grad(p * 4 + (1 - p) * 1, logit)
    assert gradient.item() == pytest.approx(EXACT)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 3.0])
def test_the_relaxed_gradient_has_the_mean_and_spread_of_many_samples(temperature):
    torch.manual_seed(0)
    logit = torch.full((400_000,), LOGIT, dtype=torch.float64, requires_grad=True)
    z = torch.sigmoid((logit + torch.rand(400_000, dtype=torch.float64).logit()) / temperature)
    (slopes,) = torch.autograd.grad(((1 + z) ** 2).sum(), logit)
    mean, spread = relaxed(temperature)
    assert slopes.mean().item() == pytest.approx(mean, abs=4 * spread / 400_000**0.5)
    assert slopes.std().item() == pytest.approx(spread, rel=0.02)


def test_a_cold_coin_has_hardly_a_bias():
    assert relaxed(0.1)[0] == pytest.approx(EXACT, abs=0.005)


def test_the_errors_are_those_of_many_samples():
    torch.manual_seed(0)
    coin = Bernoulli(logits=torch.tensor(LOGIT, dtype=torch.float64))
    z = coin.sample((200_000, 4))
    reward, score = (1 + z) ** 2, z - coin.probs
    others = (reward.sum(1, keepdim=True) - reward) / 3
    errors = coin_errors(4)
    for name, values in (
        ("score function", reward * score),
        ("leave-one-out", (reward - others) * score),
    ):
        error = (values.mean(1) - EXACT).square().mean().sqrt().item()
        assert errors[name] == pytest.approx(error, rel=0.02)


def test_every_text_can_be_read():
    with drawn_texts() as texts:
        plot_coin()
    assert not unreadable(texts)
