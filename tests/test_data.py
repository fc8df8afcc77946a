import math
import socket

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, kstest
from sklearn.datasets import load_digits, make_moons

from course_utils import data

SIMULATED = {"sine": 1, "arc": 2, "ring": 2, "two_moons": 2, "checkerboard": 2}  # name: D
NOISY = ["sine", "arc", "ring", "two_moons"]


@pytest.fixture(params=SIMULATED)
def draw(request):
    return getattr(data, request.param)


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.parametrize("num_points", [1, 2, 7])
def test_a_sample_is_x_N_D_and_z_N_1_in_float64(name, num_points):
    x, z = getattr(data, name)(num_points)
    assert x.shape == (num_points, SIMULATED[name])
    assert z.shape == (num_points, 1)
    assert x.dtype == z.dtype == torch.float64
    assert x.isfinite().all()


def test_the_seed_decides_the_points(draw):
    for a, b in zip(draw(50, seed=3), draw(50, seed=3), strict=True):
        assert a.equal(b)
    assert not draw(50, seed=3).x.equal(draw(50, seed=4).x)


def test_the_callers_random_state_is_left_alone(draw):
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1]
    draw(50)
    assert torch.get_rng_state().equal(before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


@pytest.mark.parametrize("name", NOISY)
def test_the_noise_is_standard_normal_times_its_standard_deviation(name):
    draw = getattr(data, name)
    clean, noisy = draw(20_000, noise=0.0), draw(20_000, noise=0.3)
    assert clean.z.equal(noisy.z)
    assert kstest((noisy.x - clean.x).flatten() / 0.3, "norm").pvalue > 0.01


@pytest.mark.parametrize("name", ["sine", "arc", "ring"])
def test_the_latent_is_standard_normal(name):
    assert kstest(getattr(data, name)(20_000).z[:, 0], "norm").pvalue > 0.01


@pytest.mark.parametrize("name", ["sine", "arc", "ring"])
def test_latent_and_noise_are_independent(name):
    draw = getattr(data, name)
    eps = draw(20_000, noise=1.0).x - draw(20_000, noise=0.0).x
    correlation = torch.cat([draw(20_000).z, eps], 1).T.corrcoef()
    assert (correlation - torch.eye(len(correlation))).abs().max() < 0.03


def test_sine_without_noise_is_the_sine_of_z():
    x, z = data.sine(100, noise=0.0)
    assert x.equal(z.sin())


def test_sine_leaves_the_noise_variance_as_residual():
    x, z = data.sine(20_000, noise=0.1)
    assert (x - z.sin()).var().item() == pytest.approx(0.01, rel=0.03)


def test_arc_has_angle_z_and_radius_1_to_the_noise():
    x, z = data.arc(20_000, noise=0.0)
    assert torch.allclose(torch.atan2(x[:, 1], x[:, 0]), torch.atan2(z.sin(), z.cos())[:, 0])
    radius = data.arc(20_000, noise=0.05).x.norm(dim=1)
    assert (radius - 1).std().item() == pytest.approx(0.05, rel=0.03)


def test_ring_has_a_uniform_angle_and_radius_1_to_the_noise():
    x, z = data.ring(20_000, noise=0.0)
    turn = torch.atan2(x[:, 1], x[:, 0]).remainder(2 * math.pi) / (2 * math.pi)
    assert kstest(turn, "uniform").pvalue > 0.01
    assert torch.allclose(turn, torch.distributions.Normal(0, 1).cdf(z[:, 0]))
    radius = data.ring(20_000, noise=0.05).x.norm(dim=1)
    assert (radius - 1).std().item() == pytest.approx(0.05, rel=0.03)


def test_two_moons_are_two_half_circles_told_apart_by_z():
    x, z = data.two_moons(1001, noise=0.0)
    upper, lower = x[z[:, 0] == 0], x[z[:, 0] == 1]
    assert sorted([len(upper), len(lower)]) == [500, 501]
    assert torch.allclose(upper.norm(dim=1), torch.ones(len(upper), dtype=x.dtype))
    centre = torch.tensor([1.0, 0.5], dtype=x.dtype)
    assert torch.allclose((lower - centre).norm(dim=1), torch.ones(len(lower), dtype=x.dtype))
    assert (upper[:, 1] >= -1e-12).all()
    assert (lower[:, 1] <= 0.5 + 1e-12).all()


@pytest.mark.parametrize(
    ("num_points", "noise", "seed"), [(1, 0.0, 3), (7, 0.1, 0), (1000, 0.2, 1)]
)
def test_two_moons_are_scikit_learns(num_points, noise, seed):
    x, label = make_moons(num_points, noise=noise, random_state=seed)
    ours = data.two_moons(num_points, noise, seed)
    assert np.array_equal(ours.x, x) and np.array_equal(ours.z[:, 0], label)


def test_checkerboard_is_uniform_on_every_other_square():
    x, z = data.checkerboard(20_000)
    assert x.min() >= -4 and x.max() <= 4
    column, row = ((x + 4) // 2).long().unbind(1)
    assert ((column + row) % 2 == 0).all()  # square 0, bottom left, is one of them
    assert (2 * row + column // 2).equal(z[:, 0].long())
    counts = torch.bincount(z[:, 0].long(), minlength=8)
    assert chisquare(counts).pvalue > 0.01
    for axis in (0, 1):
        assert kstest((x[:, axis] % 2) / 2, "uniform").pvalue > 0.01


def test_digits_are_split_as_documented():
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(1797)
    digits = data.digits()
    assert np.array_equal(digits.train, images[order[:1400]] / 16)
    assert np.array_equal(digits.test, images[order[1400:]] / 16)
    assert np.array_equal(digits.train_labels, labels[order[:1400]])
    assert np.array_equal(digits.test_labels, labels[order[1400:]])


def test_digits_have_the_documented_shapes_dtypes_and_range():
    train, test, train_labels, test_labels = data.digits()
    assert train.shape == (1400, 64) and test.shape == (397, 64)
    assert train.dtype == test.dtype == torch.float64
    assert train_labels.shape == (1400,) and test_labels.shape == (397,)
    assert train_labels.dtype == test_labels.dtype == torch.int64
    assert train_labels.unique().tolist() == list(range(10))
    pixels = torch.cat([train, test])
    assert (pixels.min(), pixels.max()) == (0, 1)


def test_three_pixels_of_the_digits_are_always_0_and_the_rank_is_61():
    digits = data.digits()
    pixels = torch.cat([digits.train, digits.test])
    assert (pixels == 0).all(0).sum() == 3
    assert torch.linalg.matrix_rank(pixels.T.cov()) == 61


def test_no_data_set_uses_the_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data.digits()
    data.two_moons(10)
