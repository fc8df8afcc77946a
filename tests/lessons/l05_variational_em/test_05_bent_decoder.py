import torch
from hypothesis import given
from shared_05 import few, seeds
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence
from course_utils.lessons.l05_variational_em.ring import kl_on_grid


@given(seeds)
@few
def test_quadrature_and_its_kl_are_those_of_the_linear_gaussian_model(seed):
    torch.manual_seed(seed)
    w, noise = torch.randn(3).double(), 0.3 + torch.rand(1).double().item()
    x = torch.randn(5, 3).double()
    z = torch.arange(-15, 15, 0.01, dtype=torch.float64)
    joint = Normal(z[:, None] * w, noise).log_prob(x[:, None]).sum(2) + Normal(0, 1).log_prob(z)
    marginal = MultivariateNormal(
        torch.zeros(3).double(), w[:, None] * w + noise**2 * torch.eye(3).double()
    )
    torch.testing.assert_close(log_evidence(joint, 0.01), marginal.log_prob(x))
    variance = 1 / (1 + w @ w / noise**2)
    posterior = Normal(x @ w / noise**2 * variance, variance.sqrt().expand(5))
    q = Normal(torch.randn(5).double(), 0.2 + torch.rand(5).double())
    ours = kl_on_grid(q.log_prob(z[:, None]).T, joint, 0.01)
    torch.testing.assert_close(ours, kl_divergence(q, posterior))
