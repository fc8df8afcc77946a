import math

import pytest
import scipy.stats
import sklearn.decomposition
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from memory import largest_tensor
from torch.distributions import MultivariateNormal, Normal

from course_utils import data, exact, pca, ppca

few = settings(deadline=None, max_examples=25, derandomize=True)

MODEL = ppca.PPCA(
    torch.tensor([[1.0, 0.3], [-0.6, 0.8], [0.2, 1.1]], dtype=torch.float64),
    torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64),
    0.4,
)


@st.composite
def models(draw, data_dims=(1, 5), latent_dims=(1, 3)):
    """A PPCA with 0.3 <= sigma2 <= 3, and twelve points drawn from it."""
    D, H = draw(st.integers(*data_dims)), draw(st.integers(*latent_dims))
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    W, mu = torch.randn(D, H, dtype=torch.float64), 3 * torch.randn(D, dtype=torch.float64)
    model = ppca.PPCA(W, mu, draw(st.floats(0.3, 3)))
    return model, model.sample(12)


@st.composite
def tables(draw, spare_dims=1):
    """x (N, D) with correlated columns away from the origin, and latent_dim <= D - spare_dims."""
    num_points, data_dim = draw(st.integers(20, 60)), draw(st.integers(1 + spare_dims, 6))
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    scale = 0.3 + 3 * torch.rand(data_dim, dtype=torch.float64)
    x = scale * torch.randn(num_points, data_dim, dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(data_dim, data_dim, dtype=torch.float64)).Q
    mean = 10 * torch.randn(data_dim, dtype=torch.float64)
    return x @ rotation + mean, draw(st.integers(1, data_dim - spare_dims))


def eye(size):
    return torch.eye(size, dtype=torch.float64)


def covariance(model):
    return model.W @ model.W.T + model.sigma2 * eye(len(model.mu))


def log_joint(model, x):
    """log p(x, z) written from the definition, for quadrature: x (N, D), z (G, H) -> (N, G)."""

    def on(z):
        decoder = Normal(z @ model.W.T + model.mu, model.sigma2**0.5)
        return decoder.log_prob(x[:, None]).sum(-1) + Normal(0, 1).log_prob(z).sum(-1)

    return on


def has_moments(samples, mean, covariance):
    """Both within five standard errors, entry by entry."""
    num_samples, variance = len(samples), covariance.diagonal()
    assert ((samples.mean(0) - mean).abs() < 5 * (variance / num_samples).sqrt()).all()
    error = ((variance[:, None] * variance + covariance**2) / num_samples).sqrt()
    assert ((samples.T.cov() - covariance).abs() < 5 * error).all()


def total(model, x):
    return model.log_evidence(x).sum().item()


def moved(model, scale):
    """A copy whose parameters each took a random step of about the given relative size."""
    return ppca.PPCA(
        model.W + scale * torch.randn_like(model.W),
        model.mu + scale * torch.randn_like(model.mu),
        model.sigma2 * math.exp(scale * torch.randn(()).item()),
    )


# Posterior


@given(models())
@few
def test_the_posterior_is_the_conditional_of_the_joint_gaussian(drawn):
    model, x = drawn
    cross = torch.linalg.solve(covariance(model), model.W).T  # Cov[z, x] Cov[x]^-1
    posterior = model.posterior(x)
    assert posterior.batch_shape == (12,) and posterior.event_shape == (model.W.shape[1],)
    assert torch.allclose(posterior.mean, (x - model.mu) @ cross.T, atol=1e-9)
    conditional = eye(len(cross)) - cross @ model.W
    assert torch.allclose(posterior.covariance_matrix, conditional.expand(12, -1, -1), atol=1e-9)


