import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, faults, unreadable
from torch.distributions import MultivariateNormal, Normal

from course_utils import data, exact, pca, ppca
from course_utils.kit.exercise import EXERCISES, examine
from course_utils.lessons import l02_ppca_posterior as lesson

few = settings(deadline=None, max_examples=25, derandomize=True)

# --- Exercises: the solution, the stub, and wrong answers as a student would write them -----


def stub_1(x, W, mu, sigma2):
    M = ... + W.T @ W
    mean = (x - mu) @ torch.linalg.solve(M, W.T).T
    covariance = ...
    return mean, covariance


def stub_2(eigenvalues, sigma2):
    return ...


def stub_3(eigenvalues, latent_dim, num_points):
    raise NotImplementedError


def half_filled(x, W, mu, sigma2):
    M = sigma2 * torch.eye(W.shape[1]) + W.T @ W
    mean = (x - mu) @ torch.linalg.solve(M, W.T).T
    covariance = ...
    return mean, covariance


def posterior(x, W, mu, M, factor):
    """The frame of the exercise, to be filled with wrong things."""
    return (x - mu) @ torch.linalg.solve(M, W.T).T, factor * torch.linalg.inv(M)


def identity(W):
    return torch.eye(W.shape[1])


def squared_variance(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2**2 * identity(W) + W.T @ W, sigma2**2)


def root_of_the_variance(x, W, mu, sigma2):
    sigma = math.sqrt(sigma2)
    return posterior(x, W, mu, sigma * identity(W) + W.T @ W, sigma)


def without_identity(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2 + W.T @ W, sigma2)


def without_mean(x, W, mu, sigma2):
    return posterior(x, W, 0, sigma2 * identity(W) + W.T @ W, sigma2)


def without_prior(x, W, mu, sigma2):
    return posterior(x, W, mu, W.T @ W, sigma2)


def inverse_alone(x, W, mu, sigma2):
    return posterior(x, W, mu, sigma2 * identity(W) + W.T @ W, 1)


def unit_noise(x, W, mu, sigma2):
    return posterior(x, W, mu, identity(W) + W.T @ W, 1)


def noise_added_twice(eigenvalues, sigma2):
    return 1 / (1 + sigma2 / eigenvalues)


def lost_part(eigenvalues, sigma2):
    return torch.full_like(eigenvalues, sigma2) / eigenvalues


def rooted(eigenvalues, sigma2):
    return torch.sqrt((eigenvalues - sigma2) / eigenvalues)


def squared_length(eigenvalues, sigma2):
    return eigenvalues - torch.tensor(sigma2)


def log_likelihood(eigenvalues, latent_dim, num_points, noise, constant=True, trace=True):
    """log N(x; 0, C) added up over the points, from the eigenvalues of C."""
    D = len(eigenvalues)
    spectrum = torch.cat([eigenvalues[:latent_dim], noise.expand(D - latent_dim)])
    per_point = -0.5 * torch.log(spectrum).sum()
    if constant:
        per_point -= 0.5 * D * math.log(2 * math.pi)
    if trace:
        per_point -= 0.5 * D
    return num_points * per_point


def noise_summed(eigenvalues, latent_dim, num_points):
    return log_likelihood(eigenvalues, latent_dim, num_points, eigenvalues[latent_dim:].sum())


def trace_forgotten(eigenvalues, latent_dim, num_points):
    noise = eigenvalues[latent_dim:].mean()
    return log_likelihood(eigenvalues, latent_dim, num_points, noise, trace=False)


def constant_forgotten(eigenvalues, latent_dim, num_points):
    noise = eigenvalues[latent_dim:].mean()
    return log_likelihood(eigenvalues, latent_dim, num_points, noise, constant=False)


def per_point(eigenvalues, latent_dim, num_points):
    return log_likelihood(eigenvalues, latent_dim, 1, eigenvalues[latent_dim:].mean())


