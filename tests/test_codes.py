"""codes: conditionals, stored images, attributes and paths against independent oracles."""

from math import log, pi

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import MultivariateNormal

from course_utils import data, deep, pca, ppca
from course_utils.codes import attributes, conditional, paths, stored


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dense(mu, C, A, y, noise):
    """The textbook's conditional of a Gaussian N(mu, C), Bishop (2.81) and (2.82)."""
    gain = C @ A.T @ torch.linalg.inv(A @ C @ A.T + noise**2 * torch.eye(len(A)).double())
    return mu + (y - A @ mu) @ gain.T, C - gain @ A @ C


def model(D=7, H=3, sigma2=0.3):
    return ppca.PPCA(draw(D, H), draw(D, seed=1), sigma2)


def covariance(one):
    return one.W @ one.W.T + one.sigma2 * torch.eye(len(one.mu)).double()


# --- conditional -------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(1, 9), st.data())
def test_ppcas_conditional_is_the_dense_one(D, H, more):
    H = min(H, D)
    M = more.draw(st.integers(1, D))
    noise = more.draw(st.sampled_from([0.0, 0.1, 2.0]))
    one, A, y = model(D, H), draw(M, D, seed=2), draw(4, M, seed=3)
    found = conditional.given(one, A, y, noise)
    mean, spread = dense(one.mu, covariance(one), A, y, noise)
    condition = torch.linalg.cond(A @ A.T).item()
    torch.testing.assert_close(found.mean, mean, atol=1e-10 * condition, rtol=1e-8)
    torch.testing.assert_close(found.covariance, spread, atol=1e-10 * condition, rtol=1e-8)


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_on_the_digits_it_is_the_dense_one_to_1e_8(noise):
    one, A = ppca.fit(data.digits().train, 20), conditional.block_means(8, 2)
    y = data.digits().test @ A.T
    found = conditional.given(one, A, y, noise)
    mean, spread = dense(one.mu, covariance(one), A, y, noise)
    assert (found.mean - mean).abs().max() < 1e-8
    assert (found.covariance - spread).abs().max() < 1e-8


def test_without_noise_the_answer_agrees_with_what_was_seen():
    one, A, y = model(), draw(3, 7, seed=2), draw(5, 3, seed=3)
    torch.manual_seed(0)
    found = conditional.given(one, A, y)
    torch.testing.assert_close(found.mean @ A.T, y)
    torch.testing.assert_close(found.sample(6) @ A.T, y.expand(6, 5, 3), atol=1e-6, rtol=0)


def test_samples_have_the_mean_and_covariance():
    torch.manual_seed(0)
    found = conditional.given(model(4, 2), draw(2, 4, seed=2), draw(2, 2, seed=3))
    x = found.sample(60_000)
    torch.testing.assert_close(x.mean(0), found.mean, atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(x[:, 0].T), found.covariance, atol=0.03, rtol=0)


def test_log_prob_is_the_joint_less_the_marginal():
    one, A = model(), conditional.block_means(8, 2)
    one, x = ppca.fit(data.digits().train, 10), data.digits().test[:20]
    y = x @ A.T
    found = conditional.given(one, A, y).log_prob(x, 48)
    marginal = MultivariateNormal(2 * A @ one.mu, 4 * A @ covariance(one) @ A.T)
    torch.testing.assert_close(found, one.log_evidence(x) - marginal.log_prob(2 * y))
    noisy = conditional.given(one, torch.eye(64).double(), x + 0.1, 0.4)
    exact = MultivariateNormal(torch.zeros(64).double(), noisy.covariance).log_prob(x - noisy.mean)
    torch.testing.assert_close(noisy.log_prob(x, 64), exact)


