import torch
from hypothesis import given
from hypothesis import strategies as st
from shared_02 import few

from course_utils import pca, ppca
from course_utils.lessons.l02_ppca_posterior.closed_form import (
    best_log_likelihood,
    gain,
    shrinkage,
)


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
    factor = shrinkage(eigenvalues[:latent_dim], model.sigma2)
    U = U[:, :latent_dim]
    torch.testing.assert_close(model.W @ model.E @ U, U * factor, rtol=1e-6, atol=1e-9)


@given(fits())
@few
def test_the_gain_is_that_of_two_fits_and_never_negative(drawn):
    x, _ = drawn
    eigenvalues = pca.spectrum(x)[1]
    for h in range(1, len(eigenvalues) - 1):
        low, high = (ppca.fit(x, k).log_evidence(x).mean() for k in (h, h + 1))
        torch.testing.assert_close(gain(eigenvalues, h), high - low, rtol=1e-6, atol=1e-8)
        assert gain(eigenvalues, h) >= -1e-12


def test_nothing_is_gained_where_all_eigenvalues_left_out_are_equal():
    eigenvalues = torch.tensor([3.0, 0.7, 0.7, 0.7], dtype=torch.float64)
    assert gain(eigenvalues, 1).abs() < 1e-12


@given(fits(), st.floats(0.2, 5))
@few
def test_with_the_noise_given_no_other_w_is_better(drawn, ratio):
    x, latent_dim = drawn
    model, eigenvalues = ppca.fit(x, latent_dim), pca.spectrum(x)[1]
    at_fit = best_log_likelihood(eigenvalues, latent_dim, len(x), model.sigma2)
    torch.testing.assert_close(at_fit, model.log_evidence(x).sum())
    sigma2 = ratio * model.sigma2
    best = best_log_likelihood(eigenvalues, latent_dim, 1, sigma2)
    columns = (eigenvalues[:latent_dim] - sigma2).clamp(min=0).sqrt()
    W = pca.spectrum(x)[2][:, :latent_dim] * columns
    reached = ppca.PPCA(W, x.mean(0), sigma2).log_evidence(x).mean()
    torch.testing.assert_close(best, reached, rtol=1e-8, atol=1e-8)
    for _ in range(5):
        other = ppca.PPCA(W + 0.1 * torch.randn_like(W), x.mean(0), sigma2)
        assert other.log_evidence(x).mean() <= best + 1e-10


def test_with_as_many_latents_as_dimensions_the_noise_is_not_identified():
    full = torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64)
    at = [best_log_likelihood(full, 3, 1, sigma2).item() for sigma2 in (1e-6, 0.5, 1.0, 1.1)]
    assert at[0] == at[1] == at[2] > at[3]
    singular = torch.tensor([3.0, 2.0, 0.0], dtype=torch.float64)
    for latent_dim in (2, 3):  # rank S <= H < D, and rank S < D = H
        tight, loose = (best_log_likelihood(singular, latent_dim, 1, s) for s in (1e-12, 1e-6))
        assert tight > loose + 5
