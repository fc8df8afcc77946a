import math

import pytest
import scipy.integrate
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.distributions import (
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    StudentT,
    TransformedDistribution,
)
from torch.distributions.transforms import AffineTransform, TanhTransform

from course_utils import data, deep, exact, vem
from course_utils.gaussian import Gaussian
from course_utils.ppca import PPCA

few = settings(deadline=None, max_examples=15, derandomize=True)
seeds = st.integers(0, 10_000)
LIKELIHOODS = ["fixed", "scalar", "diagonal", "bernoulli"]


def decoder(likelihood="scalar", latent_dim=2, data_dim=3, hidden=(7,), **options):
    """A random network in float64, with slopes large enough for its posteriors to be bent."""
    model = deep.Decoder(latent_dim, data_dim, hidden, likelihood, sigma2=0.3, **options).double()
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.mul_(2)
    return model


def made_by(model, num_points=6):
    return model.sample(num_points)


def ppca_of(model):
    layer = model.network[0]
    return PPCA(layer.weight.detach(), layer.bias.detach(), model.sigma2)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@few
@given(seed=seeds, latent_dim=st.integers(1, 3))
def test_log_joint_is_the_sum_of_both_log_densities(likelihood, seed, latent_dim):
    torch.manual_seed(seed)
    model = decoder(likelihood, latent_dim)
    x, z = made_by(model), torch.randn(11, latent_dim).double()
    by_broadcasting = model(z).log_prob(x[:, None]) + model.prior.log_prob(z)
    torch.testing.assert_close(deep.log_joint(x, z, model), by_broadcasting, rtol=0, atol=1e-9)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_likelihoods_are_the_densities_of_scipy(likelihood):
    model = decoder(likelihood)
    x, z = made_by(model, 4), torch.randn(4, 2).double()
    output = model.network(z).detach()
    if likelihood == "bernoulli":
        expected = scipy.stats.bernoulli.logpmf(x.numpy(), output.sigmoid().numpy())
    else:
        variance = torch.full_like(x, 0.3)
        if likelihood == "diagonal":
            variance = output[:, 3:].exp() + 1e-4
        expected = scipy.stats.norm.logpdf(
            x.numpy(), output[:, :3].numpy(), variance.sqrt().numpy()
        )
    found = model(z).log_prob(x)
    torch.testing.assert_close(found, torch.from_numpy(expected.sum(1)), rtol=1e-6, atol=0)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_the_evidence_of_a_linear_decoder_is_ppcas(latent_dim):
    model = decoder(latent_dim=latent_dim, hidden=())
    x = made_by(model, 300)  # in three tiles, by two of nodes or by 57
    torch.testing.assert_close(
        deep.log_evidence(x, model), ppca_of(model).log_evidence(x), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("noise", [0.1, 0.3])
@pytest.mark.parametrize("make", ["arc", "ring"])
def test_the_evidence_of_a_curve_is_adaptive_quadratures(make, noise):
    x = getattr(data, make)(4, noise=noise).x

    def angle(z):
        return z if make == "arc" else 2 * math.pi * scipy.stats.norm.cdf(z)

    def joint(z, a, b):
        miss = (a - math.cos(angle(z))) ** 2 + (b - math.sin(angle(z))) ** 2
        likelihood = math.exp(-miss / (2 * noise**2)) / (2 * math.pi * noise**2)
        return likelihood * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    expected = [
        sum(
            scipy.integrate.quad(joint, low, low + 1, args=tuple(row), epsabs=1e-12)[0]
            for low in range(-8, 8)
        )
        for row in x.tolist()
    ]
    found = deep.log_evidence(x, getattr(deep, make)(noise))
    torch.testing.assert_close(found, torch.tensor(expected).double().log(), rtol=0, atol=1e-6)


def test_the_evidence_of_a_bernoulli_is_adaptive_quadratures():
    model = decoder("bernoulli", 1, 4, hidden=())
    weight = model.network[0].weight.flatten().tolist()
    bias = model.network[0].bias.tolist()

    def joint(z, pixels):
        product = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        for w, b, pixel in zip(weight, bias, pixels, strict=True):
            on = 1 / (1 + math.exp(-(w * z + b)))
            product *= on if pixel else 1 - on
        return product

    x = made_by(model, 5)
    expected = [
        scipy.integrate.quad(joint, -8, 8, args=(row,), epsabs=1e-13)[0] for row in x.tolist()
    ]
    torch.testing.assert_close(
        deep.log_evidence(x, model), torch.tensor(expected).double().log(), rtol=0, atol=1e-6
    )


def test_the_evidences_of_all_binary_images_sum_to_1():
    model = decoder("bernoulli", 2, 3)
    images = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3).double()
    assert deep.log_evidence(images, model).exp().sum().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", ["arc", "ring"])
