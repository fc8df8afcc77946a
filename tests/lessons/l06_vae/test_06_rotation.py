import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from shared_06 import description, few

from course_utils import ppca
from course_utils.lessons.l06_vae import plot_rotation, turned
from course_utils.lessons.l06_vae.rotation import diagonal_gap


@given(st.integers(0, 9999), st.floats(0.1, 2))
@few
def test_the_gap_is_the_least_kl_of_any_diagonal_gaussian(seed, sigma2):
    torch.manual_seed(seed)
    W = torch.randn(4, 2).double()
    posterior = ppca.PPCA(W, torch.zeros(4).double(), sigma2).posterior(torch.zeros(1, 4).double())
    log_variance = torch.zeros(2).double().requires_grad_()
    newton = torch.optim.LBFGS([log_variance], max_iter=100, line_search_fn="strong_wolfe")

    def kl():
        newton.zero_grad()
        q = torch.distributions.MultivariateNormal(posterior.mean, log_variance.exp().diag())
        value = torch.distributions.kl_divergence(q, posterior).sum()
        value.backward()
        return value

    newton.step(kl)
    assert diagonal_gap(W, sigma2).item() == pytest.approx(kl().item(), abs=1e-5)


def test_turning_leaves_the_evidence_alone_and_the_figure_can_be_read():
    torch.manual_seed(0)
    W, x = (
        torch.linalg.qr(torch.randn(5, 2).double())[0] * torch.tensor([2.0, 0.5]),
        torch.randn(3, 5),
    )
    mu = torch.zeros(5).double()
    one, other = (ppca.PPCA(V, mu, 0.3).log_evidence(x.double()) for V in (W, turned(W, 0.7)))
    torch.testing.assert_close(one, other)
    alt = description(lambda: plot_rotation(W, 0.3, diagonal_gap))
    assert "0.0000 nats at 0, 90" in alt and "at 45 degrees" in alt