RIGHT = {
    "02.1": lambda x, W, mu, sigma2: posterior(
        x, W, mu, W.T @ W + torch.diag(torch.full((W.shape[1],), sigma2)), sigma2
    ),
    "02.2": lambda eigenvalues, sigma2: (eigenvalues - sigma2) / eigenvalues,
    "02.3": lambda eigenvalues, latent_dim, num_points: log_likelihood(
        eigenvalues, latent_dim, num_points, eigenvalues[latent_dim:].mean()
    ),
}
STUBS = {"02.1": stub_1, "02.2": stub_2, "02.3": stub_3}
WRONG = [
    ("02.1", squared_variance, "You squared"),
    ("02.1", root_of_the_variance, "standard deviation σ"),
    ("02.1", without_identity, "to every entry"),
    ("02.1", without_mean, "subtract μ"),
    ("02.1", without_prior, "left out the prior"),
    ("02.1", inverse_alone, "lacks the factor σ²"),
    ("02.1", unit_noise, "set σ² to 1"),
    ("02.2", noise_added_twice, "already contains"),
    ("02.2", lost_part, "the part that is lost"),
    ("02.2", rooted, "root"),
    ("02.2", squared_length, "Divide by M"),
    ("02.3", noise_summed, "not their sum"),
    ("02.3", trace_forgotten, "The last term is missing"),
    ("02.3", constant_forgotten, "The constant"),
    ("02.3", per_point, "the mean per data point"),
]


def test_half_filled_blanks_are_open():
    assert examine(EXERCISES["02.1"], half_filled).kind == "open"


# --- The references ---------------------------------------------------------------------------


@st.composite
def models(draw):
    """A PPCA and seven points drawn from it."""
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    D = draw(st.integers(1, 5))
    W = torch.randn(D, draw(st.integers(1, 3)), dtype=torch.float64)
    mu = torch.randn(D, dtype=torch.float64)
    model = ppca.PPCA(W, mu, draw(st.floats(0.05, 5)))
    return model, model.sample(7)


@given(models())
@few
def test_posterior_is_that_of_ppca_and_of_the_joint_gaussian(drawn):
    model, x = drawn
    mean, covariance = lesson.posterior(x, model.W, model.mu, model.sigma2)
    theirs = model.posterior(x)
    torch.testing.assert_close(mean, theirs.mean)
    torch.testing.assert_close(covariance, theirs.covariance_matrix[0])
    C = model.W @ model.W.T + model.sigma2 * torch.eye(len(model.mu), dtype=torch.float64)
    torch.testing.assert_close(mean, (x - model.mu) @ torch.linalg.solve(C, model.W))
    shrunk = torch.eye(model.W.shape[1]).double() - model.W.T @ torch.linalg.solve(C, model.W)
    torch.testing.assert_close(covariance, shrunk)


@st.composite
def fits(draw):
    """Data and its PPCA with latent_dim < D."""
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    D = draw(st.integers(2, 6))
    x = torch.randn(40, D, dtype=torch.float64) @ torch.randn(D, D, dtype=torch.float64) + 2
    return x, draw(st.integers(1, D - 1))


@given(fits())
@few
def test_shrinkage_is_what_encoding_and_decoding_does(drawn):
    x, latent_dim = drawn
    model, (_, eigenvalues, U) = ppca.fit(x, latent_dim), pca.spectrum(x)
    factor = lesson.shrinkage(eigenvalues[:latent_dim], model.sigma2)
    U = U[:, :latent_dim]
    torch.testing.assert_close(model.W @ model.E @ U, U * factor, rtol=1e-6, atol=1e-9)


@given(fits())
@few
def test_max_log_likelihood_is_that_of_the_fit(drawn):
    x, latent_dim = drawn
    eigenvalues = pca.spectrum(x)[1]
    ours = lesson.max_log_likelihood(eigenvalues, latent_dim, len(x))
    fitted = ppca.fit(x, latent_dim).log_evidence(x).sum()
    torch.testing.assert_close(ours, fitted, rtol=1e-8, atol=1e-8)
    full = MultivariateNormal(x.mean(0), x.T.cov(correction=0)).log_prob(x).sum()
    assert ours <= full + 1e-8


@given(st.floats(-2, 2), st.floats(0.05, 1))
@few
def test_posterior_sd_is_that_of_a_bell(mean, scale):
    grid = torch.linspace(-9, 9, 2001, dtype=torch.float64)
    density = Normal(mean, scale).log_prob(grid).exp()[None]
    torch.testing.assert_close(lesson.posterior_sd(grid, density).item(), scale, rtol=1e-6, atol=0)