@given(models(latent_dims=(1, 1)))
@few
def test_the_posterior_of_one_latent_is_the_quadratures(drawn):
    model, x = drawn
    grid = torch.linspace(-10, 10, 1001, dtype=torch.float64)
    density = exact.posterior(log_joint(model, x), grid)
    ours = model.posterior(x)
    assert torch.allclose(ours.log_prob(grid[:, None, None]).exp().T, density, atol=1e-4)
    mean = torch.trapezoid(density * grid, grid)
    variance = torch.trapezoid(density * (grid - mean[:, None]) ** 2, grid)
    assert torch.allclose(ours.mean[:, 0], mean, atol=1e-4)
    assert torch.allclose(ours.variance[:, 0], variance, atol=1e-4)
    evidence = exact.log_evidence(log_joint(model, x), grid)
    assert torch.allclose(model.log_evidence(x), evidence, atol=1e-4)


@given(models(latent_dims=(2, 2)))
@settings(few, max_examples=8)
def test_the_posterior_of_two_latents_is_the_quadratures(drawn):
    model, x = drawn[0], drawn[1][:3]
    axis = torch.linspace(-8, 8, 161, dtype=torch.float64)
    nodes = torch.cartesian_prod(axis, axis)
    density = exact.posterior(log_joint(model, x), (axis, axis))
    ours = model.posterior(x)
    theirs = ours.log_prob(nodes[:, None]).exp().T.unflatten(1, (161, 161))
    assert torch.allclose(theirs, density, atol=1e-4)
    weight = density.flatten(1) * (axis[1] - axis[0]) ** 2  # the density is 0 at the border
    mean = weight @ nodes
    second = torch.einsum("ng,gh,gk->nhk", weight, nodes, nodes)
    spread = second - mean[:, :, None] * mean[:, None]
    assert torch.allclose(ours.mean, mean, atol=1e-4)
    assert torch.allclose(ours.covariance_matrix, spread, atol=1e-4)
    evidence = exact.log_evidence(log_joint(model, x), (axis, axis))
    assert torch.allclose(model.log_evidence(x), evidence, atol=1e-4)


@given(models())
@few
def test_the_properties_are_the_symbols_of_the_docstring(drawn):
    model, x = drawn
    latent_dim = model.W.shape[1]
    assert torch.allclose(model.M, model.sigma2 * eye(latent_dim) + model.W.T @ model.W)
    assert torch.allclose(model.M @ model.E, model.W.T)
    assert torch.allclose(model.M @ model.G, model.sigma2 * eye(latent_dim), atol=1e-9)
    assert torch.allclose(model.E @ model.mu + model.d, torch.zeros_like(model.d), atol=1e-9)
    posterior = model.posterior(x)
    assert torch.allclose(posterior.mean, x @ model.E.T + model.d, atol=1e-9)
    assert torch.allclose(posterior.covariance_matrix[0], model.G)


@given(models(data_dims=(3, 5), latent_dims=(1, 2)))
@few
def test_without_noise_the_posterior_mean_is_the_least_squares_solution(drawn):
    model, x = drawn
    scores = torch.linalg.lstsq(model.W, (x - model.mu).T).solution.T
    limits = [ppca.PPCA(model.W, model.mu, sigma2) for sigma2 in (1.0, 1e-2, 1e-4, 1e-12)]
    errors = [(limit.posterior(x).mean - scores).norm().item() for limit in limits]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-6 * scores.norm()
    assert limits[-1].G.abs().max() < 1e-8


@given(tables())
@few
def test_the_posterior_mean_shrinks_each_component_by_1_minus_sigma2_over_lambda(table):
    x, latent_dim = table
    model, rotation = ppca.fit(x, latent_dim), pca.fit(x, latent_dim)
    shrunk = rotation.encode(x) * (1 - model.sigma2 / rotation.eigenvalues[:latent_dim])
    decoded = model.posterior(x).mean @ model.W.T
    assert torch.allclose(decoded, shrunk @ rotation.W.T, atol=1e-8)


# Evidence


