"""Simulators, their exact posteriors, and inference that only simulates."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from sklearn.linear_model import LinearRegression
from torch.distributions import MultivariateNormal, Normal

from course_utils import filtering, flows, simulators
from course_utils.simulators import calibration, npe, rejection, summaries, unknown_gaussian

MODEL = simulators.Ricker()


@pytest.fixture(scope="module")
def two_series():
    """A pair of parameters, their counts and exact posteriors."""
    torch.manual_seed(3)
    z = torch.tensor([[0.0, 0.0], [0.6, -0.4]]).double()
    y = MODEL.simulate(z)
    return z, y, MODEL.posterior(y)


def test_half_the_spacing_gives_the_same_evidence(two_series):
    z, y, _ = two_series
    theta = MODEL.theta(z)
    fine = MODEL.log_likelihood(y, theta, spacing=0.5)
    assert torch.allclose(MODEL.log_likelihood(y, theta), fine, rtol=0, atol=1e-6)


def test_the_grid_filter_against_particles(two_series):
    z, y, _ = two_series
    log_r, log_phi = MODEL.theta(z[0])

    def move(n):
        return log_r + n - n.exp() + MODEL.sigma * torch.randn_like(n)

    def start(num):
        n = move(torch.zeros(num).double())
        for _ in range(MODEL.num_unseen):
            n = move(n)
        return n

    def log_p(t, n):
        rate = log_phi + n
        return y[0, t] * rate - rate.exp() - torch.lgamma(y[0, t] + 1)

    runs = [filtering.particle(start, move, log_p, 50, 10_000).log_evidence for _ in range(6)]
    runs = torch.stack(runs)
    exact = MODEL.log_likelihood(y[:1], MODEL.theta(z[:1]))[0]
    # a log of an unbiased estimate is low by half its variance
    assert abs(runs.mean() + runs.var() / 2 - exact) < 3 * runs.std() / math.sqrt(6)


def test_a_short_series_by_quadrature_over_all_its_populations():
    """Two counts, no noise to speak of before: nested integrals over n_1 and n_2."""
    model = simulators.Ricker(num_steps=2, num_unseen=1, sigma=0.4)
    y = torch.tensor([[12.0, 3.0]]).double()
    log_r, log_phi = 1.4, 2.0

    def poisson(count, n):
        return np.exp(count * (log_phi + n) - np.exp(log_phi + n) - math.lgamma(count + 1))

    def normal(n, mean):
        return np.exp(-((n - mean) ** 2) / (2 * 0.16)) / (0.4 * math.sqrt(2 * math.pi))

    n = np.linspace(-3, 4, 1401)
    before = normal(n, log_r - 1)  # n_1, from N_0 = 1
    h = n[1] - n[0]
    first = normal(n[:, None], log_r + n - np.exp(n)) @ before * h * poisson(12, n)
    second = normal(n[:, None], log_r + n - np.exp(n)) @ first * h * poisson(3, n)
    exact = math.log(integrate.trapezoid(second, n))
    theta = torch.tensor([[log_r, log_phi]]).double()
    assert model.log_likelihood(y, theta).item() == pytest.approx(exact, abs=1e-5)


def test_the_posterior_against_a_plain_grid(two_series):
    _, y, exact = two_series
    axes = [
        torch.linspace(a - 5 * s, a + 5 * s, 13).double()
        for a, s in zip(exact.mean[0], exact.cov[0].diagonal().sqrt(), strict=True)
    ]
    z = torch.cartesian_prod(*axes)
    log_p = MODEL.log_likelihood(y[:1].expand(len(z), -1), MODEL.theta(z))
    log_joint = log_p - z.square().sum(1) / 2 - math.log(2 * math.pi)
    area = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    assert log_joint.logsumexp(0) + area.log() == pytest.approx(
        exact.log_evidence[0].item(), abs=2e-3
    )
    mean = log_joint.softmax(0) @ z
    assert torch.allclose(mean, exact.mean[0], atol=2e-3)
    assert torch.allclose(exact.mass.sum(1), torch.ones(2).double(), atol=1e-9)


def test_missing_counts_widen_the_posterior(two_series):
    _, y, exact = two_series
    holed = y[:1, :40].clone()
    holed[0, 10:40:3] = math.nan
    wider = MODEL.posterior(holed)
    assert (wider.cov[0].diagonal() > exact.cov[0].diagonal()).all()


def test_other_worlds():
    z = torch.zeros(400, 2).double()
    noisy = simulators.Ricker(dispersion=3.0).simulate(z)
    plain = MODEL.simulate(z)
    assert noisy.mean().item() == pytest.approx(plain.mean().item(), rel=0.1)
    assert noisy.var() > 1.2 * plain.var()
    for other in (simulators.Ricker(dispersion=3.0), simulators.Ricker(crowding=1.3)):
        with pytest.raises(ValueError, match="log_likelihood is of Poisson counts"):
            other.log_likelihood(noisy[:1], z[:1])
        with pytest.raises(ValueError, match="posterior is of Poisson counts"):
            other.posterior(noisy[:1])


def test_every_series_may_have_its_own_noise():
    z, sigma = torch.zeros(600, 2), torch.tensor([0.05, 0.8]).repeat(300)
    spread = summaries.growth(MODEL.simulate(z, sigma))[:, 2]
    assert spread[1::2].median() > 1.5 * spread[::2].median()
    with pytest.raises(ValueError, match="sigma must be above 0"):
        MODEL.simulate(z, -sigma)


def test_a_grid_that_does_not_fit_names_what_asks_for_it():
    y, log_phi = torch.ones(1, 3).double(), 2.0
    for log_r, sigma, spacing in (
        (6.9, 0.3, 1.0),
        (1e9, 0.3, 1.0),
        (3.8, 1e-3, 1.0),
        (3.8, 0.3, 1e-3),
    ):
        theta = torch.tensor([[log_r, log_phi]]).double()
        with pytest.raises(ValueError, match=r"theta with log_r .* sigma .* spacing .* nodes"):
            simulators.Ricker(sigma=sigma).log_likelihood(y, theta, spacing=spacing)
    with pytest.raises(ValueError, match="theta must have log_r of 1 or more"):
        MODEL.log_likelihood(y, torch.tensor([[0.9, log_phi]]).double())


def test_populations_deeper_than_any_run_of_zeros_do_not_matter():
    """At the slowest growth that is allowed, against a grid that goes much further down."""
    y = torch.tensor([[3.0, 0, 0, 0, 0, 2, 5]]).double()
    theta = torch.tensor([[1.0, 2.0]]).double()
    _, start, moves = deep = simulators.chain.on_grid(1.0, MODEL.sigma, MODEL.num_unseen, -200)
    log_p = torch.distributions.Poisson((2.0 + deep.nodes).exp()).log_prob(y[0][:, None])
    exact = filtering.forward(start, moves, log_p).log_evidence.item()
    assert MODEL.log_likelihood(y, theta).item() == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (-1.0, "whole numbers"),
        (0.5, "whole numbers"),
        (math.inf, "whole numbers"),
        (0.0, "above 0"),
        (1e7, "the prior can make"),
    ],
)
def test_series_that_are_none(value, says):
    with pytest.raises(ValueError, match=says):
        MODEL.posterior(torch.full((1, 50), value).double())


@given(st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_the_unknown_gaussian_is_bayes_rule(seed):
    torch.manual_seed(seed)
    theta = unknown_gaussian.PRIOR.sample(2)
    theta = theta.clamp(-1, 1)  # within the grid
    y = unknown_gaussian.simulate(theta)
    posterior = unknown_gaussian.posterior(y)
    axes = torch.linspace(-2, 2, 161).double(), torch.linspace(-5, 5, 401).double()
    grid = torch.cartesian_prod(*axes)
    log_sigma, mu = grid.unbind(1)
    for n in range(2):
        log_joint = unknown_gaussian.PRIOR.log_prob(grid)
        log_joint = log_joint + Normal(mu[:, None], log_sigma.exp()[:, None]).log_prob(y[n]).sum(1)
        cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
        log_density = log_joint - log_joint.logsumexp(0) - cell.log()
        here = log_density.exp() * cell > 1e-6
        one = unknown_gaussian.NormalGamma(*(part[n] for part in posterior))
        assert torch.allclose(one.log_prob(grid)[here], log_density[here], atol=1e-4)
        entropy = -(log_density * log_density.exp()).sum() * cell
        assert one.entropy.item() == pytest.approx(entropy.item(), abs=1e-3)


def test_the_mean_alone_by_its_own_likelihood():
    y = torch.randn(1, 10).double() * 2 + 1
    log_sigma, mu = torch.randn(2, 50).double() / 3
    posterior = unknown_gaussian.from_mean(y)
    log_p = Normal(mu, log_sigma.exp() / math.sqrt(10)).log_prob(y.mean())
    log_p = log_p + unknown_gaussian.PRIOR.log_prob(torch.stack([log_sigma, mu], 1))
    off = posterior.log_prob(torch.stack([log_sigma, mu], 1)) - log_p
    assert torch.allclose(off, off[0].expand_as(off), atol=1e-10)


def test_summaries_are_what_they_say():
    y = torch.poisson(torch.rand(4, 50).double() * 5)
    y[1] = 0
    assert torch.allclose(summaries.two(y)[:, 1], (y == 0).double().mean(1))
    assert summaries.wood(y).isfinite().all()
    row = y[0]
    lag = np.mean([(row[t] - row.mean()) * (row[t + 2] - row.mean()) for t in range(48)]) * 48 / 50
    assert summaries.wood(y)[0, 4].abs().square().item() == pytest.approx(abs(lag), rel=1e-9)
    slow = 30.0 * torch.ones(1, 50).double() + torch.arange(50) % 2
    assert summaries.growth(slow).isfinite().all()
    use = (row[1:] > 0) & (row[:-1] > 0)
    fit = LinearRegression().fit(row[:-1][use][:, None], (row[1:] / row[:-1])[use].log())
    assert summaries.growth(y)[0, 0].item() == pytest.approx(fit.intercept_, abs=1e-3)
    assert summaries.growth(y)[0, 1].item() == pytest.approx(fit.coef_[0], abs=1e-3)
    learned = summaries.Learned(y.float(), 5, others=summaries.two)
    assert learned(y.float()).shape == (4, 7) == (4, learned.dim)


def linear_gaussian(num=4000, rho=0.0):
    z = torch.randn(num, 2)
    return z, z + 0.5 * torch.randn(num, 2)


def test_npe_finds_a_gaussian_posterior():
    z, y = linear_gaussian()
    posterior = npe.Posterior(
        torch.nn.Identity(), flows.Flow(flows.standard_normal(2), [flows.Affine(2, 2, (16,))])
    )
    history = npe.fit(posterior, z, y, 120, lr=0.02, progress=False)
    assert len(history.loss) == 120
    floor = 2 * 0.5 * math.log(2 * math.pi * math.e * 0.2)  # posterior variance 0.25 / 1.25
    z, y = linear_gaussian(20_000)
    with torch.no_grad():
        assert npe.loss(posterior, z, y).mean().item() == pytest.approx(floor, abs=0.03)


def test_the_gap_is_a_kl(two_series):
    _, _, exact = two_series
    normal = MultivariateNormal(exact.mean, exact.cov)
    log_q = normal.log_prob(exact.z.transpose(0, 1)).T
    assert (npe.gap(log_q, exact).abs() < 2e-3).all()
    assert torch.allclose(npe.gap(exact.log_density, exact), torch.zeros(2).double())
    with pytest.raises(ValueError, match="log_q must have shape"):
        npe.gap(log_q[:, :-1], exact)


def test_rejection_and_its_adjustment_on_a_linear_gaussian():
    z, s = (part.double() for part in linear_gaussian(40_000))
    observed = torch.tensor([1.0, -0.5]).double()
    near = rejection.accept(s, observed, 2000)
    moved, weight = rejection.adjust(z[near], s[near], observed)
    assert (s[near] - observed).norm(dim=1).max() < (s - observed).norm(dim=1).median()
    cov = torch.cov(moved.T, aweights=weight)
    assert torch.allclose(weight @ moved / weight.sum(), observed / 1.25, atol=0.05)
    assert torch.allclose(cov, 0.2 * torch.eye(2).double(), atol=0.03)
    assert weight[0] > 0.99  # accept gives the nearest first
    assert weight.min() == 0  # of the farthest, in units of the accepted ones' spread
    assert z[near].var(0).mean() > 0.2  # unadjusted: the posterior of a blurred observation


def test_synthetic_likelihood_of_gaussian_summaries():
    z = torch.tensor([[0.0, 0.0], [1.0, 0.5]]).double()
    s = z[:, None] + 0.5 * torch.randn(2, 20_000, 2).double()
    observed = torch.tensor([[0.3, 0.1]]).double()
    exact = Normal(z, 0.5).log_prob(observed).sum(1)
    assert torch.allclose(rejection.synthetic(s, observed)[0], exact, atol=0.05)


def test_the_cost_of_acceptance_by_simulation():
    torch.manual_seed(0)
    s, other = (1.1**0.5 * torch.randn(200_000, 2).double() for _ in range(2))
    share = torch.exp(-(s - other).square().sum(1) / (2 * 0.25**2)).mean()
    assert 1 / share.item() == pytest.approx(rejection.cost(2, 0.1, 0.25), rel=0.05)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (torch.ones(40), "counts must be the 50"),
        (torch.full((50,), math.nan), "counts must be complete, but 50 are NaN"),
        (torch.full((50,), 0.5), "counts must be whole numbers"),
        (torch.full((50,), -1.0), "counts must be whole numbers"),
        (torch.zeros(50), "counts must not be all 0"),
    ],
)
def test_what_is_no_series_has_no_answer(two_series, counts, says):
    with pytest.raises(ValueError, match=says):
        simulators.outside.answer(counts, *outsiders())


def test_a_series_that_the_prior_cannot_make_is_flagged_and_has_samples(two_series):
    _, y, exact = two_series
    found = simulators.outside.answer(y[0], *outsiders())
    assert found.exact.log_evidence == pytest.approx(exact.log_evidence[0].item())
    assert not found.strange
    beyond = simulators.outside.answer(torch.full((50,), 1e7).double(), *outsiders(), num_samples=7)
    assert beyond.samples.shape == (7, 2)
    assert beyond.strange
    assert beyond.exact is None


@cache
def outsiders():
    """A posterior that is not trained, the model, and what its series look like."""
    flow = flows.Flow(flows.standard_normal(2), [flows.Affine(2, 2, (4,))])
    y = MODEL.simulate(torch.randn(300, 2).double())
    posterior = npe.Posterior(summaries.Standardised(summaries.two, y.float()), flow)
    return posterior, MODEL, simulators.outside.Familiar(summaries.two, y)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_ranks_and_coverage_of_the_truth(seed):
    torch.manual_seed(seed)
    z, s = linear_gaussian(2000)
    q = Normal(s / 1.25, math.sqrt(0.2))
    drawn = q.sample(torch.Size([99]))
    counts = torch.bincount(calibration.ranks(z, drawn)[:, 0] // 10, minlength=10)
    assert calibration.chi_squared(counts) < 40
    log_q, log_s = q.log_prob(z).sum(-1), q.log_prob(drawn).sum(-1)
    assert calibration.coverage(log_q, log_s) == pytest.approx(0.9, abs=0.03)
    narrow = Normal(s / 1.25, 0.1)
    drawn = narrow.sample(torch.Size([99]))
    log_q, log_s = narrow.log_prob(z).sum(-1), narrow.log_prob(drawn).sum(-1)
    assert calibration.coverage(log_q, log_s) < 0.4
