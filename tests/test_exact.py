import math

import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import (
    Independent,
    Laplace,
    LowRankMultivariateNormal,
    MultivariateNormal,
    Normal,
)

from course_utils import exact

few = settings(deadline=None, max_examples=25, derandomize=True)

GRID = torch.linspace(-12, 12, 1201, dtype=torch.float64)
PAIR = (
    torch.linspace(-7, 7, 141, dtype=torch.float64),
    torch.linspace(-8, 6, 171, dtype=torch.float64),
)
MOON = MultivariateNormal(
    torch.tensor([0.3, -0.8], dtype=torch.float64),
    torch.tensor([[0.7, 0.4], [0.4, 0.5]], dtype=torch.float64),
)


def standard_normal(z):
    return -0.5 * z.square().sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


def line(x, slope=1.5, offset=0.2, scale=0.7):
    """log p(x, z) of z ~ N(0, 1), x ~ N(slope z + offset, scale^2), for x of any shape."""
    return lambda z: (
        standard_normal(z) + Normal(slope * z[:, 0] + offset, scale).log_prob(x[..., None])
    )


@given(x=st.floats(-3, 3), slope=st.floats(-3, 3), offset=st.floats(-1, 1), scale=st.floats(0.3, 3))
@few
def test_one_latent_gives_the_gaussian_evidence_and_posterior(x, slope, offset, scale):
    log_joint = line(torch.tensor(x, dtype=torch.float64), slope, offset, scale)
    marginal = scipy.stats.norm(offset, math.hypot(slope, scale))
    evidence = exact.log_evidence(log_joint, GRID)
    assert evidence.item() == pytest.approx(marginal.logpdf(x), abs=1e-8)
    precision = 1 + slope**2 / scale**2
    posterior = scipy.stats.norm(slope * (x - offset) / scale**2 / precision, precision**-0.5)
    density = torch.from_numpy(posterior.pdf(GRID))
    assert torch.allclose(exact.posterior(log_joint, GRID), density, atol=1e-8)


@pytest.mark.parametrize("log_mass", [0.0, -3.0, 1000.0, -1000.0])
def test_two_latents_give_the_mass_and_the_normalised_density(log_mass):
    def log_joint(z):
        return MOON.log_prob(z) + log_mass

    assert exact.log_evidence(log_joint, PAIR).item() == pytest.approx(log_mass, abs=1e-8)
    nodes = torch.stack(torch.meshgrid(*PAIR, indexing="ij"), -1)
    assert torch.allclose(
        exact.posterior(log_joint, PAIR), MOON.log_prob(nodes).exp(), atol=1e-8, rtol=0
    )


def test_log_joint_sees_every_node_the_last_latent_varying_fastest():
    seen = []

    def log_joint(z):
        seen.append(z)
        return standard_normal(z)

    exact.log_evidence(log_joint, PAIR)
    exact.log_evidence(log_joint, GRID)
    nodes = torch.stack(torch.meshgrid(*PAIR, indexing="ij"), -1)
    assert seen[0].equal(nodes.flatten(0, 1))
    assert seen[1].equal(GRID[:, None])


@pytest.mark.parametrize("batch", [(), (3,), (3, 4)])
def test_leading_axes_are_data_points(batch):
    x = torch.randn(batch, dtype=torch.float64)
    evidence = exact.log_evidence(line(x), GRID)
    assert evidence.shape == batch
    assert torch.allclose(evidence, Normal(0.2, math.hypot(1.5, 0.7)).log_prob(x))
    assert exact.posterior(line(x), GRID).shape == (*batch, 1201)
    two = exact.posterior(lambda z: line(x)(z) + standard_normal(z[:, 1:]), PAIR)
    assert two.shape == (*batch, 141, 171)


def test_a_data_point_gets_the_same_answer_alone_and_in_a_batch():
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)
    for row, alone in zip(exact.posterior(line(x), GRID), x, strict=True):
        assert torch.allclose(row, exact.posterior(line(alone), GRID), rtol=1e-12)


