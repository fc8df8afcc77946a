import torch
from hypothesis import given
from hypothesis import strategies as st
from shared_02 import few

from course_utils import ppca
from course_utils.kit.examine import examine
from course_utils.kit.exercise import EXERCISES
from course_utils.lessons.l02_ppca_posterior.algebra import posterior


def half_filled(x, W, mu, noise):
    precision = torch.eye(W.shape[1]) + W.T @ (W / noise[:, None])
    covariance = torch.linalg.inv(precision)
    mean = ...
    return mean, covariance


def test_half_filled_blanks_are_open():
    assert examine(EXERCISES["02.1"], half_filled).kind == "open"


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
def test_posterior_is_that_of_ppca(drawn):
    model, x = drawn
    noise = torch.full_like(model.mu, model.sigma2)
    mean, covariance = posterior(x, model.W, model.mu, noise)
    theirs = model.posterior(x)
    torch.testing.assert_close(mean, theirs.mean)
    torch.testing.assert_close(covariance, theirs.covariance_matrix[0])
    C = model.W @ model.W.T + noise.diag()
    torch.testing.assert_close(model.E, model.W.T @ torch.linalg.inv(C))  # M^-1 W^T = W^T C^-1


@given(models(), st.floats(0.1, 10))
@few
def test_posterior_of_factor_analysis_is_that_of_the_joint_gaussian_in_any_units(drawn, factor):
    model, x = drawn
    noise = torch.rand_like(model.mu) + 0.05
    mean, covariance = posterior(x, model.W, model.mu, noise)
    C = model.W @ model.W.T + noise.diag()
    torch.testing.assert_close(mean, (x - model.mu) @ torch.linalg.solve(C, model.W))
    shrunk = torch.eye(model.W.shape[1]).double() - model.W.T @ torch.linalg.solve(C, model.W)
    torch.testing.assert_close(covariance, shrunk)
    unit = torch.ones_like(noise)
    unit[0] = factor
    other = posterior(x * unit, model.W * unit[:, None], model.mu * unit, noise * unit**2)
    torch.testing.assert_close((mean, covariance), other)
