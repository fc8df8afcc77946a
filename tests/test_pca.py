from dataclasses import FrozenInstanceError

import pytest
import scipy.linalg
import sklearn.decomposition
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import data, pca

few = settings(deadline=None, max_examples=30, derandomize=True)


@st.composite
def tables(draw):
    """x (N, D) with correlated columns away from the origin, and a latent_dim."""
    num_points, data_dim = draw(st.integers(20, 60)), draw(st.integers(1, 8))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    x = torch.randn(num_points, data_dim, generator=generator, dtype=torch.float64)
    mix = torch.randn(data_dim, data_dim, generator=generator, dtype=torch.float64)
    mean = 10 * torch.randn(data_dim, generator=generator, dtype=torch.float64)
    return x @ mix + mean, draw(st.integers(1, data_dim))


def covariance(x):
    return x.T.cov(correction=0).reshape(x.shape[1], x.shape[1])


def orthonormal(rows, columns):
    return torch.linalg.qr(torch.randn(rows, columns, dtype=torch.float64)).Q


def identity(W):
    return torch.eye(W.shape[1], dtype=W.dtype)


def agrees_with_sklearn(x, latent_dim):
    ours = pca.fit(x, latent_dim)
    theirs = sklearn.decomposition.PCA(latent_dim, svd_solver="full").fit(x.numpy())
    axes = torch.from_numpy(theirs.components_)
    spectrum = torch.from_numpy(theirs.explained_variance_) * (len(x) - 1) / len(x)
    assert torch.allclose(ours.W @ ours.W.T, axes.T @ axes, atol=1e-6)
    assert torch.allclose(ours.eigenvalues[:latent_dim], spectrum, rtol=1e-6, atol=1e-9)
    assert torch.allclose(ours.mu, torch.from_numpy(theirs.mean_), atol=1e-9)
    z, sign = ours.encode(x), (ours.W * axes.T).sum(0).sign()
    assert torch.allclose(z * sign, torch.from_numpy(theirs.transform(x.numpy())), atol=1e-6)
    x_hat = torch.from_numpy(theirs.inverse_transform(theirs.transform(x.numpy())))
    assert torch.allclose(ours.decode(z), x_hat, atol=1e-6)
    assert torch.allclose(ours.reconstruct(x), x_hat, atol=1e-6)


@given(tables())
@few
def test_pca_is_scikit_learns(table):
    agrees_with_sklearn(*table)


@pytest.mark.parametrize("latent_dim", [1, 5, 30])
def test_pca_of_the_digits_is_scikit_learns(latent_dim):
    agrees_with_sklearn(data.digits().train, latent_dim)


@given(tables())
@few
def test_the_spectrum_diagonalises_the_sample_covariance(table):
    x, _ = table
    mu, eigenvalues, U = pca.spectrum(x)
    assert torch.allclose(mu, x.mean(0))
    assert (eigenvalues.diff() <= 0).all() and (eigenvalues >= 0).all()
    assert torch.allclose(U.T @ U, identity(U), atol=1e-10)
    assert torch.allclose(U * eigenvalues @ U.T, covariance(x), atol=1e-8)


@given(tables())
@few
def test_fit_takes_the_leading_part_of_the_spectrum(table):
    x, latent_dim = table
    model, (mu, eigenvalues, U) = pca.fit(x, latent_dim), pca.spectrum(x)
    assert model.W.equal(U[:, :latent_dim])
    assert model.mu.equal(mu)
    assert model.eigenvalues.equal(eigenvalues)


@given(tables())
@few
def test_the_largest_entry_of_every_column_is_positive(table):
    x, latent_dim = table
    W = pca.fit(x, latent_dim).W
    assert (W.amax(0) == W.abs().amax(0)).all()
    assert torch.allclose(pca.fit(-x, latent_dim).W, W, atol=1e-6)


@given(tables())
@few
def test_the_spectrum_does_not_see_rotations_and_shifts(table):
    x, _ = table
    moved = x @ orthonormal(x.shape[1], x.shape[1]) - 3
    assert torch.allclose(pca.spectrum(moved)[1], pca.spectrum(x)[1], atol=1e-8)


@given(tables())
@few
def test_encoding_undoes_decoding(table):
    x, latent_dim = table
    model, z = pca.fit(x, latent_dim), torch.randn(7, latent_dim, dtype=x.dtype)
    assert torch.allclose(model.encode(model.decode(z)), z)