@given(models())
@few
def test_the_evidence_is_that_of_a_dense_gaussian(drawn):
    model, x = drawn
    dense = MultivariateNormal(model.mu, covariance(model)).log_prob(x)
    assert torch.allclose(model.log_evidence(x), dense, atol=1e-8, rtol=0)
    scipys = scipy.stats.multivariate_normal(model.mu, covariance(model)).logpdf(x)
    assert torch.allclose(model.log_evidence(x), torch.from_numpy(scipys), atol=1e-8, rtol=0)


@given(models())
@few
def test_the_marginals_covariance_times_its_precision_is_I(drawn):
    marginal = drawn[0].marginal()
    assert marginal.mean.equal(drawn[0].mu)
    assert torch.allclose(marginal.covariance_matrix, covariance(drawn[0]))
    product = marginal.covariance_matrix @ marginal.precision_matrix
    assert torch.allclose(product, eye(len(product)), atol=1e-9)


@given(models(data_dims=(2, 2)))
@settings(few, max_examples=5)
def test_the_evidence_integrates_to_1(drawn):
    model, _ = drawn
    reach = 8 * covariance(model).diagonal().max().sqrt().item()
    axis = torch.linspace(-reach, reach, 301, dtype=torch.float64)
    x = model.mu + torch.cartesian_prod(axis, axis)
    density = model.log_evidence(x).exp().reshape(301, 301)
    mass = torch.trapezoid(torch.trapezoid(density, axis), axis)
    assert mass.item() == pytest.approx(1, abs=1e-8)


def truth(model, x):
    """The log evidence in float64, by the eigenvectors of W W^T."""
    U, roots, _ = torch.linalg.svd(model.W.double())
    variance = torch.zeros(len(U)).double()
    variance[: len(roots)] = roots**2
    variance += model.sigma2
    squares = ((x.double() - model.mu.double()) @ U).square() / variance
    return -(squares + (2 * math.pi * variance).log()).sum(1) / 2


@pytest.mark.parametrize("data_dim", [3, 30, 100])
@pytest.mark.parametrize("latent_dim", [1, 2, 5, 12])
def test_the_evidence_in_float32_is_right_where_sigma2_is_a_millionth(data_dim, latent_dim):
    """Also where columns of W differ in length by 1000, or hardly differ in direction."""
    for seed in range(6):
        torch.manual_seed(seed)
        W = torch.randn(data_dim, latent_dim) * 10 ** (-3 * (seed % 2) * torch.rand(latent_dim))
        if seed % 3 == 0 and latent_dim > 1:
            W[:, 1] = W[:, 0] * (1 + 1e-5)
        largest = torch.linalg.matrix_norm(W, 2).item() ** 2
        model = ppca.PPCA(W, torch.randn(data_dim), 1e-6 * largest)
        x = model.sample(200)
        error = model.log_evidence(x).double() - truth(model, x)
        assert error.abs().max() < 1e-3 and error.mean().abs() < 1e-4


def test_the_evidence_in_float32_is_right_on_data_of_rank_1():
    """Torch's low-rank normal misses by more than 100 nats here."""
    x = torch.randn(200, 1) @ torch.randn(1, 100)
    for latent_dim in (1, 5):
        model = ppca.fit(x, latent_dim)
        torch.testing.assert_close(
            model.log_evidence(x).double(), truth(model, x), rtol=0, atol=5e-4
        )
        assert (model.marginal().log_prob(x) - truth(model, x)).abs().max() > 100


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_the_expected_log_joint_holds_no_more_than_a_few_tables(latent_dim):
    x = torch.randn(400, 300)
    model = ppca.fit(x, latent_dim * 8)
    q = model.posterior(x)
    assert largest_tensor(lambda: model.expected_log_joint(q, x)) <= x.numel()


# Fit


