import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Poisson,
    StudentT,
    TransformedDistribution,
    kl_divergence,
)
from torch.distributions.transforms import AffineTransform

from course_utils import deep, em, training, vae, vem
from course_utils.ppca import PPCA
from course_utils.vem.local import parameters_of

few = settings(deadline=None, max_examples=12, derandomize=True)
seeds = st.integers(0, 10_000)


def networks(latent_dim=2, data_dim=3, hidden=(6,), likelihood="scalar", covariance="diagonal"):
    """An encoder and a decoder in float64, of random weights."""
    decoder = vae.Decoder(latent_dim, data_dim, hidden, likelihood, sigma2=0.3)
    return vae.Encoder(data_dim, latent_dim, hidden, covariance).double(), decoder.double()


def exact_pair(W, sigma2=0.3, covariance="diagonal"):
    """A linear decoder, that PPCA, and the linear encoder that gives its posterior.

    With a diagonal covariance the encoder has the posterior's means and, of its covariance,
    the diagonal.
    """
    D, H = W.shape
    ppca = PPCA(W, torch.randn(D).double(), sigma2)
    encoder, decoder = networks(H, D, (), "fixed", covariance)
    rows = parameters_of(ppca.posterior(torch.zeros(1, D).double()), covariance)[0]
    with torch.no_grad():
        decoder.network[0].weight.copy_(ppca.W)
        decoder.network[0].bias.copy_(ppca.mu)
        decoder.log_sigma2.fill_(math.log(sigma2))
        layer = encoder.network[0]
        layer.weight.zero_()
        layer.weight[:H] = ppca.E
        layer.bias.copy_(rows)
    return encoder, decoder, ppca


ORTHOGONAL = torch.tensor([[1.0, 0.5], [0.0, -1.2], [2.0, -0.25]]).double()
SKEW = torch.tensor([[1.0, 0.5], [0.3, -1.2], [2.0, 1.25]]).double()


def test_the_columns_of_the_orthogonal_case_are():
    product = ORTHOGONAL.T @ ORTHOGONAL
    assert product[0, 1].abs() < 1e-12 and (SKEW.T @ SKEW)[0, 1].abs() > 1


# The encoder


@pytest.mark.parametrize(
    ("covariance", "latent_dim"), [("diagonal", 1), ("diagonal", 3), ("full", 2), ("full", 3)]
)
def test_the_networks_outputs_are_means_log_variances_and_cholesky_entries(covariance, latent_dim):
    encoder = vae.Encoder(4, latent_dim, (5,), covariance)
    x = torch.randn(6, 4)
    q, output = encoder(x), encoder.network(x)
    assert (q.batch_shape, q.event_shape) == ((6,), (latent_dim,))
    torch.testing.assert_close(q.mean, output[:, :latent_dim])
    if covariance == "diagonal":
        assert output.shape[1] == 2 * latent_dim
        torch.testing.assert_close(q.variance, output[:, latent_dim:].exp())
    else:
        assert output.shape[1] == latent_dim + latent_dim * (latent_dim + 1) // 2
        L = q.scale_tril
        torch.testing.assert_close(
            L.diagonal(dim1=1, dim2=2).log() * 2, output[:, latent_dim : 2 * latent_dim]
        )
        assert L.equal(L.tril())


def test_every_parameter_of_both_networks_gets_a_gradient():
    for likelihood in ("scalar", "diagonal", "bernoulli"):
        for covariance in ("diagonal", "full"):
            encoder, decoder = networks(likelihood=likelihood, covariance=covariance)
            vae.elbo(decoder.sample(8), encoder, decoder).sum().backward()
            for p in (*encoder.parameters(), *decoder.parameters()):
                assert p.grad.abs().sum() > 0


# The bound


