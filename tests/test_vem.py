import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import (
    Bernoulli,
    Categorical,
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from course_utils import deep, em, exact, flows, training, vem
from course_utils.mixture import BernoulliMixture
from course_utils.ppca import PPCA
from course_utils.vem.local import num_parameters, parameters_of
from course_utils.vem.objective import bound

few = settings(deadline=None, max_examples=15, derandomize=True)
seeds = st.integers(0, 10_000)
COVARIANCES = ["diagonal", "full"]


def decoder(latent_dim=2, data_dim=3, hidden=(6,), likelihood="scalar", sigma2=0.3, **options):
    return deep.Decoder(latent_dim, data_dim, hidden, likelihood, sigma2, **options).double()


def linear(W, mu=None, sigma2=0.3):
    """A decoder that is this PPCA, and the PPCA."""
    W = torch.as_tensor(W).double()
    mu = torch.zeros(len(W)).double() if mu is None else mu
    model = decoder(W.shape[1], len(W), (), "fixed", sigma2)
    with torch.no_grad():
        model.network[0].weight.copy_(W)
        model.network[0].bias.copy_(mu)
        model.log_sigma2.fill_(math.log(sigma2))
    return model, PPCA(W, mu, sigma2)


def random_q(num_points, latent_dim=2, covariance="full", spread=0.3, copies=1):
    width = num_parameters(latent_dim, covariance)
    parameters = spread * torch.randn(num_points, width).double()
    return vem.gaussian(parameters.repeat(copies, 1), latent_dim)


def dense(q):
    """The same Gaussian as one with a full covariance."""
    return (
        q
        if isinstance(q, MultivariateNormal)
        else MultivariateNormal(q.mean, torch.diag_embed(q.variance))
    )


def local(num_points, latent_dim, covariance="diagonal", start=None):
    return vem.Local(num_points, latent_dim, covariance, start).double()


def ring_points(*degrees):
    angle = torch.tensor(degrees).double() * math.pi / 180
    return torch.stack([angle.cos(), angle.sin()], 1)


# The Gaussian and its parameters


@pytest.mark.parametrize("latent_dim", [1, 2, 4])
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_parameters_of_turns_gaussian_round(covariance, latent_dim):
    parameters = torch.randn(5, num_parameters(latent_dim, covariance)).double()
    q = vem.gaussian(parameters, latent_dim)
    torch.testing.assert_close(parameters_of(q, covariance), parameters)


def test_the_covariance_of_three_latents_is_built_row_by_row():
    mean, log_variance = [1.0, 2.0, 3.0], [0.2, -0.4, 0.6]
    q = vem.gaussian(torch.tensor([mean + log_variance + [0.5, -0.7, 0.9]]).double(), 3)
    roots = [math.exp(v / 2) for v in log_variance]
    L = torch.tensor([[roots[0], 0, 0], [0.5, roots[1], 0], [-0.7, 0.9, roots[2]]]).double()
    torch.testing.assert_close(q.mean, torch.tensor([mean]).double())
    torch.testing.assert_close(q.covariance_matrix[0], L @ L.T)


def test_a_diagonal_covariance_holds_the_variances():
    q = vem.gaussian(torch.tensor([[1.0, 2.0, math.log(4), math.log(0.25)]]), 2)
    torch.testing.assert_close(q.variance, torch.tensor([[4.0, 0.25]]))
    torch.testing.assert_close(q.stddev, torch.tensor([[2.0, 0.5]]))


def test_a_diagonal_q_becomes_the_same_full_one_and_a_full_one_keeps_its_variances():
    q = random_q(4, 3, "diagonal")
    same = vem.gaussian(parameters_of(q, "full"), 3)
    torch.testing.assert_close(same.covariance_matrix, torch.diag_embed(q.variance))
    full = random_q(4, 3, "full")
    marginals = vem.gaussian(parameters_of(full, "diagonal"), 3)
    torch.testing.assert_close(marginals.variance, full.covariance_matrix.diagonal(dim1=1, dim2=2))


def test_every_row_of_local_begins_as_the_standard_normal_or_as_its_start():
    q = vem.Local(4, 2, "full")()
    torch.testing.assert_close(q.mean, torch.zeros(4, 2))
    torch.testing.assert_close(q.covariance_matrix, torch.eye(2).expand(4, 2, 2))
    start = random_q(4)
    begun = vem.Local(4, 2, "full", start)()
    torch.testing.assert_close(begun.covariance_matrix, start.covariance_matrix)


# The minibatch's rows


def test_the_gradient_of_a_minibatch_is_sparse_and_right():
    q, x, model = local(50, 2, start=random_q(50, covariance="diagonal")), None, decoder()
    x, n = model.sample(50), torch.tensor([3, 40, 7])

    def loss(chosen, rows):
        torch.manual_seed(1)
        return bound(x[rows], chosen, model, 4, 1.0).sum()

    (of_all,) = torch.autograd.grad(loss(vem.gaussian(q.rows[n], 2), n), q.rows)
    loss(q(n), n).backward()
    assert q.rows.grad.is_sparse and q.rows.grad.coalesce().values().shape == (3, 4)
    assert q.rows.grad.coalesce().indices().flatten().tolist() == [3, 7, 40]
    torch.testing.assert_close(q.rows.grad.to_dense(), of_all)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_a_step_of_fit_moves_the_rows_of_its_minibatch_only(covariance, monkeypatch):
    model = decoder()
    x, q = model.sample(25), local(25, 2, covariance)
    seen, step = [], torch.optim.SparseAdam.step

    def record(self, *args):
        before = q.rows.detach().clone()
        seen.append(q.rows.grad.coalesce().indices().flatten())
        step(self, *args)
        moved = (q.rows != before).any(1).nonzero().flatten()
        assert moved.equal(seen[-1])
        assert q.rows.grad.coalesce().values().shape[0] == 5  # whatever N is

    monkeypatch.setattr(torch.optim.SparseAdam, "step", record)
    vem.fit(x, q, model, 2, batch_size=5, progress=False)
    assert len(seen) == 10
    for epoch in (seen[:5], seen[5:]):
        assert torch.cat(epoch).sort().values.equal(torch.arange(25))


# The bound


@few
@given(seed=seeds, num_points=st.integers(1, 4))
def test_for_ppca_the_exact_elbo_is_the_closed_form(seed, num_points):
    torch.manual_seed(seed)
    model, ppca = linear(torch.randn(3, 2), torch.randn(3).double(), 0.4)
    x = ppca.sample(num_points)
    for covariance in COVARIANCES:
        q = random_q(num_points, covariance=covariance)
        expected = em.elbo(ppca, dense(q), x)
        torch.testing.assert_close(vem.exact_elbo(x, q, model), expected, rtol=0, atol=1e-8)
        torch.testing.assert_close(vem.exact_elbo(x, q, model, 2), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_the_sampled_elbo_is_unbiased(covariance):
    model, ppca = linear(torch.randn(3, 2))
    x, q = ppca.sample(4).repeat(3000, 1), random_q(4, covariance=covariance, copies=3000)
    exact = em.elbo(ppca, dense(q), x)[:4]
    draws = vem.elbo(x, q, model, 5).detach().view(3000, 4)
    error = draws.std(0) / 3000**0.5
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()
    assert (error < 0.02 * exact.abs()).all()


def test_a_hundred_samples_have_a_hundredth_of_the_variance():
    model, ppca = linear(torch.randn(3, 2))
    x, q = ppca.sample(1).expand(1500, 3), random_q(1, copies=1500)
    one, many = (vem.elbo(x, q, model, S).var().item() for S in (1, 100))
    assert one / many == pytest.approx(100, rel=0.2)


def test_beta_weighs_the_kl_alone():
    model = decoder()
    x, q = model.sample(4), random_q(4, covariance="diagonal")
    values = []
    for beta in (0.0, 1.0, 4.0):
        torch.manual_seed(5)
        values.append(vem.elbo(x, q, model, 3, beta))
    kl = 0.5 * (q.variance + q.mean.square() - 1 - q.variance.log()).sum(1)
    torch.testing.assert_close(values[0] - values[1], kl)
    torch.testing.assert_close(values[1] - values[2], 3 * kl)
    torch.manual_seed(5)
    fit = model(q.rsample((3,))).log_prob(x).mean(0)
    torch.testing.assert_close(values[0], fit)


def test_the_kl_of_a_full_covariance_is_the_one_between_two_full_ones():
    q = random_q(5)
    mean, scale = torch.randn(2).double(), torch.tensor([0.5, 2.0]).double()
    expected = kl_divergence(q, MultivariateNormal(mean, torch.diag(scale**2)))
    torch.testing.assert_close(kl_divergence(q, Independent(Normal(mean, scale), 1)), expected)
    with pytest.raises(NotImplementedError, match=r"made of normals .* got Laplace"):
        kl_divergence(q, Independent(Laplace(mean, scale), 1))


def test_without_a_closed_form_the_kl_is_sampled_without_bias():
    """A mixture of two equal components is a Gaussian that torch has no KL for."""
    model, ppca = linear(torch.randn(3, 2))
    x, q = ppca.sample(3).repeat(3000, 1), random_q(3, covariance="diagonal", copies=3000)

    prior = torch.distributions.MixtureSameFamily(
        Categorical(torch.ones(2).double()),
        Independent(Normal(torch.zeros(2, 2).double(), torch.ones(2, 2).double()), 1),
    )
    other = decoder(2, 3, (), "fixed", 0.3, prior=prior)
    other.load_state_dict(model.state_dict())
    with pytest.raises(NotImplementedError):
        kl_divergence(q, prior)
    draws = vem.elbo(x, q, other, 5).detach().view(3000, 3)
    x, q = x[:3], vem.gaussian(parameters_of(q, "diagonal")[:3], 2)
    exact = em.elbo(ppca, dense(q), x)
    assert ((draws.mean(0) - exact).abs() < 4 * draws.std(0) / 3000**0.5).all()
    torch.testing.assert_close(vem.exact_elbo(x, q, other), exact, rtol=0, atol=1e-8)


def test_the_gradient_of_the_bound_is_the_gradient_of_the_closed_form():
    model, ppca = linear(torch.randn(3, 2))
    x, parameters = ppca.sample(2), torch.randn(2, 5).double().mul(0.3).requires_grad_()
    q = vem.gaussian(parameters, 2)
    (exact,) = torch.autograd.grad(em.elbo(ppca, q, x).sum(), parameters, retain_graph=True)
    (quadrature,) = torch.autograd.grad(
        vem.exact_elbo(x, q, model).sum(), parameters, retain_graph=True
    )
    (sampled,) = torch.autograd.grad(bound(x, q, model, 100_000, 1.0).sum(), parameters)
    torch.testing.assert_close(quadrature, exact, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(sampled, exact, rtol=0.02, atol=0.05)


@settings(few, max_examples=40)
@given(
    seed=seeds,
    covariance=st.sampled_from(COVARIANCES),
    likelihood=st.sampled_from(["scalar", "diagonal", "bernoulli"]),
    latent_dim=st.integers(1, 2),
)
def test_no_q_of_no_model_is_above_the_evidence(seed, covariance, likelihood, latent_dim):
    torch.manual_seed(seed)
    model = decoder(latent_dim, 3, (5,), likelihood)
    x, q = model.sample(6), random_q(6, latent_dim, covariance, 1.0)
    nodes = deep.grid(latent_dim, 0.05 if latent_dim == 1 else 0.1)
    gap = deep.log_evidence(x, model, nodes) - vem.exact_elbo(x, q, model, 30)
    assert gap.min() > -1e-5


@few
@given(seed=seeds)
def test_the_gap_is_the_kl_to_the_posterior_on_the_grid(seed):
    torch.manual_seed(seed)
    model, q = decoder(1, 2, (5,)), random_q(4, 1)
    x, z = model.sample(4), deep.grid(1)
    gap = deep.log_evidence(x, model) - vem.exact_elbo(x, q, model, 40)
    posterior = exact.posterior(lambda z: deep.log_joint(x, z, model), z).detach()
    density = q.log_prob(z[:, None, None]).T.exp()
    integrand = torch.special.xlogy(density, density) - density * posterior.log()
    expected = torch.trapezoid(integrand, z)
    torch.testing.assert_close(gap.detach(), expected, rtol=1e-3, atol=1e-4)


# E-step and M-step


def test_the_e_step_reaches_the_exact_posterior_of_a_linear_decoder():
    model, ppca = linear(torch.randn(4, 2), torch.randn(4).double())
    x, q = ppca.sample(6), local(6, 2, "full")
    vem.e_step(x, q, model, 400)
    posterior = ppca.posterior(x)
    torch.testing.assert_close(q().mean, posterior.mean, rtol=0, atol=1e-3)
    torch.testing.assert_close(
        q().covariance_matrix, posterior.covariance_matrix, rtol=0, atol=1e-3
    )
    torch.testing.assert_close(
        vem.exact_elbo(x, q(), model), ppca.log_evidence(x), rtol=0, atol=1e-5
    )


def test_a_diagonal_e_step_reaches_the_inverse_of_the_precisions_diagonal():
    model, ppca = linear(torch.randn(4, 2))
    x, q = ppca.sample(6), local(6, 2)
    vem.e_step(x, q, model, 400)
    precision = ppca.M / ppca.sigma2
    torch.testing.assert_close(q().mean, ppca.posterior(x).mean, rtol=0, atol=1e-3)
    torch.testing.assert_close(
        q().variance, (1 / precision.diagonal()).expand(6, 2), rtol=0, atol=1e-3
    )


def test_for_a_correlation_of_nine_tenths_the_variances_are_a_fifth():
    """The posterior of correlation .9 and unit variances is linear decoding's under a wide prior."""
    covariance = torch.tensor([[1.0, 0.9], [0.9, 1.0]]).double()
    precision = torch.linalg.inv(covariance)
    wide = MultivariateNormal(torch.zeros(2).double(), 1e8 * torch.eye(2).double())
    model, _ = linear(torch.linalg.cholesky(precision).T, sigma2=1.0)
    model._prior = wide
    q = local(1, 2)
    vem.e_step(torch.zeros(1, 2).double(), q, model, 400)
    torch.testing.assert_close(q().variance, torch.full((1, 2), 0.19).double(), rtol=0, atol=1e-3)
    posterior = MultivariateNormal(torch.zeros(2).double(), covariance)
    assert kl_divergence(dense(q()), posterior).item() == pytest.approx(0.83, abs=0.005)


def test_an_e_step_by_samples_comes_near_the_exact_one():
    model, ppca = linear(torch.randn(3, 2))
    x, q = ppca.sample(5), local(5, 2, "full")
    history = vem.e_step(x, q, model, 500, lr=0.05, num_samples=50)
    gap = ppca.log_evidence(x) - vem.exact_elbo(x, q(), model)
    assert gap.max() < 0.02
    assert history.loss[-1] < history.loss[0]


def test_the_e_step_holds_theta_and_the_m_step_holds_q():
    model = decoder()
    x, q = model.sample(8), local(8, 2)
    theta = [p.detach().clone() for p in model.parameters()]
    vem.e_step(x, q, model, 5)
    assert all(p.equal(old) for p, old in zip(model.parameters(), theta, strict=True))
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    rows = q.rows.detach().clone()
    vem.m_step(x, q, model, 5, batch_size=3)
    assert q.rows.equal(rows) and q.rows.requires_grad
    assert not any(p.equal(old) for p, old in zip(model.parameters(), theta, strict=True))


def test_the_m_step_raises_the_bound():
    made_by, model = decoder(), decoder()
    x, q = made_by.sample(100), local(100, 2)
    before = vem.exact_elbo(x, q(), model).mean()
    vem.m_step(x, q, model, 100, lr=0.01)
    assert vem.exact_elbo(x, q(), model).mean() > before + 0.1


def test_the_m_step_of_a_linear_decoder_is_ems():
    model, ppca = linear(torch.randn(3, 2), sigma2=0.5)
    model.log_sigma2.requires_grad_()
    x = ppca.sample(60)
    q = local(60, 2, "full", ppca.posterior(x))
    vem.m_step(x, q, model, 1500, lr=0.01, num_samples=20)
    best = em.m_step(x, q())
    found = PPCA(model.network[0].weight, model.network[0].bias, model.sigma2)
    shortfall = em.elbo(best, q(), x).mean() - em.elbo(found, q(), x).mean()
    assert 0 <= shortfall.item() < 0.01


# Both at once


def test_fit_comes_near_the_likelihood_of_ppca():
    """Full q on a linear decoder: the best bound is the best evidence, which is closed form."""
    _, truth = linear(torch.randn(4, 2), sigma2=0.3)
    x = truth.sample(300)
    model, q = decoder(2, 4, (), sigma2=1.0), local(300, 2, "full")
    vem.fit(x, q, model, 300, batch_size=100, num_samples=5, lr=0.02, progress=False)
    reached, _ = em.fit(x, 2, 500)
    best = reached.log_evidence(x).mean()
    bound = vem.exact_elbo(x, q(), model).mean()
    assert best - 0.05 < bound <= best


def test_a_bent_decoder_climbs_from_the_straight_lines_evidence_toward_the_arcs():
    truth = deep.arc().double()
    x = truth.sample(300)
    model, q = decoder(1, 2, (16,), sigma2=0.1), local(300, 1)
    history = vem.fit(x, q, model, 300, 100, num_samples=5, lr=0.02, progress=False)
    assert len(history.loss) == 300 * 3
    straight, _ = em.fit(x, 1, 100)
    bound = vem.exact_elbo(x, q(), model).mean()
    assert straight.log_evidence(x).mean() + 0.5 < bound
    assert bound < deep.log_evidence(x, truth).mean()  # or it would have learnt the noise


def test_the_first_loss_is_the_negative_mean_bound():
    model = decoder()
    x, q = model.sample(30), local(30, 2)
    torch.manual_seed(4)
    expected = -vem.elbo(x, q(), model, 3).mean().item()
    torch.manual_seed(4)
    history = vem.fit(x, q, model, 1, num_samples=3, progress=False)
    assert history.loss == [pytest.approx(expected)]


def test_one_step_of_fit_is_one_step_of_adam_in_each():
    model = decoder()
    x, q = model.sample(30), local(30, 2)
    theta = [p.detach().clone() for p in model.parameters()]
    vem.fit(x, q, model, 1, lr=0.002, lr_local=0.1, progress=False)
    for parameter, before in zip(model.parameters(), theta, strict=True):
        torch.testing.assert_close((parameter - before).abs(), torch.full_like(before, 0.002))
    torch.testing.assert_close(q.rows.abs(), torch.full_like(q.rows, 0.1), rtol=0.05, atol=0)


def test_both_rates_decay():
    model = decoder()
    x, q = model.sample(30), local(30, 2)
    history = vem.fit(x, q, model, 4, lr=0.01, progress=False)
    cosine = [0.005 * (1 + math.cos(math.pi * k / 4)) for k in range(4)]
    assert history.lr == pytest.approx(cosine)


def test_the_seed_decides_the_run():
    def run(seed):
        torch.manual_seed(seed)
        model = decoder(1, 2, (5,))
        q = local(40, 1)
        vem.fit(x, q, model, 3, batch_size=10, progress=False)
        return q.rows.detach()

    x = deep.arc().double().sample(40)
    assert run(1).equal(run(1)) and not run(1).equal(run(2))


class Faulty(deep.Decoder):
    """Fails at its k-th call."""

    fails_at, failure = 4, KeyboardInterrupt

    def forward(self, z):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == self.fails_at:
            raise self.failure
        return super().forward(z)


def test_a_stop_keeps_what_was_learnt():
    model = Faulty(2, 3).double()
    x, q = decoder().sample(20), local(20, 2)
    start = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(training.Stopped, match="after 3 of 40 steps"):
        vem.fit(x, q, model, 10, batch_size=5, progress=False)
    assert not any(p.equal(old) for p, old in zip(model.parameters(), start, strict=True))
    assert (q.rows != 0).any(1).sum() == 15
    assert q.rows.isfinite().all()


def test_a_stopped_e_step_says_so():
    model = Faulty(2, 3).double()
    x, q = decoder().sample(20), local(20, 2)
    with pytest.raises(training.Stopped, match="after 3 of 10 steps"):
        vem.e_step(x, q, model, 10)
    assert (q.rows != 0).any()


def test_divergence_names_the_step_and_leaves_the_parameters_finite():
    model = decoder(2, 3, (5,), "diagonal")
    x, q = model.sample(40), local(40, 2)
    with pytest.raises(training.Diverged, match="step"):
        vem.fit(x, q, model, 400, lr=1e4, lr_local=1e4, progress=False)
    assert q.rows.isfinite().all()
    assert all(p.isfinite().all() for p in model.parameters())


# The best Gaussian


@few
@given(seed=seeds)
def test_the_best_q_is_never_worse_than_its_starts_and_full_never_than_diagonal(seed):
    torch.manual_seed(seed)
    model = decoder(2, 3, (5,))
    x, starts = model.sample(3), [random_q(3, covariance="diagonal", spread=s) for s in (0.2, 2.0)]
    q, best = vem.best_q(x, model, *starts, num_steps=30)
    for start in starts:
        assert (best >= vem.exact_elbo(x, start, model, 10) - 1e-12).all()
    torch.testing.assert_close(vem.exact_elbo(x, q, model, 10), best)
    _, full = vem.best_q(x, model, q, covariance="full", num_steps=30)
    assert (full >= best - 1e-12).all()
    assert not best.requires_grad


def test_a_start_that_is_best_already_is_kept():
    model, ppca = linear(torch.randn(3, 2))
    x = ppca.sample(4)
    posterior = ppca.posterior(x)
    q, best = vem.best_q(x, model, posterior, random_q(4), covariance="full", num_steps=1)
    torch.testing.assert_close(best, ppca.log_evidence(x), rtol=0, atol=1e-8)
    torch.testing.assert_close(q.mean, posterior.mean)


def test_a_start_that_every_step_worsens_is_kept():
    """A hundredth from the optimum, of which the only step, of 0.2, leads away."""
    model, ppca = linear(torch.randn(3, 2))
    x = ppca.sample(4)
    posterior = ppca.posterior(x)
    start = MultivariateNormal(posterior.mean + 0.01, scale_tril=posterior.scale_tril)
    q, best = vem.best_q(x, model, start, covariance="full", num_steps=1)
    torch.testing.assert_close(q.mean, start.mean, rtol=0, atol=1e-12)
    torch.testing.assert_close(best, vem.exact_elbo(x, start, model, 10), rtol=0, atol=1e-12)


def test_a_stop_gets_out_of_best_q():
    model = Faulty(2, 3).double()
    with pytest.raises(KeyboardInterrupt):
        vem.best_q(model.sample(3), model, random_q(3), num_steps=5)


def test_every_point_takes_the_best_of_its_own_ends():
    x, model = ring_points(20, 340), deep.ring().double()
    left, right = (
        vem.gaussian(torch.tensor([[mean, -3.0]] * 2).double(), 1) for mean in (-1.6, 1.6)
    )
    q, best = vem.best_q(x, model, left, right, num_steps=150)
    assert q.mean[0] < -1 and q.mean[1] > 1
    torch.testing.assert_close(best[0], best[1], rtol=0, atol=1e-4)


def test_the_ring_costs_most_near_its_seam():
    x, model = ring_points(10, 30, 90, 180), deep.ring().double()
    start = vem.gaussian(torch.cat([deep.mode(x, model), torch.full((4, 1), -4.0)], 1), 1)
    _, best = vem.best_q(x, model, start, num_steps=200, num_nodes=20)
    gap = deep.log_evidence(x, model) - best
    assert gap[0].item() == pytest.approx(0.132, abs=0.002)
    assert (gap.diff() < 0).all()
    assert abs(gap[3].item()) < 1e-4


# Mean field over hidden pixels


def mixture(components=3, pixels=5):
    weights = torch.rand(components).double() + 0.2
    return BernoulliMixture(
        weights / weights.sum(), 0.05 + 0.9 * torch.rand(components, pixels).double()
    )


def problem(seed, components=3, pixels=5):
    """A mixture, images, the pixels seen, and a q(z) to begin with."""
    torch.manual_seed(seed)
    model = mixture(components, pixels)
    x = (torch.rand(4, pixels) < 0.5).double()
    seen = torch.rand(pixels) < 0.5
    seen[seed % pixels] = False
    return model, x, seen, torch.randn(4, components).double().softmax(1)


def evidence_of_seen(model, x, seen):
    return model.log_joint(x, seen).logsumexp(1)


def elbo_by_enumeration(model, x, seen, found):
    """E_q[log p(x_seen, x_hidden, z) - log q] as a sum over all images and components."""
    hidden = (~seen).nonzero().flatten()
    total = torch.zeros(len(x)).double()
    for values in itertools.product([0.0, 1.0], repeat=len(hidden)):
        image = x.clone()
        image[:, hidden] = torch.tensor(values).double()
        chance = torch.ones(len(x)).double()
        for column, value in enumerate(values):
            on = found.means[:, column]
            chance = chance * (on if value else 1 - on)
        for k in range(len(model.weights)):
            log_p = model.weights[k].log()
            for d in range(x.shape[1]):
                on = model.means[k, d]
                log_p = log_p + (image[:, d] * on + (1 - image[:, d]) * (1 - on)).log()
            q = chance * found.weights[:, k]
            total = total + torch.where(q > 0, q * (log_p - q.log()), 0.0)
    return total


@settings(few, max_examples=40)
@given(seed=seeds)
def test_no_sweep_lowers_the_bound_and_none_exceeds_the_evidence(seed):
    model, x, seen, start = problem(seed, 4, 8)
    found = vem.mean_field(model, x, seen, start, 20)
    bounds = torch.stack(found.elbo)
    assert bounds.shape == (20, 4)
    assert bounds.diff(dim=0).min() > -1e-12
    assert (bounds <= evidence_of_seen(model, x, seen) + 1e-10).all()
    torch.testing.assert_close(found.weights.sum(1), torch.ones(4).double())


@few
@given(seed=seeds, num_sweeps=st.integers(1, 4))
def test_the_bound_is_the_sum_over_all_hidden_images(seed, num_sweeps):
    model, x, seen, start = problem(seed)
    found = vem.mean_field(model, x, seen, start, num_sweeps)
    expected = elbo_by_enumeration(model, x, seen, found)
    torch.testing.assert_close(found.elbo[-1], expected, rtol=0, atol=1e-9)


@few
@given(seed=seeds)
def test_at_the_end_neither_factor_can_be_improved(seed):
    model, x, seen, start = problem(seed)
    found = vem.mean_field(model, x, seen, start, 500)
    best = elbo_by_enumeration(model, x, seen, found)
    for _ in range(5):
        nudged = vem.MeanField(
            (found.weights.log() + 0.05 * torch.randn_like(found.weights)).softmax(1),
            found.means,
            [],
        )
        assert (elbo_by_enumeration(model, x, seen, nudged) <= best + 1e-9).all()
        nudged = vem.MeanField(
            found.weights,
            (found.means.logit() + 0.05 * torch.randn_like(found.means)).sigmoid(),
            [],
        )
        assert (elbo_by_enumeration(model, x, seen, nudged) <= best + 1e-9).all()


def test_where_the_hidden_pixels_do_not_depend_on_z_mean_field_is_exact():
    model, x, seen, start = problem(3)
    same = model.means.clone()
    same[:, ~seen] = same[:1, ~seen]
    model = BernoulliMixture(model.weights, same)
    found = vem.mean_field(model, x, seen, start, 1)
    torch.testing.assert_close(found.elbo[-1], evidence_of_seen(model, x, seen))
    torch.testing.assert_close(found.means, same[:1, ~seen].expand(4, -1))
    torch.testing.assert_close(found.weights, model.log_joint(x, seen).softmax(1))


def test_the_hidden_pixels_of_x_are_ignored_even_where_they_are_nan():
    model, x, seen, start = problem(1)
    blank = x.where(seen, math.nan)
    found, same = (vem.mean_field(model, images, seen, start, 5) for images in (x, blank))
    assert found.means.equal(same.means) and found.weights.equal(same.weights)


# Errors


class Unsummed(deep.Decoder):
    """Forgets that the D dimensions are one event."""

    def forward(self, z):
        return super().forward(z).base_dist


def flow_q(num_points):
    """A q without a mean in closed form, in float32."""
    base = flows.standard_normal(2).expand([num_points])
    return flows.Flow(base, [flows.Planar(2)])


def narrow(scale):
    """A start with one scale that is no scale."""
    scales = torch.ones(6, 2).double()
    scales[3, 1] = scale
    return Independent(Normal(torch.zeros(6, 2).double(), scales, validate_args=False), 1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x, q, m: vem.fit(x * math.nan, q, m, 1), "x"),
        (lambda x, q, m: vem.fit(x[:, :2], q, m, 1), "x"),
        (lambda x, q, m: vem.fit(x.float(), q, m, 1), "x"),
        (lambda x, q, m: vem.fit(x, local(9, 2), m, 1), "q"),
        (lambda x, q, m: vem.fit(x, local(4, 2), m, 1), "q"),
        (lambda x, q, m: vem.fit(x, local(6, 1), m, 1), "q"),
        (lambda x, q, m: vem.fit(x, vem.Local(6, 2), m, 1), "q"),
        (lambda x, q, m: vem.fit(x, q, m, 0), "num_epochs"),
        (lambda x, q, m: vem.fit(x, q, m, 1, batch_size=0), "batch_size"),
        (lambda x, q, m: vem.fit(x, q, m, 1, num_samples=0), "num_samples"),
        (lambda x, q, m: vem.fit(x, q, m, 1, lr=-1.0), "lr"),
        (lambda x, q, m: vem.fit(x, q, m, 1, lr_local=0.0), "lr_local"),
        (lambda x, q, m: vem.e_step(x, local(9, 2), m), "q"),
        (lambda x, q, m: vem.e_step(x, q, m, num_nodes=0), "num_nodes"),
        (lambda x, q, m: vem.e_step(x, local(6, 3), decoder(3)), "latent_dim"),
        (lambda x, q, m: vem.m_step(x, local(9, 2), m), "q"),
        (lambda x, q, m: vem.m_step(x / 0, q, m), "x"),
        (lambda x, q, m: vem.elbo(x, random_q(5), m), "q"),
        (lambda x, q, m: vem.elbo(x, random_q(6, 1), m), "q"),
        (lambda x, q, m: vem.elbo(x, q(), m, 0), "num_samples"),
        (lambda x, q, m: vem.elbo(x, q, m), "q"),
        (lambda x, q, m: vem.elbo(x, q(), m, beta=-0.1), "beta"),
        (lambda x, q, m: vem.elbo(x, q(), m, beta=math.nan), "beta"),
        (lambda x, q, m: vem.elbo(x, q(), m, beta=math.inf), "beta"),
        (lambda x, q, m: vem.elbo(x, vem.Local(6, 2)(), m), "q"),
        (lambda x, q, m: vem.elbo(x, vem.Local(6, 2, "full")(), m), "q"),
        (lambda x, q, m: vem.elbo(x, flow_q(6), m), "q"),
        (lambda x, q, m: vem.elbo(x.float(), q(), m.float()), "q"),
        (lambda x, q, m: vem.elbo(x, vem.gaussian(q.rows * math.nan, 2), m), "q"),
        (lambda x, q, m: vem.elbo(x, Independent(Bernoulli(x[:, :2].sigmoid()), 1), m), "q"),
        (lambda x, q, m: vem.elbo(x, q(), Unsummed(2, 3).double()), "model"),
        (lambda x, q, m: vem.exact_elbo(x, q(), Unsummed(2, 3).double()), "model"),
        (lambda x, q, m: vem.exact_elbo(x, vem.Local(6, 2)(), m), "q"),
        (lambda x, q, m: vem.exact_elbo(x, vem.Local(6, 2, "full")(), m), "q"),
        (lambda x, q, m: vem.exact_elbo(x.float(), q(), m.float()), "q"),
        (lambda x, q, m: vem.exact_elbo(x, vem.gaussian(q.rows * math.nan, 2), m), "NaN"),
        (lambda x, q, m: vem.best_q(x, m, vem.Local(6, 2)()), "starts"),
        (lambda x, q, m: vem.best_q(x.float(), m.float(), q()), "starts"),
        (lambda x, q, m: vem.e_step(x, vem.Local(6, 2), m), "q"),
        (lambda x, q, m: vem.e_step(x, q, m, num_samples=0), "num_samples"),
        (lambda x, q, m: vem.e_step(x, q, m, num_samples=-1), "num_samples"),
        (lambda x, q, m: vem.m_step(x, q, m, num_samples=0), "num_samples"),
        (lambda x, q, m: vem.fit(x, q, Unsummed(2, 3).double(), 1), "model"),
        (lambda x, q, m: vem.exact_elbo(x, random_q(6, 3), decoder(3)), "latent_dim"),
        (lambda x, q, m: vem.exact_elbo(x, Independent(Laplace(x[:, :2], 1.0), 1), m), "q"),
        (lambda x, q, m: vem.best_q(x, m), "starts"),
        (lambda x, q, m: vem.best_q(x, m, random_q(5)), "starts"),
        (lambda x, q, m: vem.best_q(x, m, q(), covariance="low rank"), "covariance"),
        (lambda x, q, m: vem.Local(0, 2), "num_points"),
        (lambda x, q, m: vem.Local(3, 2, "banded"), "covariance"),
        (lambda x, q, m: vem.Local(3, 2, start=random_q(4)), "start"),
        (lambda x, q, m: vem.Local(6, 2, start=narrow(0.0)), "start"),
        (lambda x, q, m: vem.Local(6, 2, "full", narrow(0.0)), "start"),
        (lambda x, q, m: vem.Local(6, 2, start=narrow(math.inf)), "start"),
        (lambda x, q, m: vem.best_q(x, m, narrow(0.0)), "start"),
        (lambda x, q, m: vem.gaussian(x, 2), "parameters"),
    ],
)
def test_bad_arguments_are_named(call, name):
    model = decoder()
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(model.sample(6), local(6, 2), model)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda m, x, seen, q: vem.mean_field(m, x, seen | True, q), "seen"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen[1:], q), "seen"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen.double(), q), "seen"),
        (lambda m, x, seen, q: vem.mean_field(m, x / 2, seen, q), "x"),
        (lambda m, x, seen, q: vem.mean_field(m, x * math.nan, seen, q), "x"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen, q[1:]), "start"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen, q[:, 1:]), "start"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen, 2 * q), "start"),
        (
            lambda m, x, seen, q: vem.mean_field(m, x, seen, 3 * q - 2 / 3),
            "start",
        ),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen, q * math.nan), "start"),
        (lambda m, x, seen, q: vem.mean_field(m, x, seen, q, 0), "num_sweeps"),
    ],
)
def test_bad_arguments_of_mean_field_are_named(call, name):
    model, _, _, start = problem(0)
    x, seen = torch.ones(4, 5).double(), torch.tensor([True, True, False, False, True])
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(model, x, seen, start)
