import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import drawn_texts, unreadable
from shared_05 import few, seeds
from torch.distributions import Independent, Normal

from course_utils import deep, vem
from course_utils.lessons.l05_variational_em.headline import mean_misfit, plot_ranking


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