@given(tables())
@few
def test_the_likelihood_of_the_fit_is_the_closed_form(table):
    x, H = table
    N, D = x.shape
    model = ppca.fit(x, H)
    log_spectrum = torch.linalg.eigvalsh(x.T.cov(correction=0)).flip(0).log()[:H].sum().item()
    noise = (D - H) * math.log(model.sigma2)
    closed = -N / 2 * (D * math.log(2 * math.pi) + log_spectrum + noise + D)
    assert total(model, x) == pytest.approx(closed, rel=1e-9)


@given(tables())
@few
def test_no_perturbation_of_the_fit_is_more_likely(table):
    x, latent_dim = table
    model = ppca.fit(x, latent_dim)
    best = total(model, x)
    for scale in (1e-4, 1e-3, 1e-2, 0.1, 1.0):
        for _ in range(2):
            assert total(moved(model, scale), x) <= best + 1e-9 * abs(best)


@given(tables())
@few
def test_the_gradient_of_the_likelihood_vanishes_at_the_fit(table):
    x, latent_dim = table
    model = ppca.fit(x, latent_dim)
    W, mu = model.W.requires_grad_(), model.mu.requires_grad_()
    sigma2 = torch.tensor(model.sigma2, dtype=x.dtype, requires_grad=True)
    ppca.PPCA(W, mu, sigma2).log_evidence(x).mean().backward()
    unit = math.sqrt(model.sigma2)
    for slope in (W.grad * unit, mu.grad * unit, sigma2.grad * model.sigma2):
        assert slope.abs().max() < 1e-6


@given(tables())
@few
def test_the_fit_is_scikit_learns_after_the_factor_N_minus_1(table):
    x, latent_dim = table
    theirs = sklearn.decomposition.PCA(latent_dim, svd_solver="full").fit(x.numpy())
    model, factor = ppca.fit(x, latent_dim), len(x) / (len(x) - 1)
    unbiased = ppca.PPCA(model.W * factor**0.5, model.mu, model.sigma2 * factor)
    assert unbiased.sigma2 == pytest.approx(theirs.noise_variance_, rel=1e-9)
    assert torch.allclose(covariance(unbiased), torch.from_numpy(theirs.get_covariance()))
    score = theirs.score(x.numpy())
    assert unbiased.log_evidence(x).mean().item() == pytest.approx(score, rel=1e-8)


def test_five_components_give_the_test_digits_8_13_nats():
    digits = data.digits()
    evidence = ppca.fit(digits.train, 5).log_evidence(digits.test)
    assert evidence.mean().item() == pytest.approx(8.13, abs=0.005)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("num_points", [3, 40])
@pytest.mark.parametrize("latent_dim", [2, 3, 5, 6])
def test_rank_deficient_data_gets_the_documented_floor(dtype, num_points, latent_dim):
    torch.manual_seed(0)
    x = torch.randn(num_points, 2, dtype=dtype) @ torch.randn(2, 6, dtype=dtype) + 1
    model = ppca.fit(x, latent_dim)
    floor = 1e-6 * x.var(0, correction=0).mean().item()
    assert model.sigma2 == pytest.approx(floor, rel=1e-5)
    posterior = model.posterior(x)
    for result in (
        model.W,
        model.log_evidence(x),
        posterior.mean,
        posterior.log_prob(posterior.mean),
    ):
        assert result.isfinite().all()
    assert model.autoencode(x).isfinite().all() and model.sample(5).isfinite().all()


def test_digits_with_their_three_empty_pixels_stay_finite():
    digits = data.digits()
    for latent_dim in (61, 64):
        model = ppca.fit(digits.train, latent_dim)
        assert model.sigma2 == pytest.approx(1e-6 * digits.train.var(0, correction=0).mean().item())
        assert model.log_evidence(digits.test).isfinite().all()


