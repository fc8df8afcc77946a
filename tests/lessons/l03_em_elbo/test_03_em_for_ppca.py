import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import em, ppca
from course_utils.lessons.l03_em_elbo.em_for_ppca import m_step_W, ppca_elbo

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
    W = m_step_W(centred, q.mean, q.covariance_matrix[0])
    torch.testing.assert_close(W, em.m_step(centred, q).W)
