"""The aggregate posterior and its surgery, learned mixtures, and the MMD of two crowds."""

import itertools

import numpy as np
import pytest
import scipy.integrate
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture
from torch.distributions import (
    Bernoulli,
    Categorical,
    Independent,
    Laplace,
    MixtureSameFamily,
    MultivariateNormal,
    kl_divergence,
)

from course_utils import deep, vae
from course_utils.gaussian import Gaussian, StandardNormal, pairwise
from course_utils.priors import aggregate, categorical, mixture, wae

few = settings(deadline=None, max_examples=15, derandomize=True)
seeds = st.integers(0, 10_000)
PRIOR = StandardNormal(torch.zeros(2).double())
AXIS = torch.linspace(-12, 12, 241).double()


def diagonal(seed, N=5, H=2):
    torch.manual_seed(seed)
    return Gaussian(1.3 * torch.randn(N, H).double(), -1 + 0.5 * torch.randn(N, H).double())


def full(seed, N=5, H=2):
    torch.manual_seed(seed)
    L = torch.randn(N, H, H).double().tril() / 3
    L.diagonal(dim1=1, dim2=2).copy_(0.5 + torch.rand(N, H).double())
    return MultivariateNormal(torch.randn(N, H).double(), scale_tril=L)


def kinds(seed):
    torch.manual_seed(seed)
    logits = torch.randn(4, 3).double()
    yield diagonal(seed, 4, 3), torch.randn(6, 3).double()
    yield full(seed, 4, 3), torch.randn(6, 3).double()
    yield Gaussian(logits, torch.randn(()).double()), torch.randn(6, 3).double()
    yield Independent(Bernoulli(logits=logits), 1), (torch.rand(6, 3) < 0.5).double()
    yield Independent(Laplace(logits, 1.0), 1), torch.randn(6, 3).double()


@few
@given(seeds)
def test_all_pairs_are_what_log_prob_says_of_each(seed):
    for p, x in kinds(seed):
        torch.testing.assert_close(pairwise(p, x), p.log_prob(x[:, None]))


@few
@given(seeds)
def test_the_aggregate_is_torchs_mixture_with_equal_weights(seed):
    z = 2 * torch.randn(7, 2).double()
    for q in (diagonal(seed), full(seed)):
        torchs = MixtureSameFamily(Categorical(torch.ones(5).double()), q)
        torch.testing.assert_close(aggregate.log_prob(q, z), torchs.log_prob(z))


def test_portions_change_nothing(monkeypatch):
    q, z = diagonal(0), torch.randn(40, 2).double()
    whole = aggregate.log_prob(q, z)
    monkeypatch.setattr("course_utils.portions.NUMBERS", 30)
    torch.testing.assert_close(aggregate.log_prob(q, z), whole)


@few
@given(seeds)
def test_the_density_on_a_grid_is_that_of_its_nodes(seed):
    axes = AXIS[::8], AXIS[::6]
    z = torch.cartesian_prod(*axes)
    for q in (diagonal(seed), full(seed)):
        expected = aggregate.log_prob(q, z).exp().reshape(len(axes[0]), len(axes[1]))
        torch.testing.assert_close(aggregate.density(q, axes), expected)
    q = diagonal(seed, H=1)
    expected = aggregate.log_prob(q, AXIS[:, None]).exp()
    torch.testing.assert_close(aggregate.density(q, AXIS), expected)


@few
@given(seeds)
def test_the_two_parts_sum_to_the_rate_in_closed_form(seed):
    for q in (diagonal(seed), full(seed)):
        parts = aggregate.split(q, PRIOR, (AXIS, AXIS))
        assert parts.rate.item() == pytest.approx(kl_divergence(q, PRIOR).mean().item(), abs=2e-4)
        assert 0 <= parts.information <= torch.tensor(5.0).log() + 1e-9
        assert parts.marginal > -1e-9


def test_codes_far_apart_tell_which_point_they_are_of_and_equal_ones_nothing():
    mean = torch.tensor([[-4.0], [0.0], [4.0]]).double()
    prior = StandardNormal(torch.zeros(1).double())
    parts = aggregate.split(Gaussian(mean, mean * 0 - 4), prior, AXIS)
    assert parts.information.item() == pytest.approx(torch.tensor(3.0).log().item(), abs=1e-6)
    parts = aggregate.split(Gaussian(mean * 0, mean * 0), prior, AXIS)
    assert parts.information.abs() < 1e-9 and parts.marginal.abs() < 1e-9