def test_the_posterior_integrates_to_1():
    x = torch.linspace(-3, 3, 5, dtype=torch.float64)
    one = torch.trapezoid(exact.posterior(line(x), GRID), GRID)
    assert torch.allclose(one, torch.ones_like(x), atol=1e-12)
    density = exact.posterior(MOON.log_prob, PAIR)
    two = torch.trapezoid(torch.trapezoid(density, PAIR[1]), PAIR[0])
    assert two.item() == pytest.approx(1, abs=1e-12)


def test_halving_the_spacing_shrinks_the_error_faster_than_any_power():
    grids = [torch.linspace(-9, 9, nodes, dtype=torch.float64) for nodes in (10, 19, 37)]
    errors = [exact.log_evidence(standard_normal, grid).abs().item() for grid in grids]
    assert errors[0] > 1e-3
    assert errors[1] < errors[0] / 1000
    assert errors[2] < 1e-12


@given(nodes=st.lists(st.floats(0.01, 0.99), unique=True, min_size=1, max_size=20))
@few
def test_a_linear_density_is_exact_on_any_spacing_even_where_it_is_0(nodes):
    grid = torch.tensor([0, *sorted(nodes), 1], dtype=torch.float64)
    evidence = exact.log_evidence(lambda z: z[:, 0].log(), grid)
    assert evidence.item() == pytest.approx(math.log(0.5), abs=1e-10)
    assert torch.allclose(exact.posterior(lambda z: z[:, 0].log(), grid), 2 * grid)


def test_minus_infinity_on_part_of_the_grid_is_density_0():
    density = exact.posterior(lambda z: standard_normal(z).where(z[:, 0] > 0, -math.inf), GRID)
    assert (density[GRID <= 0] == 0).all()
    assert torch.trapezoid(density, GRID).item() == pytest.approx(1)