def test_a_curve_at_a_datums_own_latent_is_where_data_put_it(name):
    x, z = getattr(data, name)(50, noise=0)
    torch.testing.assert_close(getattr(deep, name)().double()(z).mean, x)
    assert getattr(deep, name)(0.2)(z).stddev.unique().item() == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["arc", "ring"])
def test_samples_have_the_moments_of_the_data(name):
    drawn = getattr(deep, name)().sample(40_000)
    given = getattr(data, name)(40_000, seed=7).x.float()
    assert drawn.dtype == torch.float32
    torch.testing.assert_close(drawn.mean(0), given.mean(0), rtol=0, atol=0.02)
    torch.testing.assert_close(drawn.T.cov(), given.T.cov(), rtol=0, atol=0.02)


def test_samples_of_a_linear_decoder_have_ppcas_moments():
    model = decoder(hidden=())
    x, marginal = model.sample(100_000), ppca_of(model).marginal()
    scale = marginal.variance.max().sqrt().item()
    torch.testing.assert_close(x.mean(0), marginal.mean, rtol=0, atol=0.02 * scale)
    torch.testing.assert_close(x.T.cov(), marginal.covariance_matrix, rtol=0, atol=0.03 * scale**2)
    assert not x.requires_grad


def test_samples_of_a_bernoulli_are_pixels_with_its_means():
    model = decoder("bernoulli", hidden=())
    x = model.sample(50_000)
    model.check(x)
    chance = model(torch.randn(50_000, 2).double()).mean.mean(0)
    torch.testing.assert_close(x.mean(0), chance, rtol=0, atol=0.015)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_halving_the_spacing_changes_nothing(latent_dim):
    model = deep.arc() if latent_dim == 1 else decoder()
    x = made_by(model, 20)
    fine = deep.grid(latent_dim, 0.005 if latent_dim == 1 else 0.02)
    torch.testing.assert_close(
        deep.log_evidence(x, model), deep.log_evidence(x, model, fine), rtol=0, atol=1e-9
    )


def test_the_grid_has_the_spacing_asked_for():
    axis = deep.grid(1)
    assert len(axis) == 1201 and axis.dtype == torch.float64
    assert axis[[0, -1]].tolist() == [-6, 6]
    first, second = deep.grid(2, 0.5)
    torch.testing.assert_close(first.diff(), torch.full((24,), 0.5).double())
    assert first.equal(second)
    assert len(deep.grid(2)[0]) == 241


def test_a_prior_given_as_another_distribution_is_used():
    mean, root = torch.tensor([0.5, -1.0]).double(), torch.tensor([[0.8, 0], [0.5, 0.3]]).double()
    model = decoder(hidden=(), prior=MultivariateNormal(mean, scale_tril=root))
    layer = model.network[0]
    W, bias = layer.weight.detach(), layer.bias.detach()
    marginal = MultivariateNormal(
        W @ mean + bias, W @ root @ root.T @ W.T + model.sigma2 * torch.eye(3).double()
    )
    x = marginal.sample((10,))
    torch.testing.assert_close(deep.log_evidence(x, model), marginal.log_prob(x), rtol=0, atol=1e-8)
    drawn = model.sample(100_000)
    torch.testing.assert_close(drawn.mean(0), marginal.mean, rtol=0, atol=0.05)
    torch.testing.assert_close(drawn.T.cov(), marginal.covariance_matrix, rtol=0, atol=0.1)


def test_a_flow_may_be_the_prior():
    """A linear decoder of u = 0.5 tanh(z) + 1: its evidence is the same integral over z."""
    base = Independent(Normal(torch.zeros(1).double(), torch.ones(1).double()), 1)
    flow = TransformedDistribution(base, [TanhTransform(), AffineTransform(1.0, 0.5)])
    model = decoder(latent_dim=1, hidden=(), prior=flow)
    x = made_by(model, 5)
    z = deep.grid(1)
    pushed = model(0.5 * z[:, None].tanh() + 1).log_prob(x[:, None]) + base.log_prob(z[:, None])
    expected = torch.trapezoid(pushed.exp(), z).log()
    inside = torch.linspace(0.5, 1.5, 200_003, dtype=torch.float64)[1:-1]
    found = deep.log_evidence(x, model, inside)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_the_mode_is_the_node_where_the_posterior_of_ppca_is_highest():
    model = decoder(hidden=())
    x = made_by(model, 8)
    posterior = ppca_of(model).posterior(x)
    nodes = torch.cartesian_prod(*deep.grid(2))
    best = nodes[posterior.log_prob(nodes[:, None]).argmax(0)]
    assert deep.mode(x, model).equal(best)
    assert (best - posterior.mean).abs().max() < 0.05