@few
@given(num_points=st.integers(1, 5), num_samples=st.integers(1, 4), beta=st.floats(0, 5))
def test_the_elbo_is_fit_minus_beta_times_kl_for_every_point(num_points, num_samples, beta):
    encoder, decoder = networks()
    x = decoder.sample(num_points)
    torch.manual_seed(2)
    found = vae.elbo(x, encoder, decoder, num_samples, beta)
    assert found.shape == (num_points,)
    torch.manual_seed(2)
    output = encoder.network(x)
    mean, scale = output[:, :2], (output[:, 2:] / 2).exp()
    fits = []
    for _ in range(num_samples):
        z = mean + scale * torch.randn(num_points, 2).double()
        miss = (x - decoder.network(z)).square().sum(1)
        fits.append(-miss / 2 / decoder.sigma2 - 1.5 * math.log(2 * math.pi * decoder.sigma2))
    kl = 0.5 * (scale**2 + mean**2 - 1 - 2 * scale.log()).sum(1)
    if num_samples == 1:  # several are drawn at once, in another order
        torch.testing.assert_close(found, fits[0] - beta * kl)
    z = Normal(mean, scale).sample((20_000,))
    noise = decoder(z).log_prob(x)
    error = noise.std(0) / num_samples**0.5
    assert ((found - noise.mean(0) + beta * kl).abs() < 6 * error + 1e-6).all()


def test_the_bernoulli_bound_is_a_cross_entropy_minus_kl():
    encoder, decoder = networks(likelihood="bernoulli")
    x = decoder.sample(5)
    torch.manual_seed(2)
    found = vae.elbo(x, encoder, decoder)
    torch.manual_seed(2)
    q = encoder(x)
    logits = decoder.network(q.rsample())
    fit = -nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    prior = Independent(Normal(torch.zeros(2).double(), torch.ones(2).double()), 1)
    torch.testing.assert_close(found, fit - kl_divergence(q, prior))


def test_at_ppcas_posterior_the_elbo_is_the_evidence_where_the_columns_are_orthogonal():
    encoder, decoder, ppca = exact_pair(ORTHOGONAL)
    x = ppca.sample(7)
    bound = vem.exact_elbo(x, encoder(x), decoder)
    torch.testing.assert_close(bound, ppca.log_evidence(x), rtol=0, atol=1e-8)


def test_where_they_are_not_a_diagonal_encoder_loses_and_a_full_one_does_not():
    encoder, decoder, ppca = exact_pair(SKEW)
    x = ppca.sample(7)
    assert (ppca.log_evidence(x) - vem.exact_elbo(x, encoder(x), decoder)).min() > 0.05
    torch.manual_seed(0)
    encoder, decoder, ppca = exact_pair(SKEW, covariance="full")
    bound = vem.exact_elbo(x, encoder(x), decoder)
    torch.testing.assert_close(bound, ppca.log_evidence(x), rtol=0, atol=1e-8)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_sampled_elbo_is_unbiased(covariance):
    encoder, decoder, ppca = exact_pair(SKEW, covariance=covariance)
    with torch.no_grad():
        encoder.network[0].bias += 0.1
    x = ppca.sample(4)
    q = encoder(x)
    dense = q if covariance == "full" else MultivariateNormal(q.mean, torch.diag_embed(q.variance))
    draws = vae.elbo(x.repeat(2000, 1), encoder, decoder, 5).detach().view(2000, 4)
    error = draws.std(0) / 2000**0.5
    assert ((draws.mean(0) - em.elbo(ppca, dense, x)).abs() < 4 * error).all()


class Shifted(nn.Module):
    """An encoder without a network: any q at all, the same for every x."""

    def __init__(self, q):
        super().__init__()
        self.q = q
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.q.expand([len(x)])


