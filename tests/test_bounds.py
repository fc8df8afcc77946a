"""The bounds against what is exact: PPCA, the ring, Frullani's integral, Pyro, drawn tails."""

import math
import warnings
from functools import cache

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Independent, MultivariateNormal, Normal

from course_utils import bounds, data, deep, em, exact, ladder, ppca, vae, vem
from course_utils.bounds import hmc
from course_utils.bounds.importance import doubly_reparameterised
from course_utils.priors import categorical

few = settings(deadline=None, max_examples=25, derandomize=True)
quiet = pytest.mark.filterwarnings("ignore::course_utils.bounds.Unreliable")
DOUBLE = {"dtype": torch.float64}


@cache
def digits_model(H: int) -> tuple[ppca.PPCA, torch.Tensor]:
    """PPCA of the digits with its latents turned at random, and 60 test images."""
    fitted = ppca.fit(data.digits().train, H)
    turn = torch.linalg.qr(torch.randn(H, H, generator=torch.Generator().manual_seed(0), **DOUBLE))
    model = ppca.PPCA(fitted.W @ turn[0], fitted.mu, fitted.sigma2)
    return model, data.digits().test[:60]


def widened(model: ppca.PPCA, x: torch.Tensor, factor: float) -> MultivariateNormal:
    """The exact posterior, its covariance times a factor: of finite weight variance above 1."""
    p = model.posterior(x)
    return MultivariateNormal(p.mean, factor * p.covariance_matrix)


def within_three(estimate, truth) -> bool:
    """The mean over the points; half the squared errors is what a log of a mean lacks."""
    error = estimate.error.square().sum().sqrt() / len(truth)
    lacks = (estimate.error.square() / 2).mean()
    return abs((estimate.value + lacks - truth).mean()) < 3 * error


# --- Evidence for any number of latents -------------------------------------------------------


@pytest.mark.parametrize("H", [5, 10, 20])
def test_importance_sampling_on_ppca(H):
    model, x = digits_model(H)
    estimate = bounds.evidence(x, widened(model, x, 1.3), deep.linear(model), 2000)
    assert within_three(estimate, model.log_evidence(x))
    assert (estimate.ess >= 1).all() and (estimate.ess <= 2000).all()