@given(tables())
@few
def test_the_error_is_what_reconstruct_leaves(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    errors = [(a - b).square().sum() for a, b in zip(x, model.reconstruct(x), strict=True)]
    assert torch.allclose(pca.reconstruction_error(x, model.W), sum(errors) / len(x))


@given(tables())
@few
def test_the_error_of_an_orthonormal_W_is_the_trace_formula(table):
    x, latent_dim = table
    W = orthonormal(x.shape[1], latent_dim)
    residual = covariance(x) @ (identity(W.T) - W @ W.T)
    assert torch.allclose(pca.reconstruction_error(x, W), residual.trace(), atol=1e-9)


@given(tables())
@few
def test_the_least_error_is_the_sum_of_the_eigenvalues_left_out(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    left_out = model.eigenvalues[latent_dim:].sum()
    assert torch.allclose(pca.reconstruction_error(x, model.W), left_out, atol=1e-9)


@given(tables())
@few
def test_no_orthonormal_W_has_a_smaller_error(table):
    x, latent_dim = table
    least = pca.reconstruction_error(x, pca.fit(x, latent_dim).W)
    for _ in range(10):
        W = orthonormal(x.shape[1], latent_dim)
        assert pca.reconstruction_error(x, W) >= least - 1e-9


def test_the_error_of_any_W_is_its_definition():
    x, W = torch.randn(9, 3, dtype=torch.float64) + 5, torch.randn(3, 2, dtype=torch.float64)
    mean = sum(x) / 9
    errors = [((point - mean) - W @ (W.T @ (point - mean))).square().sum() for point in x]
    assert torch.allclose(pca.reconstruction_error(x, W), sum(errors) / 9)


def test_a_W_whose_projection_overflows_is_named():
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match="W must be smaller"):
        pca.reconstruction_error(x, 1e30 * torch.tensor([[1.0, 1.0], [1.0, -1.0]]))


@given(tables())
@few
def test_the_principal_angle_is_scipys_and_does_not_see_the_basis(table):
    x, latent_dim = table
    A, B = pca.fit(x, latent_dim).W, torch.randn(x.shape[1], latent_dim, dtype=x.dtype)
    degrees = torch.from_numpy(scipy.linalg.subspace_angles(A, B)).max().rad2deg()
    assert torch.allclose(pca.principal_angle(A, B), degrees, atol=1e-5)
    assert torch.allclose(pca.principal_angle(B, A), degrees, atol=1e-5)
    mix = orthonormal(latent_dim, latent_dim) + 2 * torch.eye(latent_dim, dtype=x.dtype)
    assert pca.principal_angle(B, B @ mix) < 1e-6


@pytest.mark.parametrize("degrees", [0.0, 1e-9, 30.0, 90.0])
def test_the_principal_angle_of_a_turned_line_is_the_turn(degrees):
    turn = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    A, B = torch.tensor([[1.0], [0.0]]).double(), torch.stack([turn.cos(), turn.sin()])[:, None]
    assert pca.principal_angle(A, B).item() == pytest.approx(degrees, rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(40, 6), (4, 6)])
def test_rank_deficient_data_ends_in_zeros(dtype, shape):
    x = torch.randn(shape[0], 2, dtype=dtype) @ torch.randn(2, shape[1], dtype=dtype) + 1
    for latent_dim in range(2, 7):
        model = pca.fit(x, latent_dim)
        assert (model.eigenvalues >= 0).all()
        assert model.eigenvalues[2:].max() < 1e-5 * model.eigenvalues[0]
        assert torch.allclose(model.W.T @ model.W, identity(model.W), atol=1e-5)
        assert torch.allclose(model.reconstruct(x), x, atol=1e-5)


@pytest.mark.parametrize("num_points", [1, 3])
def test_data_that_does_not_vary_has_a_spectrum_of_zeros(num_points):
    x = torch.full((num_points, 2), 0.1, dtype=torch.float64)
    model = pca.fit(x, 1)
    assert torch.allclose(model.eigenvalues, torch.zeros(2, dtype=x.dtype))
    assert torch.allclose(model.reconstruct(x), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_of_x_is_kept(dtype):
    x = torch.randn(20, 3, dtype=dtype)
    model = pca.fit(x, 2)
    results = (model.W, model.mu, model.eigenvalues, model.encode(x), model.reconstruct(x))
    assert {result.dtype for result in results} == {dtype}
    assert pca.reconstruction_error(x, model.W).dtype == dtype


def test_a_fitted_model_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        pca.fit(torch.randn(20, 3), 2).mu = torch.zeros(3)


def far_away():
    """Points with eigenvalues from 1 to 1e-4 whose mean is 1e6: exact in float32, and moved back."""
    near = (torch.randn(4096, 3) * torch.tensor([8.0, 4.0, 2.0])).round()
    return near + 2**20, near.double()


def test_an_offset_of_a_million_in_float32_leaves_mean_spectrum_and_error_alone():
    x, near = far_away()
    mu, centred = pca.centre(x)
    assert torch.allclose(centred.double(), near - near.mean(0), atol=1e-3)
    assert torch.allclose(mu.double() - 2**20, near.mean(0), atol=0.1)
    torch.testing.assert_close(
        pca.spectrum(x)[1].double(), pca.spectrum(near)[1], rtol=1e-5, atol=0
    )
    W = pca.fit(near, 1).W
    torch.testing.assert_close(
        pca.reconstruction_error(x, W.float()).double(),
        pca.reconstruction_error(near, W),
        rtol=1e-4,
        atol=0,
    )


def test_small_eigenvalues_of_float32_data_are_those_of_float64():
    x = torch.randn(2000, 20) * torch.logspace(0, -3.5, 20)
    rotated = x @ orthonormal(20, 20).float()
    torch.testing.assert_close(
        pca.spectrum(rotated)[1].double(), pca.spectrum(rotated.double())[1], rtol=1e-6, atol=0
    )
