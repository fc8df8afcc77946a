import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from questions import ill_posed
from shared_05 import few, seeds
from torch.distributions import MultivariateNormal, kl_divergence

from course_utils.lessons.l05_variational_em.mean_field import (
    explore_mean_field,
    mean_field_variances,
    predict_mean_field,
    price_of_a_cut,
)


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_mean_field().poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_mean_field())


@given(seeds, st.integers(2, 5))
@few
def test_no_factorised_gaussian_is_closer_than_the_mean_field_variances(seed, H):
    torch.manual_seed(seed)
    root = torch.randn(H, H).double()
    posterior = MultivariateNormal(torch.zeros(H).double(), root @ root.T + 0.1 * torch.eye(H))
    variances = mean_field_variances(posterior.covariance_matrix)
    best = kl_divergence(
        MultivariateNormal(torch.zeros(H).double(), torch.diag(variances)), posterior
    )
    for size in (1e-3, 0.1, 1.0):
        other = variances * (size * torch.randn(H).double()).exp()
        mean = size * torch.randn(H).double()
        q = MultivariateNormal(mean, torch.diag(other))
        assert kl_divergence(q, posterior) >= best - 1e-12


@given(seeds, st.integers(1, 3))
@few
def test_the_price_of_a_cut_is_the_kl_of_the_best_blocks_and_none_is_closer(seed, cut):
    torch.manual_seed(seed)
    root, zeros = torch.randn(4, 4).double(), torch.zeros(4).double()
    posterior = MultivariateNormal(zeros, root @ root.T + 0.1 * torch.eye(4))
    precision = posterior.precision_matrix
    blocks = [precision[:cut, :cut].inverse(), precision[cut:, cut:].inverse()]
    price = price_of_a_cut(posterior.covariance_matrix, cut)
    best = kl_divergence(MultivariateNormal(zeros, torch.block_diag(*blocks)), posterior)
    torch.testing.assert_close(price, best)
    for block in blocks:
        block += 0.01 * torch.eye(len(block)).double()
    other = kl_divergence(MultivariateNormal(zeros, torch.block_diag(*blocks)), posterior)
    assert other > price


@pytest.fixture(scope="module")
def mean_field():
    return explore_mean_field()


@given(rho=st.floats(0, 0.97))
@few
def test_the_mean_field_explorer_shows_the_closed_form(mean_field, rho):
    posterior = MultivariateNormal(
        torch.zeros(2).double(), torch.tensor([[1, rho], [rho, 1]], dtype=torch.float64)
    )
    variances = mean_field_variances(posterior.covariance_matrix)
    q = MultivariateNormal(torch.zeros(2).double(), torch.diag(variances))
    frame = mean_field.frame(rho=rho, family="mean field")
    assert frame["variance"][1][0] == pytest.approx(variances[0].item(), abs=1e-9)
    assert frame["approximation"][1][0] == pytest.approx(
        kl_divergence(q, posterior).item(), abs=1e-9
    )
    free = mean_field.frame(rho=rho, family="full covariance")
    assert free["approximation"][1] == [0.0] and (free["q"][0] == free["truth"][0]).all()