@few
@given(seeds)
def test_no_prior_gains_more_than_the_marginal_and_the_aggregate_itself_all(seed):
    q, start = diagonal(seed), diagonal(seed + 1, N=3)
    most = aggregate.split(q, PRIOR, (AXIS, AXIS)).marginal
    with torch.no_grad():
        for other in (mixture.Mixture(torch.ones(3).double() / 3, start), mixture.after(q.mean, 1)):
            assert aggregate.split(q, other.double(), (AXIS, AXIS)).marginal > -1e-9
        itself = mixture.Mixture(torch.ones(5).double() / 5, q)
        assert aggregate.split(q, itself, (AXIS, AXIS)).marginal.abs() < 1e-9
    assert most >= 0


def test_a_mixture_is_scikit_learns_and_learns():
    torch.manual_seed(0)
    codes = torch.cat([torch.randn(200, 2) * 0.3 + c for c in (-2.0, 0.5, 3.0)]).double()
    fitted = mixture.after(codes, 3)
    theirs = GaussianMixture(3, random_state=0).fit(codes.numpy())
    expected = torch.from_numpy(theirs.score_samples(codes.numpy()))
    assert (fitted.log_prob(codes).mean() - expected.mean()).abs() < 1e-3
    drawn = fitted.sample((20_000,))
    assert (drawn.mean(0) - codes.mean(0)).abs().max() < 0.1
    assert drawn.shape == (20_000, 2) and not drawn.requires_grad
    assert fitted.sample().shape == (2,)
    gradients = torch.autograd.grad(fitted.log_prob(codes).sum(), list(fitted.parameters()))
    assert [g.shape for g in gradients] == [(3,), (3, 5)]
    assert fitted.float().log_prob(codes.float()).dtype == torch.float32


def test_one_gaussian_afterwards_has_the_moments_of_the_codes():
    torch.manual_seed(1)
    codes = torch.randn(300, 2).double() @ torch.tensor([[1.0, 0.5], [0, 0.7]]).double() + 2
    one = mixture.after(codes, 1).now().component_distribution
    torch.testing.assert_close(one.mean[0], codes.mean(0))
    expected = torch.cov(codes.T, correction=0)
    torch.testing.assert_close(one.covariance_matrix[0], expected, atol=1e-5, rtol=1e-5)


def test_vamp_is_the_aggregate_of_its_inputs_which_learn():
    torch.manual_seed(0)
    encoder, x = vae.Encoder(3, 2, (8,)), torch.randn(4, 3)
    vamp, z = mixture.Vamp(encoder, x), torch.randn(6, 2)
    torch.testing.assert_close(vamp.log_prob(z), aggregate.log_prob(encoder(x), z))
    vamp.log_prob(z).sum().backward()
    assert vamp.inputs.grad.abs().sum() > 0 and vamp.sample((5,)).shape == (5, 2)


@pytest.mark.parametrize("kind", ["mixture", "vamp"])
def test_a_vae_trains_its_prior_and_its_evidence_is_a_quadrature(kind):
    torch.manual_seed(0)
    x = torch.randn(60, 3)
    encoder = vae.Encoder(3, 2, (8,))
    if kind == "mixture":
        prior = mixture.Mixture(torch.ones(3) / 3, Gaussian(torch.randn(3, 2), torch.zeros(3, 2)))
    else:
        prior = mixture.Vamp(encoder, x[:3])
    decoder = vae.Decoder(2, 3, (8,), prior=prior)
    before = [p.clone() for p in prior.parameters()]
    vae.fit(x, encoder, decoder, num_steps=3, progress=False)
    moved = [not torch.equal(a, b) for a, b in zip(before, prior.parameters(), strict=True)]
    assert all(moved)
    axis = torch.linspace(-8, 8, 161).double()
    evidence = deep.log_evidence(x, decoder, (axis, axis)).mean()
    assert vae.elbo(x, encoder, decoder, 50).mean() < evidence
    assert decoder.sample(5).shape == (5, 3)