def test_any_distribution_with_rsample_may_be_the_encoders():
    """A flow that is a Gaussian in disguise, whose KL is then sampled; and a Student t."""
    _, decoder, ppca = exact_pair(SKEW)
    x = ppca.sample(3)
    zero, one = torch.zeros(2).double(), torch.ones(2).double()
    base = Independent(Normal(zero, one), 1)
    disguised = TransformedDistribution(base, [AffineTransform(0.3 * one, 0.5 * one, event_dim=1)])
    with pytest.raises(NotImplementedError):
        kl_divergence(disguised, decoder.prior)
    draws = vae.elbo(x.repeat(3000, 1), Shifted(disguised), decoder, 5).detach().view(3000, 3)
    plain = MultivariateNormal(0.3 * one, 0.25 * torch.eye(2).double()).expand([3])
    error = draws.std(0) / 3000**0.5
    assert ((draws.mean(0) - em.elbo(ppca, plain, x)).abs() < 4 * error).all()
    heavy = Independent(StudentT(10 * one, zero, 0.3 * one), 1)
    bound = vae.elbo(x, Shifted(heavy), decoder, 20_000)
    assert (bound < ppca.log_evidence(x)).all()


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_the_bound_of_a_mixture_and_its_gradients_are_those_of_quadrature(beta):
    torch.manual_seed(0)
    decoder = vae.Decoder(1, 3, (6,), sigma2=0.3).double()
    x, z = decoder.sample(4), torch.linspace(-8, 8, 4001).double()[:, None]
    logit = torch.tensor(0.4).double().requires_grad_()
    means = torch.tensor([-1.2, 0.8]).double().requires_grad_()

    def mixture(num_points):
        logits = torch.stack([logit, 0 * logit]).expand(num_points, 2)
        scales = torch.tensor([[0.4], [0.7]]).double().expand(num_points, 2, 1)
        parts = Independent(Normal(means[:, None].expand(num_points, 2, 1), scales), 1)
        return MixtureSameFamily(Categorical(logits=logits), parts)

    q = mixture(4)
    log_q = q.log_prob(z[:, None].expand(-1, 4, 1))
    fit = decoder(z[:, None]).log_prob(x) + beta * (decoder.prior.log_prob(z)[:, None] - log_q)
    exact = torch.trapezoid(log_q.exp() * fit, z[:, 0], dim=0)
    draws = vem.elbo(x.repeat(2000, 1), mixture(8000), decoder, 5, beta).view(2000, 4)
    error = draws.detach().std(0) / 2000**0.5
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()
    truth = torch.autograd.grad(exact.sum(), [logit, means])
    for ours, theirs in zip(
        torch.autograd.grad(draws.mean(0).sum(), [logit, means]), truth, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0.03, atol=0.03)


def test_a_mixture_encoder_begins_with_a_component_on_either_side():
    torch.manual_seed(0)
    encoder, x = vae.MixtureEncoder(2, 3, (6,), num_components=3), 0.1 * torch.randn(50, 2)
    q = encoder(x)
    assert (q.batch_shape, q.event_shape) == ((50,), (3,))
    middles = q.component_distribution.mean.mean(0).detach()  # (K, H)
    assert (middles - torch.tensor([-1.0, 0.0, 1.0])[:, None]).abs().max() < 0.7
    output = encoder.network(x)
    torch.testing.assert_close(q.mixture_distribution.probs, output[:, :3].softmax(1))
    torch.testing.assert_close(q.component_distribution.mean.flatten(1), output[:, 3:12])
    variance = q.component_distribution.variance.flatten(1)
    torch.testing.assert_close(variance, output[:, 12:].exp())


def test_a_mixture_encoder_keeps_both_sides_of_the_rings_seam_where_a_gaussian_loses_log_2():
    torch.manual_seed(0)
    ring, x = deep.ring(noise=0.5), torch.tensor([[1.0, 0.0]])  # sharper, and a head start wins
    nodes, gaps = deep.grid(1), []
    posterior = deep.log_joint(x.double(), nodes[:, None], deep.in_double(ring))[0]
    posterior = posterior - torch.trapezoid(posterior.exp(), nodes).log()
    for encoder in (vae.MixtureEncoder(2, 1), vae.Encoder(2, 1)):
        vae.fit(x.expand(64, 2).clone(), encoder, ring, 300, lr=5e-2, progress=False)
        with torch.no_grad():
            log_q = deep.in_double(encoder)(x.double()).log_prob(nodes[:, None, None])[:, 0]
        gaps.append(torch.trapezoid(log_q.exp() * (log_q - posterior), nodes).item())
    assert gaps[0] < 0.05 and gaps[1] > math.log(2)