def test_block_means_are_numpys():
    image = draw(1, 36)
    for block in (1, 2, 3, 6):
        A = conditional.block_means(6, block)
        split = image.reshape(6 // block, block, 6 // block, block).numpy()
        np.testing.assert_allclose((image @ A.T)[0], split.mean((1, 3)).ravel())
        torch.testing.assert_close(A @ A.T, torch.eye(len(A)).double() / block**2)


def test_dependent_rows_need_noise():
    twice = draw(1, 7).repeat(2, 1)
    with pytest.raises(ValueError, match="A must have independent rows"):
        conditional.given(model(), twice, draw(3, 2))
    conditional.given(model(), twice, draw(3, 2), 0.5)
    with pytest.raises(ValueError, match="A must have independent rows"):
        stored.Stored(draw(4, 7), 0.2).seen(twice, draw(3, 2))


# --- stored ------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_stored_images_answer_as_a_mixture_of_gaussians(noise):
    images, A, y = draw(5, 4), draw(2, 4, seed=1), draw(3, 2, seed=2)
    found = stored.Stored(images, 0.7).seen(A, y, noise)
    R = 0.49 * A @ A.T + noise**2 * torch.eye(2).double()
    each = torch.stack([MultivariateNormal(A @ x, R).log_prob(y) for x in images], 1)
    torch.testing.assert_close(found.log_evidence, each.logsumexp(1) - log(5))
    parts = [dense(x, 0.49 * torch.eye(4).double(), A, y, noise) for x in images]
    mean = sum(w[:, None] * part[0] for w, part in zip(each.softmax(1).T, parts, strict=True))
    torch.testing.assert_close(found.mean, mean)


def test_stored_samples_have_the_mean_and_the_spread():
    torch.manual_seed(0)
    images, A = draw(5, 3), draw(1, 3, seed=1)
    y = torch.full((40_000, 1), 0.4).double()
    found = stored.Stored(images, 0.7).seen(A, y)
    x = found.sample()
    torch.testing.assert_close(x.mean(0), found.mean[0], atol=0.03, rtol=0)
    spread = (x - found.mean).square().sum(1).mean().item()
    assert spread == pytest.approx(found.variance[0].item(), rel=0.03)
    torch.testing.assert_close(x @ A.T, y, atol=1e-6, rtol=0)


def test_stored_density_integrates_to_one_and_is_the_marginal():
    one = stored.Stored(draw(4, 2), 0.5)
    axis = torch.linspace(-6, 6, 241).double()
    density = one.log_prob(torch.cartesian_prod(axis, axis)).exp()
    assert (density.sum() * 0.05**2).item() == pytest.approx(1, abs=1e-6)


def test_a_vae_on_a_grid_is_images_with_weights():
    torch.manual_seed(0)
    decoder = deep.in_double(deep.Decoder(2, 5, (8,), sigma2=0.2))
    axis = torch.linspace(-6, 6, 161).double()
    z = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        images, log_w = decoder(z).mean, decoder.prior.log_prob(z)
    x = draw(6, 5)
    found = stored.Stored(images, decoder.sigma2**0.5, log_w).log_prob(x)
    torch.testing.assert_close(found, deep.log_evidence(x, decoder), atol=1e-5, rtol=0)


# --- attributes --------------------------------------------------------------------------------


def test_slant_is_that_of_a_drawn_line():
    rows, columns = torch.meshgrid(
        torch.arange(9).double(), torch.arange(9).double(), indexing="ij"
    )
    for s in (-0.5, 0.0, 0.3):
        away = columns - 4 - s * (rows - 4)
        image = (-away.square()).exp().reshape(1, 81)
        assert attributes.slant(image).item() == pytest.approx(s, abs=0.02)
        assert attributes.ink(image).item() == pytest.approx(image.sum().item())
    mirrored = image.reshape(9, 9).flip(1).reshape(1, 81)
    assert attributes.slant(mirrored).item() == pytest.approx(-attributes.slant(image).item())


@pytest.mark.parametrize("change", [-0.3, 0.0, 0.2])
def test_a_shear_changes_the_slant_by_itself_and_nothing_else(change):
    image = torch.zeros(2, 12, 12).double()
    image[:, 3:9, 4:8] = draw(2, 6, 4).abs()
    x = image.flatten(1)
    sheared = attributes.shear(x, change)
    torch.testing.assert_close(attributes.slant(sheared), attributes.slant(x) + change)
    rows = sheared.unflatten(1, (12, 12)).sum(2)
    torch.testing.assert_close(rows, image.sum(2))  # ink stays in its row
    if not change:
        torch.testing.assert_close(sheared, x)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 5), st.integers(0, 1000))
def test_slant_does_not_see_how_dark_the_ink_is(scale, seed):
    x = draw(3, 16, seed=seed).abs()
    torch.testing.assert_close(attributes.slant(scale * x), attributes.slant(x))


def test_an_image_without_ink_or_of_one_row_is_named():
    with pytest.raises(ValueError, match="x must have ink in every image"):
        attributes.slant(-torch.ones(1, 16).double())
    with pytest.raises(ValueError, match="more than one row"):
        attributes.slant(torch.eye(16).double()[:1])
    with pytest.raises(ValueError, match="x must be of square images"):
        attributes.slant(torch.ones(1, 15).double())


def test_a_balanced_direction_does_not_see_the_class_and_a_naive_one_does():
    """One latent is the class, one the attribute; class 1 has more of the attribute."""
    labels = torch.arange(1000) % 2
    value = draw(1000) + 2 * labels
    codes = torch.stack([labels.double(), draw(1000)], 1)
    assert attributes.direction(codes, value)[0] > 0.8
    assert attributes.direction(codes, value, labels)[0] == 0
    by_hand = [codes[labels == c][value[labels == c].argsort()] for c in (0, 1)]
    mean = sum(part[-100:].mean(0) - part[:100].mean(0) for part in by_hand) / 2
    torch.testing.assert_close(attributes.direction(codes, value, labels), mean)