def test_mmd_is_the_plain_sum_over_pairs():
    torch.manual_seed(0)
    x, y = torch.randn(4, 3).double(), torch.randn(5, 3).double()

    def k(a, b):
        return 1 / (1 + sum((a - b) ** 2) / 1.7**2)

    within = [np.mean([k(a, b).item() for a, b in itertools.permutations(z, 2)]) for z in (x, y)]
    across = np.mean([k(a, b).item() for a in x for b in y])
    assert wae.mmd(x, y, 1.7).item() == pytest.approx(sum(within) - 2 * across)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_mmd_is_unbiased_for_the_integral(shift):
    """The difference of two normals is N(shift, 2): E k is an integral over it."""

    def mean_kernel(mean):
        def f(d):
            return np.exp(-((d - mean) ** 2) / 4) / np.sqrt(4 * np.pi) / (1 + d**2 / 1.5**2)

        return scipy.integrate.quad(f, -30, 30)[0]

    torch.manual_seed(0)
    exact = 2 * mean_kernel(0.0) - 2 * mean_kernel(shift)
    draws = torch.stack(
        [wae.mmd(torch.randn(15, 1), shift + torch.randn(20, 1), 1.5) for _ in range(3000)]
    )
    assert abs(draws.mean().item() - exact) < 4 * draws.std().item() / 3000**0.5


def test_a_heavy_penalty_brings_the_codes_to_the_prior():
    torch.manual_seed(0)
    x = torch.randn(300, 3) @ torch.randn(3, 3)
    apart = {}
    for weight in (0.0, 100.0):
        torch.manual_seed(1)
        encoder, decoder = vae.Encoder(3, 2, (16,)), vae.Decoder(2, 3, (16,))
        with torch.no_grad():  # begin elsewhere
            encoder.network[-1].bias[:2] += 3
        wae.fit(x, encoder, decoder, 200, weight, batch_size=100, progress=False)
        with torch.no_grad():
            apart[weight] = wae.mmd(encoder(x).sample(), torch.randn(2000, 2), 2.0).item()
    assert apart[100.0] < 0.02 < apart[0.0]


Q, Z = diagonal(0), torch.zeros(3, 2).double()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: aggregate.log_prob(Q, Z[:, :1]), "q"),
        (lambda: aggregate.log_prob(PRIOR, Z), "q"),
        (lambda: aggregate.log_prob(Q, Z / 0), "z"),
        (lambda: aggregate.log_prob(Q, Z.float()), "q"),
        (lambda: aggregate.density(Q, AXIS), "q"),
        (lambda: aggregate.density(Q, (AXIS, AXIS.flip(0))), "grid"),
        (lambda: aggregate.split(Q, PRIOR, (AXIS / 9, AXIS / 9)), "grid"),
        (lambda: aggregate.split(Q, PRIOR, (AXIS[::40], AXIS[::40])), "grid"),
        (lambda: aggregate.split(Q, Q, (AXIS, AXIS)), "prior"),
        (lambda: mixture.Mixture(torch.ones(5).double(), Q), "weights"),
        (lambda: mixture.Mixture(torch.ones(4).double() / 4, Q), "components"),
        (lambda: mixture.after(Z, 2), "codes"),
        (lambda: mixture.after(Q.mean, 6), "num_components"),
        (lambda: mixture.after(Q.mean, 2).log_prob(Z[:, :1]), "z"),
        (lambda: mixture.Vamp(torch.nn.Linear(3, 2), torch.randn(4, 3)), "encoder"),
        (
            lambda: mixture.Vamp(categorical.Encoder(2, 3), Z.float().repeat(1, 2)),
            "encoder must take",
        ),
        (
            lambda: wae.fit(Z.float(), categorical.Encoder(3, 3), vae.Decoder(1, 2), 3, 1.0),
            "encoder",
        ),
        (lambda: wae.mmd(Z[:1], Z, 1.0), "x"),
        (lambda: wae.mmd(Z, Z, 0.0), "scale"),
        (lambda: wae.fit(Z, vae.Encoder(2, 1), vae.Decoder(1, 2), 3, -1.0), "weight"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call()