def test_a_flow_as_prior_is_taken_into_the_bound():
    """p(z) = N(m, s^2 I) as a flow: the same bound as with that Gaussian."""
    one = torch.ones(2).double()
    base = Independent(Normal(0 * one, one), 1)
    flow = TransformedDistribution(base, [AffineTransform(0.5 * one, 2 * one, event_dim=1)])
    same = Independent(Normal(0.5 * one, 2 * one), 1)
    encoder, decoder = networks(hidden=())
    given_flow, given_normal = (
        vae.Decoder(2, 3, sigma2=0.3, prior=prior).double() for prior in (flow, same)
    )
    for each in (given_flow, given_normal):
        each.load_state_dict(decoder.state_dict())
    x = decoder.sample(3)
    exact = vem.exact_elbo(x, encoder(x), given_normal)
    torch.testing.assert_close(vem.exact_elbo(x, encoder(x), given_flow), exact)
    draws = vae.elbo(x.repeat(2000, 1), encoder, given_flow, 5).detach().view(2000, 3)
    assert ((draws.mean(0) - exact).abs() < 4 * draws.std(0) / 2000**0.5).all()
    torch.testing.assert_close(
        deep.log_evidence(x, given_flow), deep.log_evidence(x, given_normal), rtol=0, atol=1e-9
    )


# The gaps


@few
@given(seed=seeds, covariance=st.sampled_from(["diagonal", "full"]), latent_dim=st.integers(1, 2))
def test_both_gaps_are_at_least_0_and_add_up(seed, covariance, latent_dim):
    torch.manual_seed(seed)
    encoder, decoder = networks(latent_dim, covariance=covariance)
    x = decoder.sample(4)
    nodes = deep.grid(latent_dim, 0.02 if latent_dim == 1 else 0.08)
    found = vae.gaps(x, encoder, decoder, nodes, num_steps=60, num_nodes=20)
    total = found.elbo + found.amortisation + found.approximation
    torch.testing.assert_close(total, found.evidence, rtol=0, atol=1e-6)
    assert found.approximation.min() >= -1e-3 and found.amortisation.min() >= -1e-3
    torch.testing.assert_close(found.evidence, deep.log_evidence(x, decoder, nodes))
    torch.testing.assert_close(found.elbo, vem.exact_elbo(x, encoder(x), decoder, 20).detach())


def test_with_the_exact_posterior_both_gaps_are_0():
    encoder, decoder, ppca = exact_pair(ORTHOGONAL)
    x = ppca.sample(5)
    found = vae.gaps(x, encoder, decoder)
    torch.testing.assert_close(found.evidence, ppca.log_evidence(x), rtol=0, atol=1e-6)
    for gap in (found.amortisation, found.approximation):
        torch.testing.assert_close(gap, torch.zeros(5).double(), rtol=0, atol=1e-6)


def test_a_wrong_encoder_of_the_right_family_has_an_amortisation_gap_only():
    """q* is the posterior, so that the gap is the KL of the encoder's q to it."""
    encoder, decoder, ppca = exact_pair(SKEW, covariance="full")
    with torch.no_grad():
        encoder.network[0].bias[:2] += 0.4
    x = ppca.sample(5)
    found = vae.gaps(x, encoder, decoder, num_steps=300)
    kl = kl_divergence(encoder(x), ppca.posterior(x)).detach()
    assert (kl > 0.1).all()
    torch.testing.assert_close(found.amortisation, kl, rtol=0, atol=1e-3)
    torch.testing.assert_close(found.approximation, 0 * kl, rtol=0, atol=1e-3)