# --- Explorers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return data.digits()


@pytest.fixture(scope="module")
def points():
    torch.manual_seed(0)
    return lesson.toy(0.5).sample(15)


@pytest.fixture(scope="module")
def explorers(points, digits):
    return {
        "posterior": lesson.explore_posterior(),
        "collapse": lesson.explore_collapse(points),
        "reconstructions": lesson.explore_reconstructions(digits.train, digits.test),
    }


@pytest.mark.parametrize("name", ["posterior", "collapse", "reconstructions"])
def test_every_corner_is_a_frame_that_can_be_read(explorers, name):
    assert not faults(explorers[name])


positions = st.fixed_dictionaries(
    {"sigma2": st.floats(0.01, 10), "along": st.floats(-3, 3), "across": st.floats(-2.5, 2.5)}
)


@given(positions)
@few
def test_the_posterior_shown_is_prior_times_likelihood(explorers, values):
    frame = explorers["posterior"].frame(**values)
    z, likelihood = (torch.as_tensor(part) for part in frame["likelihood"])
    _, posterior = (torch.as_tensor(part) for part in frame["posterior"])
    product = likelihood * Normal(0, 1).log_prob(z).exp()
    ratio = (product / posterior)[posterior > 1e-3]
    torch.testing.assert_close(ratio, ratio[:1].expand(len(ratio)), rtol=1e-6, atol=0)


@given(positions)
@few
def test_the_numbers_shown_are_those_of_quadrature(explorers, values):
    frame = explorers["posterior"].frame(**values)
    x = torch.tensor([frame["x"][0][0], frame["x"][1][0]])
    grid = torch.linspace(-8, 8, 8001, dtype=torch.float64)

    def log_joint(z):
        decoder = Normal(torch.cat([z, z], 1), math.sqrt(values["sigma2"]))
        return decoder.log_prob(x).sum(1) + Normal(0, 1).log_prob(z[:, 0])

    density = exact.posterior(log_joint, grid)
    mean = torch.trapezoid(density * grid, grid).item()
    sd = lesson.posterior_sd(grid, density[None]).item()
    shown = [float(v) for v in re.findall(r"-?\d+\.\d+", frame["numbers"] + frame["evidence"])]
    evidence = exact.log_evidence(log_joint, grid).item()
    assert shown == [
        pytest.approx(mean, abs=0.006),
        pytest.approx(sd, abs=0.006),
        pytest.approx(evidence, abs=0.051),
    ]


def test_moving_away_from_the_line_leaves_the_posterior_and_lowers_the_evidence(explorers):
    near = explorers["posterior"].frame(across=0.0)
    far = explorers["posterior"].frame(across=2.5)
    assert near["numbers"] == far["numbers"] and near["evidence"] != far["evidence"]
    assert abs(near["posterior"][1] - far["posterior"][1]).max() < 1e-12


@pytest.mark.parametrize("sigma2", [1e-4, 0.5, 10.0])
def test_posteriors_shrink_the_scores_by_one_factor(explorers, points, sigma2):
    frame = explorers["collapse"].frame(sigma2=sigma2)
    scores, means = frame["points"]
    torch.testing.assert_close(scores, points.mean(1))  # least squares with w = (1, 1)
    torch.testing.assert_close(means, 2 / (2 + sigma2) * scores)
    assert frame["factor"] == f"factor {2 / (2 + sigma2):.3f}"
    bars = torch.as_tensor(frame["bars"])
    half = 2 * math.sqrt(sigma2 / (2 + sigma2))
    torch.testing.assert_close(bars[:, 0, 1], means - half)
    torch.testing.assert_close(bars[:, 1, 1], means + half)