@given(tables(spare_dims=0))
@few
def test_as_many_latents_as_dimensions_give_the_sample_covariance_with_the_most_noise(table):
    x, D = table[0], table[0].shape[1]
    model, S = ppca.fit(x, D), x.T.cov(correction=0).reshape(D, D)
    assert model.sigma2 == pytest.approx(torch.linalg.eigvalsh(S)[0].item())
    assert torch.allclose(covariance(model), S)
    less = ppca.PPCA(
        torch.linalg.cholesky(S - 0.5 * model.sigma2 * eye(D)), model.mu, 0.5 * model.sigma2
    )
    assert total(less, x) == pytest.approx(total(model, x))  # sigma2 is not identified
    if D > 1:
        fewer = ppca.fit(x, D - 1)
        assert model.W[:, :-1].equal(fewer.W) and not model.W[:, -1].any()


@given(tables(spare_dims=0), st.floats(1e-3, 30))
@few
def test_under_a_bound_on_sigma2_no_perturbation_is_more_likely(table, bound):
    x, latent_dim = table
    model = ppca.fit(x, latent_dim, min_sigma2=bound)
    assert model.sigma2 >= bound
    best = total(model, x)
    for scale in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(4):
            other = moved(model, scale)
            other = ppca.PPCA(other.W, other.mu, max(other.sigma2, bound))
            assert total(other, x) <= best + 1e-9 * abs(best)


@given(tables())
@few
def test_a_bound_below_the_noise_changes_nothing(table):
    x, latent_dim = table
    free = ppca.fit(x, latent_dim)
    bounded = ppca.fit(x, latent_dim, min_sigma2=free.sigma2 / 2)
    assert bounded.sigma2 == free.sigma2 and bounded.W.equal(free.W)


@pytest.mark.parametrize("num_points", [1, 3, 7])
def test_data_that_does_not_vary_is_refused(num_points):
    x = torch.full((num_points, 2), 0.1, dtype=torch.float64)
    with pytest.raises(ValueError, match="x must vary"):
        ppca.fit(x, 1)


# Samples


def test_samples_have_the_moments_of_the_marginal():
    torch.manual_seed(0)
    has_moments(MODEL.sample(200_000), MODEL.mu, covariance(MODEL))


def test_autoencoding_has_the_moments_of_decoder_after_posterior():
    torch.manual_seed(0)
    x = torch.tensor([[3.0, 0.0, -1.0]], dtype=torch.float64)
    x_hat = MODEL.autoencode(x.expand(200_000, -1))
    mean = MODEL.W @ (MODEL.E @ x[0] + MODEL.d) + MODEL.mu
    has_moments(x_hat, mean, MODEL.W @ MODEL.G @ MODEL.W.T + MODEL.sigma2 * eye(3))


def test_autoencoding_samples_of_the_model_leaves_their_distribution_alone():
    torch.manual_seed(0)
    has_moments(MODEL.autoencode(MODEL.sample(200_000)), MODEL.mu, covariance(MODEL))


@pytest.mark.parametrize("draw", [lambda: MODEL.sample(9), lambda: MODEL.autoencode(MODEL.W.T)])
def test_the_seed_decides_the_samples(draw):
    torch.manual_seed(1)
    first = draw()
    assert not draw().equal(first)
    torch.manual_seed(1)
    assert draw().equal(first)


def test_fitting_uses_no_randomness():
    before = torch.get_rng_state()
    x = data.arc(50).x
    assert ppca.fit(x, 1).W.equal(ppca.fit(x, 1).W)
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sigma2", [1, 0.5, torch.tensor(0.5), torch.tensor(0.5).double()])
def test_the_dtype_of_the_parameters_is_kept(dtype, sigma2):
    x = torch.randn(20, 3, dtype=dtype)
    fitted = ppca.fit(x, 2)
    for model in (fitted, ppca.PPCA(fitted.W, fitted.mu, sigma2)):
        results = [model.W, model.mu, model.M, model.E, model.d, model.G, model.log_evidence(x)]
        results += [model.posterior(x).mean, model.sample(4), model.autoencode(x)]
        assert {result.dtype for result in results} == {dtype}