def test_the_mode_is_at_the_right_side_of_the_seam():
    angle = torch.tensor([0.2, 2 * math.pi - 0.2]).double()
    x = torch.stack([angle.cos(), angle.sin()], 1)
    found = deep.mode(x, deep.ring())
    expected = torch.special.ndtri(angle / (2 * math.pi))
    # the prior draws the mode toward 0 by its slope times the posterior's variance
    assert (found[:, 0] - expected).abs().max() < 0.1


def test_a_float32_model_is_measured_in_float64_and_stays_as_it_is():
    model = deep.Decoder(1, 2, (5,))
    x = model.sample(6)
    found = deep.log_evidence(x, model)
    assert found.dtype == torch.float64 and not found.requires_grad
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    double = deep.in_double(model)
    by_hand = exact.log_evidence(lambda z: deep.log_joint(x.double(), z, double), deep.grid(1))
    torch.testing.assert_close(found, by_hand.detach(), rtol=0, atol=1e-13)
    assert deep.log_evidence(x.double(), model).equal(found)


def test_the_copies_are_copies():
    model = deep.Decoder(1, 2, (5,))
    model(torch.randn(3, 1)).log_prob(torch.randn(3, 2)).sum().backward()
    held = deep.frozen(model)
    assert not any(p.requires_grad for p in held.parameters())
    assert all(p.requires_grad for p in model.parameters())
    held.network[0].weight.add_(1)
    assert not model.network[0].weight.equal(held.network[0].weight)


@pytest.mark.parametrize(
    ("likelihood", "learned"),
    [("fixed", False), ("scalar", True), ("diagonal", True), ("bernoulli", True)],
)
def test_every_parameter_gets_a_gradient_but_a_fixed_variance(likelihood, learned):
    model = decoder(likelihood, hidden=(4, 4))
    model(torch.randn(9, 2).double()).log_prob(made_by(model, 9)).sum().backward()
    for name, parameter in model.named_parameters():
        has_gradient = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert has_gradient == (learned or name != "log_sigma2"), name


def test_the_variance_begins_where_it_is_given():
    for likelihood in ("fixed", "scalar"):
        assert deep.Decoder(1, 2, likelihood=likelihood, sigma2=0.25).sigma2 == pytest.approx(0.25)
    diagonal = deep.Decoder(1, 2, likelihood="diagonal", sigma2=0.25)
    torch.nn.init.zeros_(diagonal.network[0].weight)
    torch.testing.assert_close(diagonal(torch.randn(5, 1)).variance, torch.full((5, 2), 0.2501))


def test_a_network_without_hidden_layers_is_linear_and_others_are_not():
    z = torch.randn(3, 2, 2)
    linear, bent = deep.mlp(2, (), 3), deep.mlp(2, (4, 5), 3)
    for network, is_linear in ((linear, True), (bent, False)):
        ends = network(z[:, 0]) + network(z[:, 1])
        middle = 2 * network((z[:, 0] + z[:, 1]) / 2)
        assert torch.allclose(ends, middle, atol=1e-5) == is_linear
    kinds = [type(layer) for layer in bent]
    assert kinds == [nn.Linear, nn.GELU, nn.Linear, nn.GELU, nn.Linear]


class Other(deep.Decoder):
    """x | z with the network's mean and a likelihood of any family."""

    def __init__(self, family, *args):
        super().__init__(*args)
        self.family = family

    def forward(self, z):
        return self.family(self.network(z))


