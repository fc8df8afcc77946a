import scipy.integrate
import torch
from hypothesis import given
from shared_05 import few, seeds
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from course_utils.lessons.l05_variational_em.bent_decoder import log_evidence
from course_utils.lessons.l05_variational_em.cases import lumps, table, uneven
from course_utils.lessons.l05_variational_em.ring import price_of_a_lump


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
    torch.testing.assert_close(log_evidence(joint, z), marginal.log_prob(x))
    variance = 1 / (1 + w @ w / noise**2)
    posterior = Normal(x @ w / noise**2 * variance, variance.sqrt().expand(5))
    q = Normal(torch.randn(5).double(), 0.2 + torch.rand(5).double())
    everywhere = torch.ones_like(z, dtype=torch.bool)  # one lump: nothing is lost
    lost, shape = price_of_a_lump(q.log_prob(z[:, None]).T, joint, z, everywhere)
    assert lost.abs().max() < 1e-12
    torch.testing.assert_close(shape, kl_divergence(q, posterior))


def test_uneven_nodes_give_what_scipy_gives():
    nodes, rows = uneven(101), table(uneven(101), 0)
    theirs = scipy.integrate.trapezoid(rows.exp().numpy(), nodes.numpy())
    torch.testing.assert_close(log_evidence(rows, nodes), torch.from_numpy(theirs).log())


def test_the_parts_add_up_to_the_whole_kl():
    z = torch.linspace(-6, 6, 2401, dtype=torch.float64)
    joint, q = lumps(z, 0.2), Normal(torch.tensor([[-1.9], [-1.8]]).double(), 0.3)
    log_posterior = joint - log_evidence(joint, z)[:, None]
    log_q = q.log_prob(z)
    whole = torch.trapezoid(log_q.exp() * (log_q - log_posterior), z, dim=1)
    torch.testing.assert_close(sum(price_of_a_lump(log_q, joint, z, z < 0)), whole)