def test_the_best_of_a_family_too_small_has_an_approximation_gap_only():
    """The best diagonal q has the precision's diagonal: KL = 1/2 log(prod Lambda_ii / det Lambda)."""
    encoder, decoder, ppca = exact_pair(SKEW)
    precision = ppca.M / ppca.sigma2
    with torch.no_grad():
        encoder.network[0].bias[2:] = -precision.diagonal().log()
    x = ppca.sample(5)
    found = vae.gaps(x, encoder, decoder)
    kl = (precision.diagonal().log().sum() - precision.logdet()) / 2
    assert kl > 0.05
    torch.testing.assert_close(found.approximation, kl.expand(5), rtol=0, atol=1e-5)
    torch.testing.assert_close(found.amortisation, torch.zeros(5).double(), rtol=0, atol=1e-5)


def test_gaps_are_measured_in_float64_and_leave_the_networks_alone():
    encoder, decoder = vae.Encoder(3, 1, (4,)), vae.Decoder(1, 3, (4,))
    before = [p.clone() for p in (*encoder.parameters(), *decoder.parameters())]
    found = vae.gaps(decoder.sample(4), encoder, decoder, num_steps=5)
    assert {part.dtype for part in found} == {torch.float64}
    assert not any(part.requires_grad for part in found)
    after = [*encoder.parameters(), *decoder.parameters()]
    assert all(a.equal(b) and a.grad is None for a, b in zip(after, before, strict=True))
    assert encoder.network[0].weight.dtype == torch.float32


def test_refinement_finds_the_posterior_that_the_encoder_misses():
    """The encoder sits at the ring's far side; q* is looked for at the mode too."""
    decoder, encoder = deep.ring(), vae.Encoder(2, 1)
    with torch.no_grad():
        encoder.network[0].weight.zero_()
        encoder.network[0].bias.copy_(torch.tensor([-1.0, -4.0]))
    x = torch.tensor([[0.0, -1.0]])  # at three quarters of the way round: z = 0.67
    found = vae.gaps(x, encoder, decoder)
    assert found.amortisation.item() > 50
    assert found.approximation.item() < 0.01


# Training


def test_a_linear_vae_reaches_the_likelihood_of_ppca():
    torch.manual_seed(1)
    _, _, ppca = exact_pair(SKEW)
    x = ppca.sample(500)
    encoder, decoder = networks(hidden=())
    vae.fit(x, encoder, decoder, 1500, batch_size=250, lr=0.03, progress=False)
    best = em.fit(x, 2, 300)[0].log_evidence(x).mean()
    bound = vem.exact_elbo(x, encoder(x), decoder).mean()
    assert best - 0.01 < bound <= best


def test_the_loss_is_the_negative_mean_bound():
    encoder, decoder = networks()
    x = decoder.sample(30)
    torch.manual_seed(4)
    expected = -vae.elbo(x, encoder, decoder, 3, 2.0).mean().item()
    torch.manual_seed(4)
    history = vae.fit(x, encoder, decoder, 1, num_samples=3, beta=2.0, progress=False)
    assert history.loss == [pytest.approx(expected)]


@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_annealing_raises_beta_in_a_straight_line(beta, monkeypatch):
    encoder, decoder = networks()
    weights, bound = [], vae.bound

    def record(x, q, model, num_samples, beta):
        weights.append(beta)
        return bound(x, q, model, num_samples, beta)

    monkeypatch.setattr(vae, "bound", record)
    vae.fit(decoder.sample(9), encoder, decoder, 6, beta=beta, warmup=4, progress=False)
    assert weights == pytest.approx([beta * share for share in (0.25, 0.5, 0.75, 1, 1, 1)])
    weights.clear()
    vae.fit(decoder.sample(9), encoder, decoder, 2, beta=beta, progress=False)
    assert weights == [beta, beta]


def test_both_networks_take_one_step_of_adam_at_once():
    encoder, decoder = networks()
    parameters = [*encoder.parameters(), *decoder.parameters()]
    before = [p.detach().clone() for p in parameters]
    vae.fit(decoder.sample(50), encoder, decoder, 1, lr=0.003, progress=False)
    for p, old in zip(parameters, before, strict=True):
        torch.testing.assert_close((p - old).abs(), torch.full_like(old, 0.003), rtol=1e-3, atol=0)


