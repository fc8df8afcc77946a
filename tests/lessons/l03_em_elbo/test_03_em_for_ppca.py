import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import em, ppca
from course_utils.lessons.l03_em_elbo.em_for_ppca import m_step_noise, round_q

few = settings(deadline=None, max_examples=25, derandomize=True)


@given(st.integers(0, 9999))
@few
def test_the_noise_is_that_of_em(seed):
    torch.manual_seed(seed)
    model = ppca.PPCA(torch.randn(4, 2).double(), torch.randn(4).double(), 0.7)
    x = model.sample(30)
    centred = x - x.mean(0)
    start = ppca.PPCA(model.W, torch.zeros(4).double(), model.sigma2)
    q = em.e_step(start, centred)
    fitted = em.m_step(centred, q)
    noise = m_step_noise(centred, fitted.W, q.mean, q.covariance_matrix[0])
    torch.testing.assert_close(noise.mean().item(), fitted.sigma2)


@given(st.integers(0, 9999))
@few
def test_the_round_q_is_the_best_and_its_gap_that_of_em(seed):
    torch.manual_seed(seed)
    model = ppca.PPCA(torch.randn(4, 2).double(), torch.randn(4).double(), 0.7)
    x = model.sample(30)
    v, gap = round_q(model.W, model.sigma2)

    def bound(v):
        q = torch.distributions.MultivariateNormal(
            em.e_step(model, x).mean, v * torch.eye(2).double()
        )
        return em.elbo(model, q, x)

    torch.testing.assert_close(model.log_evidence(x) - bound(v), gap.expand(30))
    assert all((bound(v) > bound(factor * v)).all() for factor in (0.5, 0.99, 1.01, 2))


def test_orthogonal_columns_of_one_length_leave_no_gap():
    v, gap = round_q(torch.tensor([[2.0, 0], [0, 2.0], [0, 0]]).double(), 0.5)
    assert v.item() == pytest.approx(1 / 9) and gap.abs() < 1e-12


@given(st.integers(0, 9999))
@few
def test_no_other_noise_is_better(seed):
    torch.manual_seed(seed)
    x, W, mean = (torch.randn(*size).double() for size in ((20, 3), (3, 2), (20, 2)))
    covariance = torch.cov(torch.randn(2, 9).double())
    log_noise = m_step_noise(x, W, mean, covariance).log().requires_grad_()
    draws = torch.distributions.MultivariateNormal(mean, covariance)
    # E (x - Wz)^2 by a quadrature that is exact for squares: z = m +- sqrt(H) L e_i
    roots = 2**0.5 * draws.scale_tril[0]
    nodes = torch.stack([mean + sign * roots[:, i] for i in (0, 1) for sign in (1, -1)])
    squares = (x - nodes @ W.T).square().mean(0)
    (-log_noise / 2 - squares / (2 * log_noise.exp())).sum().backward()
    assert log_noise.grad.abs().max() < 1e-9
