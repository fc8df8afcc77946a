import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import em, ppca
from course_utils.lessons.l03_em_elbo.em_for_ppca import m_step_noise, ppca_elbo

few = settings(deadline=None, max_examples=25, derandomize=True)


@given(st.integers(0, 9999))
@few
def test_the_ppca_references_are_those_of_em(seed):
    torch.manual_seed(seed)
    model = ppca.PPCA(torch.randn(4, 2).double(), torch.randn(4).double(), 0.7)
    x, q = model.sample(30), None
    q = em.e_step(model, x)
    G = q.covariance_matrix[0]
    ours = ppca_elbo(x, model.W, model.mu, model.sigma2, q.mean + 0.2, 1.5 * G)
    wide = torch.distributions.MultivariateNormal(q.mean + 0.2, 1.5 * G)
    torch.testing.assert_close(ours, em.elbo(model, wide, x))
    centred = x - x.mean(0)
    start = ppca.PPCA(model.W, torch.zeros(4).double(), model.sigma2)
    q = em.e_step(start, centred)
    fitted = em.m_step(centred, q)
    noise = m_step_noise(centred, fitted.W, q.mean, q.covariance_matrix[0])
    torch.testing.assert_close(noise.mean().item(), fitted.sigma2)


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
