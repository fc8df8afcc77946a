import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import drawn_texts, unreadable
from shared_05 import few, seeds
from torch.distributions import Independent, Normal

from course_utils import data, deep, vem
from course_utils.lessons.l05_variational_em.headline import (
    mean_misfit,
    plot_ranking,
    plot_rounds,
    tighter_bound,
    unseen,
)


@given(seeds, st.floats(0.2, 1.0))
@few
def test_the_mean_misfit_is_the_noise_with_the_largest_bound(seed, noise):
    torch.manual_seed(seed)
    x = torch.randn(6, 2).double()
    q = Independent(Normal(torch.randn(6, 1).double(), 0.2 * torch.rand(6, 1).double() + 0.05), 1)
    best = mean_misfit(x, q, deep.ring(noise).double()) ** 0.5
    values = [
        vem.exact_elbo(x, q, deep.ring(s).double(), 20).mean()
        for s in (best, 0.99 * best, 1.01 * best)
    ]
    assert values[0] > max(values[1:])


def test_the_ranking_can_be_read_and_described_with_numbers():
    with drawn_texts() as texts:
        names = ["twice round, σ = 0.1", "once round, σ = 0.1", "once round, σ = 0.14"]
        evidence, elbo = torch.tensor([-1.0, -1.0, -1.0625]), torch.tensor([-1.75, -1.03, -1.1])
        picture = plot_ranking(names, evidence, elbo)
    assert not unreadable(texts)
    assert "-1.750" in picture.alt


def test_the_rounds_can_be_read_and_described_with_numbers():
    with drawn_texts() as texts:
        picture = plot_rounds([[-1.0, -1.1], [-1.0005, -1.099], [-1.001, -1.0985]])
    assert not unreadable(texts)
    assert "rises by 1.50" in picture.alt and "changes by -1.00" in picture.alt


@given(seeds)
@few
def test_the_tighter_bound_lies_between_the_elbo_and_the_evidence_on_average(seed):
    torch.manual_seed(seed)
    x, prior = torch.randn(1).double(), Normal(0.0, 1.0)
    q = Normal(torch.randn(1).double(), 0.5 + torch.rand(1).double())
    z = q.sample(torch.Size([50, 2000]))[..., 0]  # 2000 runs of 50 samples
    log_weights = prior.log_prob(z) + Normal(z, 0.8).log_prob(x), q.log_prob(z)
    ours = tighter_bound(log_weights[0], log_weights[1][None])
    evidence = Normal(0.0, (1 + 0.8**2) ** 0.5).log_prob(x)
    assert (ours >= (log_weights[0] - log_weights[1]).mean(0) - 1e-12).all()
    assert ours.mean() < evidence + 4 * ours.std() / 2000**0.5


def test_two_bumps_see_what_one_is_blind_to():
    x, model = data.ring(20, noise=0.1).x, deep.ring(0.1).double()
    mean, scale = torch.full((20, 1), -1.0).double(), torch.full((20, 1), 0.2).double()
    halves = [Independent(Normal(sign * mean, 5 * scale), 1) for sign in (1, -1)]
    assert unseen(x, model, halves) < 1e-6
    blind = [Independent(Normal(0 * mean, 1.001 * scale), 1)]  # sees |z| < 1.001
    z = torch.linspace(-6, 6, 1201).double()
    share = deep.log_joint(x, z[:, None], model).softmax(1)[:, z.abs() < 1.005].sum(1)
    assert unseen(x, model, blind) == pytest.approx(-share.log().mean().item())