def test_the_seed_decides_the_run():
    def run(seed):
        torch.manual_seed(seed)
        encoder, decoder = networks()
        return vae.fit(x, encoder, decoder, 9, batch_size=10, progress=False).loss

    x = networks()[1].sample(40)
    assert run(1) == run(1) != run(2)


def test_an_encoder_with_a_full_covariance_is_trained():
    torch.manual_seed(1)
    _, _, ppca = exact_pair(SKEW)
    x = ppca.sample(300)
    encoder, decoder = networks(hidden=(), covariance="full")
    history = vae.fit(x, encoder, decoder, 600, batch_size=150, progress=False)
    assert sum(history.loss[-20:]) < sum(history.loss[:20]) - 20
    assert encoder(x).scale_tril[:, 1, 0].abs().min() > 0


class Failing(vae.Encoder):
    """Stops, or gives NaN, at its fourth call."""

    failure: Exception | type[BaseException] | None = KeyboardInterrupt
    calls = 0

    def forward(self, x):
        self.calls += 1
        if self.calls == 4 and self.failure is not None:
            raise self.failure
        return super().forward(x if self.calls < 4 else x * math.nan)


def stopping(decoder, at):
    """The same model, which stops at one of its calls, those of its copies counted."""
    calls, model = itertools.count(1), deep.Model(decoder.latent_dim, decoder.data_dim).double()

    def forward(z):
        if next(calls) == at:
            raise KeyboardInterrupt
        return decoder(z)

    model.forward = forward
    return model, calls


def test_a_stop_keeps_what_was_learnt():
    encoder, (_, decoder) = Failing(3, 2).double(), networks()
    start = [p.detach().clone() for p in decoder.parameters()]
    with pytest.raises(training.Stopped, match="after 3 of 10 steps"):
        vae.fit(decoder.sample(20), encoder, decoder, 10, progress=False)
    assert not any(p.equal(old) for p, old in zip(decoder.parameters(), start, strict=True))


@pytest.mark.parametrize("call", [2, 7, 20, 60])
def test_a_stop_gets_out_of_gaps_wherever_it_comes(call):
    encoder, decoder = networks(1)
    model, calls = stopping(decoder, call)
    with pytest.raises(KeyboardInterrupt):
        vae.gaps(decoder.sample(4), encoder, model, deep.grid(1, 0.1), num_steps=30)
    assert next(calls) == call + 1  # nothing was computed after it


def test_divergence_names_the_step_and_keeps_the_parameters():
    encoder, (_, decoder) = Failing(3, 2).double(), networks()
    encoder.failure = None
    with pytest.raises(training.Diverged, match="step 3"):
        vae.fit(decoder.sample(20), encoder, decoder, 10, progress=False)
    assert all(p.isfinite().all() for p in (*encoder.parameters(), *decoder.parameters()))


class Every(nn.Module):
    """An encoder that gives what it is told."""

    def __init__(self, give):
        super().__init__()
        self.give = give

    def forward(self, x):
        return self.give(x)


def counts(x):
    """A q over the right latents whose samples cannot be moved."""
    return Independent(Poisson(x[:, :2].exp()), 1)


