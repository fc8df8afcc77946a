import pytest
import torch
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal

from course_utils import elbo, em, ppca


def linear_gaussian():
    """A PPCA, data, a q that is not the posterior, and the two log densities the bounds need."""
    model = ppca.PPCA(torch.randn(3, 2).double(), torch.randn(3).double(), 0.6)
    x = model.sample(5)
    q = MultivariateNormal(model.posterior(x).mean + 0.3, 0.5 * torch.eye(2).double())
    prior = MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())

    def log_likelihood(z):
        noise = Normal(z @ model.W.T + model.mu, model.sigma2**0.5)
        return noise.log_prob(x).sum(-1)

    return model, x, q, prior, log_likelihood


def test_both_forms_estimate_the_closed_form_bound():
    model, x, q, prior, log_likelihood = linear_gaussian()
    exact = em.elbo(model, q, x)
    estimates = [
        elbo.fit_minus_kl(log_likelihood, q, prior, 20_000),
        elbo.joint_minus_q(lambda z: log_likelihood(z) + prior.log_prob(z), q, 20_000),
    ]
    for draws in estimates:
        assert draws.shape == (20_000, 5)
        error = draws.std(0) / 20_000**0.5
        assert ((draws.mean(0) - exact).abs() < 4 * error).all()


def test_at_the_posterior_every_single_draw_is_the_evidence():
    model, x, _, prior, log_likelihood = linear_gaussian()
    draws = elbo.joint_minus_q(
        lambda z: log_likelihood(z) + prior.log_prob(z), model.posterior(x), 7
    )
    torch.testing.assert_close(draws, model.log_evidence(x).expand(7, 5))


def test_the_gradient_passes_through_the_samples():
    _, _, _, prior, log_likelihood = linear_gaussian()
    mean = torch.zeros(5, 2, dtype=torch.float64, requires_grad=True)
    q = MultivariateNormal(mean, torch.eye(2).double())
    elbo.fit_minus_kl(log_likelihood, q, prior, 3).sum().backward()
    assert mean.grad.abs().min() > 0


def test_a_discrete_q_is_sampled_too():
    q = Independent(Bernoulli(torch.full((4, 3), 0.3)), 1)
    draws = elbo.joint_minus_q(lambda z: q.log_prob(z) - 1.5, q, 6)
    torch.testing.assert_close(draws, torch.full((6, 4), -1.5))


def test_a_log_density_of_the_wrong_shape_is_refused():
    _, _, q, prior, log_likelihood = linear_gaussian()
    with pytest.raises(ValueError, match="must return shape"):
        elbo.fit_minus_kl(lambda z: log_likelihood(z).mean(), q, prior)
    with pytest.raises(ValueError, match="num_samples"):
        elbo.fit_minus_kl(log_likelihood, q, prior, 0)
    with pytest.raises(TypeError, match="q must be"):
        elbo.joint_minus_q(log_likelihood, prior.mean, 3)