# --- paths -------------------------------------------------------------------------------------


def globe(z):
    """Longitude and latitude on the unit sphere."""
    a, b = z.unbind(1)
    return torch.stack([b.cos() * a.cos(), b.cos() * a.sin(), b.sin()], 1)


def polar(z):
    """Angle and log radius in the plane."""
    return z[:, 1:].exp() * torch.stack([z[:, 0].cos(), z[:, 0].sin()], 1)


def test_lengths_on_arc_and_ring_are_the_angles():
    ends = torch.tensor([[-1.3], [0.9]]).double()
    path = paths.straight(*ends, 2000)
    arc, ring = deep.arc(), deep.ring()
    assert paths.length(lambda z: arc(z).mean, path).item() == pytest.approx(2.2, abs=1e-6)
    angle = 2 * pi * torch.special.ndtr(ends).diff(dim=0).item()
    assert paths.length(lambda z: ring(z).mean, path).item() == pytest.approx(angle, abs=1e-5)


def test_the_shortest_path_on_a_globe_is_a_great_circle():
    start, end = torch.tensor([[-1.0, 0.6], [1.2, 0.5]]).double()
    line = paths.straight(start, end, 60)
    found = paths.shortest(globe, line)
    angle = (globe(start[None]) * globe(end[None])).sum().arccos()
    assert paths.length(globe, line) > angle + 0.1
    assert paths.length(globe, found).item() == pytest.approx(angle.item(), rel=1e-4)
    torch.testing.assert_close(found[[0, -1]], torch.stack([start, end]))


def test_where_the_decoder_only_bends_the_plane_the_shortest_path_is_straight_in_x():
    start, end = torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).double()
    found = paths.shortest(polar, paths.straight(start, end))
    assert paths.length(polar, found).item() == pytest.approx(2 * np.sin(1), rel=1e-6)
    torch.testing.assert_close(
        polar(found)[:, 0], torch.full((41,), np.cos(1)).double(), atol=1e-3, rtol=0
    )


def test_the_metric_gives_the_length_and_is_autograds():
    line = paths.straight(*torch.tensor([[-1.0, 0.6], [1.2, 0.5]]).double(), 500)
    middle, step = (line[1:] + line[:-1]) / 2, line.diff(dim=0)
    squares = torch.einsum("th,thk,tk->t", step, paths.metric(globe, middle), step)
    torch.testing.assert_close(squares.sqrt().sum(), paths.length(globe, line), rtol=1e-5, atol=0)
    exact = torch.stack([torch.diag(torch.stack([z[1].cos() ** 2, z[1] * 0 + 1])) for z in middle])
    torch.testing.assert_close(paths.metric(globe, middle), exact)


def test_the_sphere_keeps_norms():
    start, end = draw(20), draw(20, seed=1)
    path = paths.arc_between(start, end)
    lengths = torch.linspace(0, 1, 41).double() * (end.norm() - start.norm()) + start.norm()
    torch.testing.assert_close(path.norm(dim=1), lengths)
    torch.testing.assert_close(path[[0, -1]], torch.stack([start, end]))
    torch.testing.assert_close(paths.arc_between(start, 2 * start)[20], 1.5 * start)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: paths.arc_between(draw(3), 0 * draw(3)), "must not be the origin"),
        (lambda: paths.arc_between(draw(3), -draw(3)), "must not be opposite"),
        (lambda: paths.length(lambda z: z[:2], draw(5, 2)), "decode must give"),
        (lambda: paths.length(lambda z: z / 0, draw(5, 2)), "decode must give finite"),
        (lambda: paths.shortest(globe, draw(2, 2)), "path must have three points"),
        (lambda: attributes.direction(draw(4, 2), draw(4), share=0.6), "share must be above 0"),
        (lambda: attributes.direction(draw(4, 2), draw(4), share=0.2), "share must give one of 4"),
        (lambda: conditional.block_means(8, 3), "block must divide side"),
    ],
)
def test_bad_inputs_are_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


# --- on the digits -----------------------------------------------------------------------------


def test_the_digits_errors_are_those_of_the_lesson():
    train, test = data.digits()[:2]
    A = conditional.block_means(8, 2)
    y = test @ A.T
    repeat = (test - 4 * y @ A).square().sum(1).mean().item()
    assert repeat == pytest.approx(3.18, abs=5e-3)
    for H, error in ((2, 2.54), (5, 1.99), (10, 1.77), (20, 1.54), (30, 1.48), (40, 1.46)):
        found = conditional.given(ppca.fit(train, H), A, y)
        assert (test - found.mean).square().sum(1).mean().item() == pytest.approx(error, abs=6e-3)
    codes = pca.fit(train, 2).encode(train)
    assert attributes.direction(codes, attributes.slant(train)).shape == (2,)