class Single(vae.Encoder):
    """Takes any x, and gives a q in float32."""

    def __init__(self):
        super().__init__(3, 2)

    def forward(self, x):
        return super().forward(x.float())


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x, e, d: vae.fit(x * math.nan, e, d, 1), "x"),
        (lambda x, e, d: vae.fit(x[:, :2], e, d, 1), "x"),
        (lambda x, e, d: vae.fit(x.float(), e, d, 1), "dtype"),
        (lambda x, e, d: vae.fit(x, e, d, 0), "num_steps"),
        (lambda x, e, d: vae.fit(x, e, d, 1, batch_size=0), "batch_size"),
        (lambda x, e, d: vae.fit(x, e, d, 1, lr=0.0), "lr"),
        (lambda x, e, d: vae.fit(x, e, d, 1, num_samples=0), "num_samples"),
        (lambda x, e, d: vae.fit(x, e, d, 1, warmup=-1), "warmup"),
        (lambda x, e, d: vae.elbo(x[0], e, d), "x"),
        (lambda x, e, d: vae.elbo(x[:0], e, d), "x"),
        (lambda x, e, d: vae.elbo(x, e, d, 0), "num_samples"),
        (lambda x, e, d: vae.elbo(x, None, d), "encoder"),
        (lambda x, e, d: vae.elbo(x, e, None), "decoder"),
        (lambda x, e, d: vae.elbo(x, vae.Encoder(3, 1).double(), d), "q"),
        (lambda x, e, d: vae.elbo(x, vae.Encoder(4, 2).double(), d), "x"),
        (lambda x, e, d: vae.elbo(x, vae.Encoder(3, 2), d), "dtype of the encoder"),
        (lambda x, e, d: vae.elbo(x, Single(), d), "q"),
        (lambda x, e, d: vae.elbo(x, vem.Local(6, 2).double(), d), "encoder must take x"),
        (lambda x, e, d: vae.elbo(x, d, d), "encoder must take x"),
        (lambda x, e, d: vae.elbo(x, nn.Bilinear(3, 3, 4), d), "encoder must take x"),
        (lambda x, e, d: vae.fit(x, vem.Local(6, 2).double(), d, 1), "encoder must take x"),
        (lambda x, e, d: vae.elbo(x, e, d, beta=-1.0), "beta"),
        (lambda x, e, d: vae.elbo(x, e, d, beta=math.nan), "beta"),
        (lambda x, e, d: vae.elbo(x, nn.Linear(3, 4).double(), d), "encoder"),
        (lambda x, e, d: vae.fit(x, nn.Linear(3, 4).double(), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, vae.Encoder(3, 1).double(), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, vae.Encoder(4, 2).double(), d, 1), "x"),
        (lambda x, e, d: vae.fit(x, vae.Encoder(3, 2), d, 1), "dtype of the encoder"),
        (lambda x, e, d: vae.fit(x, Single(), d, 1), "q"),
        (lambda x, e, d: vae.fit(x, Every(lambda x: e(x[:1])), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, Every(lambda x: e(x).base_dist), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, Every(lambda x: None), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, Every(counts), d, 1), "encoder"),
        (lambda x, e, d: vae.fit(x, e, d, 1, beta=-1.0), "beta"),
        (lambda x, e, d: vae.fit(x, e, d, 1, beta=math.nan), "beta"),
        (lambda x, e, d: vae.gaps(x, vae.Encoder(3, 1), d), "encoder"),
        (lambda x, e, d: vae.gaps(x, vae.Encoder(4, 2), d), "x"),
        (
            lambda x, e, d: vae.elbo(x, e, vae.Decoder(2, 3, likelihood="bernoulli").double()),
            "binary",
        ),
        (
            lambda x, e, d: vae.fit(x, e, vae.Decoder(2, 3, likelihood="bernoulli").double(), 1),
            "binary",
        ),
        (lambda x, e, d: vae.gaps(x / 0, e, d), "x"),
        (lambda x, e, d: vae.gaps(x, *networks(3)), "latent_dim"),
        (lambda x, e, d: vae.gaps(x, nn.Linear(3, 4).double(), d), "encoder"),
        (lambda x, e, d: vae.Encoder(0, 1), "data_dim"),
        (lambda x, e, d: vae.Encoder(2, 1.5), "latent_dim"),
        (lambda x, e, d: vae.Encoder(2, 1, covariance="none"), "covariance"),
        (lambda x, e, d: vae.Encoder(2, 1, (0,)), "hidden"),
    ],
)
def test_bad_arguments_are_named(call, name):
    encoder, decoder = networks()
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(decoder.sample(6), encoder, decoder)