@pytest.mark.parametrize(("H", "resample"), [(5, False), (10, False), (20, False), (20, True)])
def test_annealing_on_ppca(H, resample):
    """From the marginals, which miss every correlation."""
    model, x = digits_model(H)
    p = model.posterior(x)
    start = Independent(Normal(p.mean, p.stddev), 1)
    betas = bounds.schedule(40, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = bounds.annealed(x, deep.linear(model), start, betas, 20, resample=resample)
    assert within_three(run, model.log_evidence(x))
    assert run.error.mean() < 0.25


def test_annealing_from_the_prior_on_ppca():
    model, x = digits_model(5)
    run = bounds.annealed(x, deep.linear(model), None, bounds.schedule(150), 20)
    assert within_three(run, model.log_evidence(x))


@pytest.mark.parametrize("resample", [False, True])
def test_annealing_at_the_seam_has_the_evidence_and_both_modes(resample):
    ring = deep.ring().double()
    angle = torch.tensor([0.0, 2.0]).deg2rad().double()
    x = torch.stack([angle.cos(), angle.sin()], 1)
    run = bounds.annealed(x, ring, None, bounds.schedule(50), 400, resample=resample)
    assert within_three(run, deep.log_evidence(x, ring))
    right = (run.log_w.softmax(0) * (run.z[..., 0] > 0)).sum(0)
    nodes = deep.grid(1)
    p = exact.posterior(lambda z: deep.log_joint(x, z, ring), nodes)
    truth = torch.trapezoid(p * (nodes > 0), nodes)
    assert (right - truth).abs().max() < 0.12


@quiet
def test_the_error_is_the_spread_over_runs():
    """Also under resampling, where it comes from ancestors."""
    model, x = digits_model(5)
    x, betas = x[:1].expand(200, -1).contiguous(), bounds.schedule(60)
    for resample in (False, True):
        run = bounds.annealed(x, deep.linear(model), None, betas, 30, resample=resample)
        relative = (run.value - model.log_evidence(x)).exp().std()
        assert run.error.square().mean().sqrt() == pytest.approx(relative.item(), rel=0.35)


@quiet
def test_resampling_narrows_what_few_steps_leave():
    model, x = digits_model(20)
    truth, betas = model.log_evidence(x).mean(), bounds.schedule(40)
    plain, smc = (
        truth - bounds.annealed(x, deep.linear(model), None, betas, 30, resample=r).value.mean()
        for r in (False, True)
    )
    assert 0 < smc < plain / 2


def test_the_sandwich_holds_the_truth():
    model, _ = digits_model(10)
    decoder = deep.linear(model)
    z = torch.randn(200, 10, **DOUBLE)
    x = decoder(z).sample()
    p = model.posterior(x)
    start = Independent(Normal(p.mean, 0.6 * p.stddev), 1)
    lower, upper = bounds.sandwich(x, z, decoder, start, bounds.schedule(20, 1.0), 4)
    truth = model.log_evidence(x)
    for side, sign in ((lower, 1), (upper, -1)):
        gap = sign * (truth - side.value)
        assert gap.mean() > -3 * gap.std() / 200**0.5
    assert 0.01 < (upper.value - lower.value).mean() < 0.6


def test_latents_that_cannot_have_made_x_are_named():
    model, x = digits_model(5)
    with pytest.raises(ValueError, match="z must be latents that x was made from"):
        bounds.sandwich(x, torch.full((len(x), 5), 1e200, **DOUBLE), deep.linear(model))


@quiet
def test_one_step_from_q_is_the_elbo_and_its_upper_twin():
    model, _ = digits_model(5)
    decoder, z = deep.linear(model), torch.randn(1000, 5, **DOUBLE)
    x = decoder(z).sample()
    q, betas = widened(model, x, 1.5), torch.tensor([0.0, 1.0]).double()
    run = bounds.annealed(x, decoder, q, betas, 2)
    gap = (run.log_w - em.elbo(model, q, x)).mean(0)
    assert abs(gap.mean()) < 3 * gap.std() / len(x) ** 0.5
    lower, upper = bounds.sandwich(x, z, decoder, q, betas, 2)
    truth = model.log_evidence(x)
    assert (lower.value - truth).mean() < -0.02 and (upper.value - truth).mean() > 0.02


def test_a_large_number_of_samples_is_taken_in_portions(monkeypatch):
    model, x = digits_model(5)
    arguments = x[:3], widened(model, x[:3], 1.3), deep.linear(model), 500
    torch.manual_seed(1)
    whole = bounds.evidence(*arguments)
    monkeypatch.setattr("course_utils.portions.NUMBERS", 50_000)
    torch.manual_seed(1)
    parts = bounds.evidence(*arguments)
    assert (whole.value - parts.value).abs().max() < 0.2
    assert within_three(parts, model.log_evidence(x[:3]))


def test_evidence_of_ten_latents_on_the_ladder():
    model, x = digits_model(10)
    decoder = deep.linear(model)
    q = widened(model, x, 0.8)
    rung = ladder.measure(x, decoder, q)
    assert rung.evidence == pytest.approx(model.log_evidence(x).mean().item(), abs=0.05)
    assert rung.elbo == pytest.approx(em.elbo(model, q, x).mean().item(), abs=0.1)


# --- What warns -------------------------------------------------------------------------------


def test_a_q_too_narrow_is_said_with_its_tail_index():
    model, x = digits_model(5)
    with pytest.warns(
        bounds.Unreliable, match=r"at \d+ of 60 points .* estimated tail index is above 0\.67"
    ):
        bounds.evidence(x, widened(model, x, 0.2), deep.linear(model), 1000)


def test_too_few_samples_are_said_with_their_effective_number():
    model, x = digits_model(10)
    with pytest.warns(bounds.Unreliable, match=r"short by 0\.\d+ nats or more: of 100 samples"):
        bounds.evidence(x, deep.linear(model).prior, deep.linear(model), 100)


def test_too_few_steps_are_said_with_the_spread():
    model, x = digits_model(20)
    with pytest.warns(bounds.Unreliable, match=r"spread by [\d.]+ nats\. Take more steps"):
        bounds.annealed(x, deep.linear(model), None, bounds.schedule(10), 5)
    z = torch.randn(len(x), 20, **DOUBLE)
    with pytest.warns(bounds.Unreliable, match="Take more steps"):
        bounds.sandwich(x, z, deep.linear(model), None, bounds.schedule(10), 5)


def test_a_good_q_is_silent():
    model, x = digits_model(10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bounds.evidence(x, widened(model, x, 1.3), deep.linear(model), 1000)
        exactly = bounds.evidence(x, model.posterior(x), deep.linear(model), 1000)
    assert (exactly.value - model.log_evidence(x)).abs().max() < 1e-9
    assert exactly.error.max() < 1e-9 and exactly.ess.min() > 999.9


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_the_tail_index_is_that_of_a_drawn_tail(k):
    weights = scipy.stats.genpareto.rvs(k, size=(20_000, 8), random_state=0)
    found = bounds.pareto_k(torch.from_numpy(weights).log())
    assert (found.mean() - k).abs() < 0.08
    assert bounds.pareto_k(torch.zeros(100, 2).double()).eq(-math.inf).all()


def test_the_tail_index_of_a_narrow_gaussian_is_one_minus_the_ratio_of_variances():
    """w ~ exp(a y^2 / 2) under N(0, v): P(w > t) falls as t^-1/k with k = 1 - v."""
    z = torch.randn(200_000, 4, **DOUBLE) * 0.3**0.5
    log_w = Normal(0.0, 1.0).log_prob(z) - Normal(0.0, 0.3**0.5).log_prob(z)
    assert (bounds.pareto_k(log_w) - 0.7).abs().max() < 0.2


# --- Bounds from weights -----------------------------------------------------------------------


@few
@given(st.integers(0, 10**6), st.integers(1, 20), st.floats(-5, 5))
def test_the_bounds_of_given_weights(seed, K, shift):
    log_w = 3 * torch.randn(K, 4, generator=torch.Generator().manual_seed(seed), **DOUBLE)
    value = bounds.bound(log_w)
    assert torch.allclose(value, log_w.exp().mean(0).log())
    assert torch.allclose(bounds.bound(log_w + shift), value + shift)
    assert (value >= log_w.mean(0) - 1e-9).all() and (value <= log_w.amax(0) + 1e-9).all()
    alphas = [-1.0, 0.0, 0.5, 1.0, 2.0]
    values = torch.stack([bounds.renyi(log_w, alpha) for alpha in alphas])
    assert (values.diff(dim=0) <= 1e-9).all()  # falls in alpha
    assert torch.allclose(values[1], value) and torch.allclose(values[3], log_w.mean(0))
    assert torch.allclose(bounds.renyi(log_w, 1 + 1e-5), values[3], atol=1e-3)


def test_a_weight_of_zero_counts_as_one():
    log_w = torch.tensor([[0.0], [-math.inf]]).double()
    assert bounds.bound(log_w).item() == pytest.approx(-math.log(2))


def test_renyi_at_0_is_pyros():
    """Pyro's RenyiELBO at alpha = 0 over the same K samples is the K-sample bound."""
    pyro = pytest.importorskip("pyro")
    from pyro.infer import RenyiELBO

    x = torch.tensor([1.3])

    def model():
        z = pyro.sample("z", pyro.distributions.Normal(0.0, 1.0))
        pyro.sample("x", pyro.distributions.Normal(z, 0.5), obs=x[0])

    def guide():
        pyro.sample("z", pyro.distributions.Normal(0.4, 0.8))

    for alpha in (0.0, 0.5):
        torch.manual_seed(0)
        theirs = [
            -RenyiELBO(alpha, 10, vectorize_particles=True).loss(model, guide) for _ in range(800)
        ]
        z = 0.4 + 0.8 * torch.randn(10, 40_000)
        log_w = Normal(0.0, 1.0).log_prob(z) + Normal(z, 0.5).log_prob(x)
        ours = bounds.renyi(log_w - Normal(0.4, 0.8).log_prob(z), alpha)
        error = torch.tensor(theirs).std() / 800**0.5
        assert abs(torch.tensor(theirs).mean() - ours.mean()) < 4 * error
        pyro.clear_param_store()


def test_one_sample_is_the_elbo():
    torch.manual_seed(0)
    decoder, encoder = deep.Decoder(2, 3, (8,)).double(), vae.Encoder(3, 2).double()
    x = decoder.sample(50)
    with torch.no_grad():
        q = encoder(x)
        one = bounds.log_weights(x, q, decoder, 4000)
        elbo = vem.exact_elbo(x, q, decoder)
    assert one.shape == (4000, 50)
    assert ((one.mean(0) - elbo) / (one.std(0) / 4000**0.5)).abs().max() < 4.5


def test_weights_of_one_q_for_all_points():
    ring = deep.ring().double()
    x = ring.sample(5)
    assert bounds.log_weights(x, ring.prior, ring, 7).shape == (7, 5)


# --- Gradients ---------------------------------------------------------------------------------


class Line(torch.nn.Module):
    """q(z | x) = N(mean, e^log_variance), whatever x is."""

    def __init__(self, mean: float, variance: float) -> None:
        super().__init__()
        self.mean = torch.nn.Parameter(torch.tensor([mean], **DOUBLE))
        self.log_variance = torch.nn.Parameter(torch.tensor([math.log(variance)], **DOUBLE))

    def forward(self, x):
        return vem.gaussian(torch.cat([self.mean, self.log_variance]).expand(len(x), 2), 1)


@pytest.mark.parametrize("K", [2, 10])
def test_both_gradients_have_the_exact_mean_and_dreg_has_less_noise(K):
    x, nodes = torch.tensor([[1.0]]).double(), torch.linspace(-9, 11, 4001).double()
    unit = ppca.PPCA(torch.ones(1, 1, **DOUBLE), torch.zeros(1, **DOUBLE), 1.0)
    model, encoder = deep.linear(unit), Line(0.8, 0.9)
    q = encoder(x)
    log_q = q.log_prob(nodes[:, None])
    log_w = deep.log_joint(x, nodes[:, None], model)[0] - log_q
    parameters = [*encoder.parameters(), model.network[0].bias]
    truth = torch.autograd.grad(exact.log_mean(log_w, log_q.exp(), K), parameters)

    many, noise = x.expand(200, 1), {}
    for name in ("plain", "dreg"):
        runs = []
        for _ in range(300):
            if name == "plain":
                value = bounds.bound(bounds.log_weights(many, encoder(many), model, K)).mean()
            else:
                value = doubly_reparameterised(many, encoder, model, K).mean()
            runs.append(torch.cat([g.flatten() for g in torch.autograd.grad(value, parameters)]))
        draws = torch.stack(runs)
        error = draws.std(0) / 300**0.5
        assert ((draws.mean(0) - torch.cat([t.flatten() for t in truth])) / error).abs().max() < 4
        noise[name] = draws.std(0)
    assert (noise["dreg"][:2] < noise["plain"][:2]).all()
    assert noise["dreg"][2] == pytest.approx(noise["plain"][2].item(), rel=0.2)  # theta: the same


@pytest.mark.parametrize("gradient", ["plain", "dreg"])
def test_fit_reaches_a_better_model(gradient):
    torch.manual_seed(0)
    x = data.arc(2000).x.float()
    encoder, decoder = vae.Encoder(2, 1, (16,)), vae.Decoder(1, 2, (16,), sigma2=0.1)
    before = deep.log_evidence(x, decoder).mean()
    history = bounds.fit(x, encoder, decoder, 300, 5, gradient=gradient, progress=False)
    assert len(history.loss) == 300
    assert deep.log_evidence(x, decoder).mean() > before + 0.5
    assert deep.log_evidence(x, decoder).mean() > -1.3


def test_sleep_covers_both_modes():
    """The forward KL's best Gaussian has the posterior's mean and variance."""
    torch.manual_seed(0)
    ring = deep.ring()
    encoder = vae.Encoder(2, 1, (64, 64))
    bounds.sleep(encoder, ring, 1500, progress=False)
    q = encoder(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    assert q.mean[0].abs().item() < 0.8 and q.stddev[0].item() == pytest.approx(2.395, abs=0.4)
    assert q.mean[1].abs().item() < 0.1 and q.stddev[1].item() < 0.2


# --- Hamiltonian Monte Carlo -------------------------------------------------------------------


def test_chains_of_hmc_have_the_posterior():
    model, x = digits_model(5)
    p, z = model.posterior(x[:4]), torch.randn(50, 4, 5, **DOUBLE)
    states, accepted = hmc.chain(x[:4], z, deep.linear(model), 300, num_leapfrog=8)
    assert states.shape == (300, 50, 4, 5)
    draws = states[20:].flatten(0, 1)
    assert ((draws.mean(0) - p.mean) / p.stddev).abs().max() < 0.1
    assert torch.allclose(draws.var(0), p.variance, rtol=0.15)
    assert (accepted - hmc.TARGET).abs().max() < 0.15


def test_a_leapfrog_there_and_back_ends_where_it_began():
    def log_density(z):
        return -(z**4).sum(-1) / 4

    torch.manual_seed(0)
    point = hmc.at(torch.randn(5, 3, 2, **DOUBLE), log_density)
    assert torch.allclose(point.slope, -(point.z**3))
    new, rate = hmc.move(point, log_density, torch.tensor(1e-3), 4)
    assert rate.min() > 0.999 and (new.z - point.z).abs().max() < 0.05
    still, rate = hmc.move(point, log_density, torch.tensor(1e3), 4)  # flies off: refused
    assert torch.equal(still.z, point.z) and rate.max() < 1e-6


# --- Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "betas", [[0.0, 0.5], [0.1, 1.0], [0.0, 0.7, 0.6, 1.0], [0.0], [0.0, math.nan, 1.0]]
)
def test_betas_go_from_0_to_1(betas):
    model, x = digits_model(5)
    with pytest.raises(ValueError, match="betas"):
        bounds.annealed(x, deep.linear(model), None, torch.tensor(betas).double())


def test_a_start_over_other_latents_is_named():
    model, x = digits_model(5)
    with pytest.raises(ValueError, match="start must have batch shape"):
        bounds.annealed(x, deep.linear(model), deep.ring().prior)
    with pytest.raises(ValueError, match="q must have batch shape"):
        bounds.evidence(x, model.posterior(x[:5]), deep.linear(model))


def test_tails_need_twenty_five_weights():
    with pytest.raises(ValueError, match="log_w must have 25 rows or more, got 24"):
        bounds.pareto_k(torch.zeros(24, 2))


def test_data_far_from_all_the_model_can_make_are_named():
    model = deep.Decoder(2, 3, (4,)).double()
    with pytest.raises(ValueError, match="x must be where the model has a density above 0"):
        bounds.sandwich(1e200 * torch.ones(2, 3).double(), torch.zeros(2, 2).double(), model)
    with pytest.raises(ValueError, match="x must be where the model has a density above 0"):
        bounds.annealed(1e200 * torch.ones(2, 3).double(), model, num_chains=2, resample=True)


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (vem.Local(6, 1), "encoder must take x"),
        (vae.Decoder(1, 2), "encoder must take x"),
        (torch.nn.Bilinear(2, 2, 1), "encoder must take x"),
        (torch.nn.Linear(2, 1), "encoder must return a distribution"),
    ],
)
def test_what_is_no_encoder_is_named(encoder, message):
    x, decoder = torch.randn(6, 2), vae.Decoder(1, 2)
    for call in (
        lambda: bounds.fit(x, encoder, decoder, 1, 2),
        lambda: bounds.sleep(encoder, decoder, 1, num_pairs=6),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


@pytest.mark.parametrize("gradient", ["plain", "dreg"])
def test_fit_takes_no_encoder_whose_samples_cannot_be_moved(gradient):
    """Its gradient would be another than the bound's, and nobody would know."""
    decoder = deep.Decoder(3, 2, (), prior=categorical.uniform(3))
    with pytest.raises(TypeError, match="encoder must return a distribution with rsample"):
        bounds.fit(torch.randn(6, 2), categorical.Encoder(2, 3), decoder, 1, 2, gradient=gradient)