OTHERS = {
    "Laplace": lambda mean: Independent(Laplace(mean, 0.5), 1),
    "StudentT": lambda mean: Independent(StudentT(4.0, mean, 0.5), 1),
    "MultivariateNormal": lambda mean: MultivariateNormal(
        mean, torch.eye(2).double() * 0.5 + 0.2, validate_args=False
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_any_likelihood_has_its_own_log_joint_and_evidence(name):
    """One latent, a straight line: against adaptive quadrature of the density itself."""
    model = Other(OTHERS[name], 1, 2).double()
    x, z = model.sample(3), torch.randn(5, 1).double()
    by_broadcasting = model(z).log_prob(x[:, None]) + model.prior.log_prob(z)
    torch.testing.assert_close(deep.log_joint(x, z, model), by_broadcasting)

    def joint(z, point):
        with torch.no_grad():
            z = torch.tensor([z]).double()
            return (model(z).log_prob(point) + model.prior.log_prob(z)).exp().item()

    expected = [
        scipy.integrate.quad(joint, -8, 8, args=(row,), points=[-1, 0, 1], limit=200)[0]
        for row in x
    ]
    found = deep.log_evidence(x, model, deep.grid(1, 0.002))
    torch.testing.assert_close(found, torch.tensor(expected).double().log(), rtol=0, atol=1e-5)


def test_no_bound_is_above_the_evidence_of_a_laplace():
    model = Other(OTHERS["Laplace"], 1, 2).double()
    x = model.sample(30)
    q = vem.gaussian(torch.cat([deep.mode(x, model), torch.full((30, 1), -1.0)], 1), 1)
    assert (vem.exact_elbo(x, q, model, 40) < deep.log_evidence(x, model)).all()


def test_where_there_is_no_float64_the_message_says_what_to_do(monkeypatch):
    """As on mps, whose tensors refuse with a TypeError of torch's."""

    def refuse(self):
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    model = deep.arc()
    monkeypatch.setattr(nn.Module, "double", refuse)
    for measure in (deep.log_evidence, deep.mode):
        with pytest.raises(ValueError, match=r"model and x .* CPU .*MPS Tensor"):
            measure(model.sample(2), model)


NORMAL = Normal(0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: deep.log_evidence(x * math.nan, deep.arc()), "x"),
        (lambda x: deep.log_evidence(x[:0], deep.arc()), "x"),
        (lambda x: deep.log_evidence(x[0], deep.arc()), "x"),
        (lambda x: deep.log_evidence(x[:, :1], deep.arc()), "x"),
        (lambda x: deep.log_evidence(x, deep.Decoder(3, 2)), "latent_dim"),
        (lambda x: deep.log_evidence(x, None), "model"),
        (lambda x: deep.log_evidence(x, deep.Decoder(1, 2, likelihood="bernoulli")), "binary"),
        (lambda x: deep.mode(x * math.inf, deep.arc()), "x"),
        (lambda x: deep.mode(x, deep.Decoder(3, 2)), "latent_dim"),
        (lambda x: deep.mode(x, Other(OTHERS["Laplace"], 1, 2), deep.grid(2)), "nodes"),
        (lambda x: deep.mode(x, Other(lambda z: Gaussian(z / 0, z[0, 0]), 1, 2)), "model"),
        (lambda x: deep.log_joint(x, torch.zeros(3, 2), deep.arc()), "z"),
        (lambda x: deep.log_joint(x, torch.zeros(3, 1).double(), deep.arc()), "z"),
        (lambda x: deep.log_joint(x.double(), torch.zeros(3, 1).double(), deep.arc()), "x"),
        (lambda x: deep.Decoder(1, 2).check(x.double()), "dtype"),
        (lambda x: deep.arc().double().check(x), "dtype"),
        (lambda x: deep.log_joint(x, x[0], deep.arc()), "z"),
        (lambda x: deep.Decoder(1, 2, likelihood="poisson"), "likelihood"),
        (lambda x: deep.Decoder(1, 2, prior=NORMAL), "prior"),
        (lambda x: deep.Decoder(2, 2, prior=Normal(torch.zeros(2), 1.0)), "prior"),
        (lambda x: deep.Decoder(2, 2, prior=Independent(NORMAL.expand([3]), 1)), "prior"),
        (lambda x: deep.Model(1, 0), "data_dim"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(data.arc(5).x.float())


GRID = deep.grid(1, 0.5)


@pytest.mark.parametrize(
    ("nodes", "latent_dim"),
    [
        (GRID, 2),
        ((GRID, GRID), 1),
        ((GRID, GRID, GRID), 2),
        ([GRID, GRID], 2),
        (GRID.float(), 1),
        ((GRID, GRID.float()), 2),
        (GRID.long(), 1),
        (GRID[:, None], 1),
        (GRID[:1], 1),
        (GRID[:0], 1),
        (GRID.flip(0), 1),
        (GRID * math.nan, 1),
        (torch.cat([GRID, torch.tensor([math.inf]).double()]), 1),
    ],
)
@pytest.mark.parametrize("measure", [deep.log_evidence, deep.mode])
def test_nodes_that_do_not_fit_are_named(measure, nodes, latent_dim):
    model = deep.Decoder(latent_dim, 2)
    with pytest.raises((ValueError, TypeError), match=r"\bnodes\b"):
        measure(model.sample(3), model, nodes)


def test_a_model_without_a_likelihood_says_so():
    with pytest.raises(NotImplementedError):
        deep.Model(1, 2)(torch.zeros(3, 1))