@pytest.mark.parametrize(("index", "latent_dim"), [(0, 1), (3, 10), (19, 40)])
def test_the_error_shown_is_the_average_over_draws(explorers, digits, index, latent_dim):
    frame = explorers["reconstructions"].frame(index=index, latent_dim=latent_dim)
    model, x = ppca.fit(digits.train, latent_dim), digits.test[index]
    z = model.posterior(x[None]).sample((20_000,))[:, 0]
    errors = (x - z @ model.W.T - model.mu).square().sum(1)
    miss, spread = (float(v) for v in re.findall(r"\d+\.\d+", frame["error"]))
    standard_error = (errors.std() / len(errors) ** 0.5).item()
    assert miss + spread == pytest.approx(errors.mean().item(), abs=0.01 + 4 * standard_error)
    centre = model.posterior(x[None]).mean[0] @ model.W.T + model.mu
    assert miss == pytest.approx((x - centre).square().sum().item(), abs=0.006)
    torch.testing.assert_close(torch.as_tensor(frame["pair"][:8, :8]), x.reshape(8, 8))
    torch.testing.assert_close(torch.as_tensor(frame["pair"][10:18, :8]), centre.reshape(8, 8))


# --- Questions and figures --------------------------------------------------------------------


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    prediction = lesson.predict_posterior()
    for poll in [lesson.recall(k) for k in (1, 2, 3)] + [prediction.poll]:
        assert sum(option.right for option in poll.options) == 1
        assert all(option.why for option in poll.options)
    assert "<img alt=" in prediction._repr_mimebundle_()["text/html"]


def draw_samples(digits):
    torch.manual_seed(0)
    model, z = lesson.toy(0.5), torch.randn(15, 1, dtype=torch.float64)
    return lesson.plot_samples(model, z, z @ model.W.T + 0.7 * torch.randn(15, 2).double())


def dequantised(images):
    return images + (torch.rand_like(images) - 0.5) / 16


def draw_digits(digits):
    torch.manual_seed(0)
    blurred = dequantised(digits.train), dequantised(digits.test)
    return lesson.plot_digits(digits.train, digits.test, *blurred)


def draw_curved(digits):
    grid = torch.linspace(-5, 5, 2001, dtype=torch.float64)
    pair = torch.tensor([[0.8, 0.6], [0.03, 0.02]], dtype=torch.float64)

    def log_joint(z):
        decoded = torch.cat([z.cos(), z.sin()], 1)
        return -(pair[:, None] - decoded).square().sum(-1) / (2 * 0.3**2) - z[:, 0] ** 2 / 2

    return lesson.plot_curved(grid, pair, exact.posterior(log_joint, grid))


@pytest.mark.parametrize(
    ("draw", "figure"),
    [(draw_samples, "15 draws"), (draw_digits, "8.13 with five"), (draw_curved, "0.29")],
)
def test_figures_can_be_read_and_describe_themselves_with_numbers(digits, draw, figure):
    with drawn_texts() as texts:
        picture = draw(digits)
    assert not unreadable(texts)
    assert figure in picture.alt


def test_the_evidence_in_the_digits_figure_is_that_of_the_fits(digits):
    alt = draw_digits(digits).alt
    for latent_dim, digits_shown in [(1, 1), (5, 2), (40, 1), (60, 1)]:
        evidence = ppca.fit(digits.train, latent_dim).log_evidence(digits.test).mean()
        assert f"{evidence:.{digits_shown}f}" in alt


# --- What the text says -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_dequantised_images_gain_nothing_from_the_last_latents(digits, seed):
    torch.manual_seed(seed)
    blurred = dequantised(digits.train), dequantised(digits.test)
    for (train, test), low, high in [((digits.train, digits.test), 13, 15), (blurred, -1, 1)]:
        few, many = (ppca.fit(train, h).log_evidence(test).mean() for h in (50, 60))
        assert low < many - few < high


def best_under(eigenvalues, latent_dim, sigma2):
    """The largest mean log-likelihood for this sigma2, from the spectrum."""
    variances = eigenvalues.clamp(min=sigma2)
    variances[latent_dim:] = sigma2
    return -0.5 * (torch.log(2 * torch.pi * variances) + eigenvalues / variances).sum()


def test_with_as_many_latents_as_dimensions_the_noise_is_not_identified():
    full = torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64)
    at = [best_under(full, 3, sigma2).item() for sigma2 in (1e-6, 0.5, 1.0, 1.1)]
    assert at[0] == at[1] == at[2] > at[3]
    singular = torch.tensor([3.0, 2.0, 0.0], dtype=torch.float64)
    for latent_dim in (2, 3):  # rank S <= H < D, and rank S < D = H
        assert best_under(singular, latent_dim, 1e-12) > best_under(singular, latent_dim, 1e-6) + 5