def test_the_evidence_has_the_right_gradient():
    offset = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    x = torch.tensor(1.1, dtype=torch.float64)
    exact.log_evidence(line(x, offset=offset), GRID).backward()
    assert offset.grad.item() == pytest.approx((1.1 - 0.2) / (1.5**2 + 0.7**2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_of_the_grid_is_kept(dtype):
    assert exact.log_evidence(standard_normal, GRID.to(dtype)).dtype == dtype
    assert exact.posterior(standard_normal, GRID.to(dtype)).dtype == dtype


@pytest.mark.parametrize("function", [exact.log_evidence, exact.posterior])
@pytest.mark.parametrize(
    "grid",
    [
        GRID.flip(0),
        GRID[[0, 0, 1]],
        GRID[:1],
        GRID.long(),
        (GRID,),
        (GRID, GRID, GRID),
        (GRID, None),
        [GRID, GRID],
        (GRID, GRID.float()),
        (GRID, GRID.flip(0)),
    ],
    ids=str,
)
def test_a_bad_grid_is_refused(function, grid):
    with pytest.raises((ValueError, TypeError), match="grid"):
        function(standard_normal, grid)


@pytest.mark.parametrize("function", [exact.log_evidence, exact.posterior])
@pytest.mark.parametrize(
    "log_joint",
    [
        None,
        standard_normal(GRID[:, None]),
        lambda z: z,
        lambda z: z.sum(),
        lambda z: 0.0,
        lambda z: standard_normal(z)[:-1],
        lambda z: standard_normal(z).where(z[:, 0] < 8, math.nan),
        lambda z: standard_normal(z).where(z[:, 0] < 8, math.inf),
        lambda z: torch.stack([standard_normal(z), torch.full_like(z[:, 0], -math.inf)]),
    ],
)
def test_a_bad_log_joint_is_refused(function, log_joint):
    with pytest.raises((ValueError, TypeError), match="log_joint"):
        function(log_joint, GRID)


# Expectations


def gaussian(latent_dim, batch=(3,)):
    """A Gaussian with a full covariance for every data point."""
    root = 0.4 * torch.randn(*batch, latent_dim, latent_dim).double() + torch.eye(latent_dim)
    return MultivariateNormal(torch.randn(*batch, latent_dim).double(), root @ root.mT)


@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_the_moments_of_a_gaussian_are_exact(latent_dim, batch):
    full = gaussian(latent_dim, batch)
    diagonal = Independent(Normal(full.mean, full.stddev), 1)
    for q in (full, diagonal):
        G = full.covariance_matrix
        if q is diagonal:
            G = torch.diag_embed(full.variance)
        first, last = q.mean[..., 0], q.mean[..., -1]
        close = {"rtol": 0, "atol": 1e-10}
        one = exact.expectation(lambda z: torch.ones_like(z[..., 0]), q, 1)
        torch.testing.assert_close(one, torch.ones(batch).double(), **close)
        mean = exact.expectation(lambda z: z[..., -1], q, 1)
        torch.testing.assert_close(mean, last, **close)
        product = exact.expectation(lambda z: z[..., 0] * z[..., -1], q, 2)
        torch.testing.assert_close(product, first * last + G[..., 0, -1], **close)
        cube = exact.expectation(lambda z: z[..., 0] ** 3, q, 2)
        torch.testing.assert_close(cube, first**3 + 3 * first * G[..., 0, 0], **close)


@given(nodes=st.integers(1, 12), power=st.integers(0, 30))
@few
def test_polynomials_are_exact_to_twice_the_nodes_less_one(nodes, power):
    q = Independent(Normal(torch.zeros(1, 1).double(), torch.ones(1, 1).double()), 1)
    found = exact.expectation(lambda z: z[..., 0] ** power, q, nodes).item()
    moment = 0 if power % 2 else math.prod(range(1, power, 2))  # (power - 1)!!
    if power <= 2 * nodes - 1:
        assert found == pytest.approx(moment, rel=1e-9, abs=1e-6)
    elif power == 2 * nodes:
        assert found < moment * (1 - 1e-6)


@given(mean=st.floats(-2, 2), scale=st.floats(0.1, 1.5), rate=st.floats(-2, 2))
@few
def test_the_expected_exponential_and_cosine_are_the_closed_forms(mean, scale, rate):
    moments = torch.tensor([mean, scale], dtype=torch.float64)[:, None, None]
    q = Independent(Normal(*moments), 1)
    growth = exact.expectation(lambda z: (rate * z[..., 0]).exp(), q, 40).item()
    assert growth == pytest.approx(math.exp(rate * mean + (rate * scale) ** 2 / 2), rel=1e-8)
    wave = exact.expectation(lambda z: (rate * z[..., 0]).cos(), q, 40).item()
    damped = math.cos(rate * mean) * math.exp(-((rate * scale) ** 2) / 2)
    assert wave == pytest.approx(damped, abs=1e-8)


def test_an_expectation_is_the_integral_over_the_grid():
    def bent(z):
        return (z[..., 0] * z[..., 1]).sin() + z[..., 0].cos()

    density = MOON.log_prob(torch.stack(torch.meshgrid(*PAIR, indexing="ij"), -1)).exp()
    nodes = torch.stack(torch.meshgrid(*PAIR, indexing="ij"), -1)
    expected = torch.trapezoid(torch.trapezoid(density * bent(nodes), PAIR[1]), PAIR[0])
    q = MultivariateNormal(MOON.mean[None], MOON.covariance_matrix[None])
    assert exact.expectation(bent, q, 40).item() == pytest.approx(expected.item(), abs=1e-6)


def test_the_gradient_of_an_expectation_is_the_closed_forms():
    mean = torch.tensor([[0.4]], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor([[0.8]], dtype=torch.float64, requires_grad=True)
    q = Independent(Normal(mean, scale), 1)
    exact.expectation(lambda z: z[..., 0] ** 3, q, 3).sum().backward()
    assert mean.grad.item() == pytest.approx(3 * 0.4**2 + 3 * 0.8**2)
    assert scale.grad.item() == pytest.approx(6 * 0.4 * 0.8)


def test_the_dtype_of_q_is_kept():
    q = Independent(Normal(torch.zeros(2, 1), torch.ones(2, 1)), 1)
    assert exact.expectation(lambda z: z[..., 0], q).dtype == torch.float32


@pytest.mark.parametrize(
    "q",
    [
        Normal(torch.zeros(3), 1.0),
        Independent(Laplace(torch.zeros(3, 2), 1.0), 1),
        Independent(Normal(torch.zeros(3, 2, 2), 1.0), 2),
        LowRankMultivariateNormal(torch.zeros(3, 2), torch.ones(3, 2, 1), torch.ones(3, 2)),
        None,
    ],
    ids=str,
)
def test_an_expectation_under_anything_but_a_gaussian_is_refused(q):
    with pytest.raises(TypeError, match=r"\bq must be"):
        exact.expectation(lambda z: z[..., 0], q)


@pytest.mark.parametrize(
    "f", [lambda z: z, lambda z: z.sum(), lambda z: z[:-1, ..., 0], lambda z: 0.0]
)
def test_a_function_of_the_wrong_shape_is_refused(f):
    with pytest.raises(ValueError, match=r"\bf must return"):
        exact.expectation(f, gaussian(2))


@pytest.mark.parametrize("num_nodes", [0, -1])
def test_no_nodes_are_refused(num_nodes):
    with pytest.raises(ValueError, match="num_nodes"):
        exact.expectation(lambda z: z[..., 0], gaussian(2), num_nodes)


def test_the_most_nodes_numpy_has_weights_for_are_right_and_one_more_is_refused():
    q = Independent(Normal(torch.zeros(1, 1).double(), torch.ones(1, 1).double()), 1)
    fourth = exact.expectation(lambda z: z[..., 0] ** 4, q, 370)
    assert fourth.item() == pytest.approx(3, rel=1e-12)
    with pytest.raises(ValueError, match="num_nodes must be between 1 and 370"):
        exact.expectation(lambda z: z[..., 0], q, 371)


# --- Bounds by Frullani's integral ------------------------------------------------------------

FINE = GRID


def gaussian_pair(mean, scale):
    """log w of a posterior N(0, 1) at evidence e^-3, and q's mass, on the grid."""
    log_q = Normal(mean, scale).log_prob(FINE)
    return Normal(0.0, 1.0).log_prob(FINE) - log_q - 3, log_q.exp()


@pytest.mark.parametrize(("mean", "scale"), [(0.5, 1.2), (0.5, 0.8), (-1.0, 0.6)])
@pytest.mark.parametrize("K", [1, 2, 10])
def test_the_k_sample_bound_and_its_twin_are_what_samples_say(mean, scale, K):
    log_w, weight = gaussian_pair(mean, scale)
    torch.manual_seed(0)
    eps = torch.randn(K, 200_000, dtype=torch.float64)
    draws = Normal(0.0, 1.0).log_prob(mean + scale * eps) - 3
    draws = draws - Normal(mean, scale).log_prob(mean + scale * eps)
    lower = draws.logsumexp(0) - math.log(K)
    z = torch.randn(200_000, dtype=torch.float64)
    draws[0] = Normal(0.0, 1.0).log_prob(z) - 3 - Normal(mean, scale).log_prob(z)
    upper = draws.logsumexp(0) - math.log(K)
    for values, truth in ((lower, exact.log_mean), (upper, exact.log_mean_upper)):
        error = values.std() / 200_000**0.5
        assert abs(values.mean() - truth(log_w, weight, K)) < 3.5 * error


def test_one_sample_is_minus_the_kl():
    log_w, weight = gaussian_pair(0.5, 0.8)
    kl = torch.distributions.kl_divergence(Normal(0.5, 0.8), Normal(0.0, 1.0))
    assert exact.log_mean(log_w, weight, 1) == pytest.approx(-3 - kl.item(), abs=1e-6)
    kl = torch.distributions.kl_divergence(Normal(0.0, 1.0), Normal(0.5, 0.8))
    assert exact.log_mean_upper(log_w, weight, 1) == pytest.approx(-3 + kl.item(), abs=1e-6)


@given(st.floats(-1, 1), st.floats(0.4, 2.0))
@settings(deadline=None, max_examples=15, derandomize=True)
def test_bounds_close_in_on_the_evidence_as_k_grows(mean, scale):
    log_w, weight = gaussian_pair(mean, scale)
    Ks = (1, 2, 5, 20, 100)
    lower = torch.stack([exact.log_mean(log_w, weight, K) for K in Ks])
    upper = torch.stack([exact.log_mean_upper(log_w, weight, K) for K in Ks])
    assert (lower.diff() >= -1e-9).all() and (upper.diff() <= 1e-9).all()
    assert (lower <= -3 + 1e-5).all() and (upper >= -3 - 1e-5).all()


def test_a_constant_weight_is_the_evidence_at_every_k():
    log_w, weight = torch.full((3, 50), -700.0).double(), torch.ones(3, 50).double()
    for K in (1, 7, 1000):
        assert torch.allclose(exact.log_mean(log_w, weight, K), torch.tensor(-700.0).double())
        assert torch.allclose(exact.log_mean_upper(log_w, weight, K), torch.tensor(-700.0).double())


def test_two_values_of_w_are_a_binomial_sum():
    """w is 1 or 9 with probability 0.7 and 0.3; a first one from the posterior is 9 more often."""
    log_w, weight = torch.tensor([1.0, 9.0]).double().log(), torch.tensor([7.0, 3.0]).double()

    def mean_log(K, others, first, low=1.0):
        """The first draw given, the others at random."""
        n = torch.arange(others + 1).double()
        log_p = torch.distributions.Binomial(
            others, torch.tensor(0.3, dtype=torch.float64)
        ).log_prob(n)
        return (log_p.exp() * ((first + (others - n) * low + 9 * n) / K).log()).sum().item()

    assert exact.log_mean(log_w, weight, 5).item() == pytest.approx(mean_log(5, 5, 0.0), abs=1e-12)
    share = 0.3 * 9 / (0.3 * 9 + 0.7)
    truth = share * mean_log(5, 4, 9.0) + (1 - share) * mean_log(5, 4, 1.0)
    assert exact.log_mean_upper(log_w, weight, 5).item() == pytest.approx(truth, abs=1e-12)
    log_w[0] = -math.inf
    assert exact.log_mean(log_w, weight, 5) == -math.inf
    truth = mean_log(5, 4, 9.0, low=0.0)
    assert exact.log_mean_upper(log_w, weight, 5).item() == pytest.approx(truth, abs=1e-12)


def test_gradients_pass_and_are_finite():
    scale = torch.tensor(0.05).double().requires_grad_()  # weights from e^-1e4 on
    log_q = Normal(torch.zeros(()).double(), scale).log_prob(FINE)
    log_w = Normal(0.0, 1.0).log_prob(FINE) - log_q
    [slope] = torch.autograd.grad(exact.log_mean(log_w, log_q.exp(), 3), scale)
    assert slope.isfinite() and slope > 0


def test_the_path_starts_at_the_elbo_rises_and_has_the_evidence_as_its_area():
    log_w, weight = gaussian_pair(0.5, 0.8)
    betas = torch.linspace(0, 1, 101).double()
    means = exact.path(log_w, weight, betas)
    assert means[0] == pytest.approx(exact.log_mean(log_w, weight, 1).item(), abs=1e-9)
    assert means[-1] == pytest.approx(exact.log_mean_upper(log_w, weight, 1).item(), abs=1e-9)
    assert (means.diff() > 0).all()
    assert torch.trapezoid(means, betas) == pytest.approx(-3, abs=1e-5)


def test_what_weights_may_not_be_is_named():
    log_w, weight = gaussian_pair(0.5, 0.8)
    for bad, name in (
        ((log_w * math.nan, weight, 2), "log_w"),
        ((log_w, -weight, 2), "weight"),
        ((log_w, 0 * weight, 2), "weight"),
        ((log_w.fill_(-math.inf), weight, 2), "log_w"),
    ):
        with pytest.raises(ValueError, match=name):
            exact.log_mean(*bad)
    with pytest.raises(ValueError, match="betas must be 0 or more"):
        exact.path(torch.zeros(3), torch.ones(3), torch.tensor([-0.1]))
