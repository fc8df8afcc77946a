import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_06 import few
from torch.distributions import MultivariateNormal, Normal

from course_utils import ppca, vae
from course_utils.lessons.l06_vae.linear_vae import (
    fit_linear,
    kl_of_units,
    linear_elbo,
    same_moments,
)


@given(st.integers(0, 9999), st.floats(0.1, 2))
@few
def test_the_linear_elbo_is_the_expectation_over_z(seed, beta):
    torch.manual_seed(seed)
    encoder, decoder = vae.Encoder(3, 2).double(), vae.Decoder(2, 3, sigma2=0.4).double()
    x = torch.randn(4, 3).double()
    with torch.no_grad():
        q, W = encoder(x), decoder.network[0].weight
        kl = torch.distributions.kl_divergence(q.base_dist, Normal(0.0, 1.0)).sum(1)
        # E log N(x | Wz + mu, s I) = log N(x | Wm + mu, s I) - Tr[W V W^T] / 2s
        spread = torch.einsum("dh,nh,dh->n", W, q.variance, W) / (2 * decoder.sigma2)
        at_mean = MultivariateNormal(decoder(q.mean).mean, decoder.sigma2 * torch.eye(3).double())
        expected = at_mean.log_prob(x) - spread - beta * kl
        ours = linear_elbo(x, encoder, decoder, beta)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 99))
@settings(few, max_examples=3)
def test_the_linear_vae_ends_at_ppca(seed):
    torch.manual_seed(seed)
    scales = torch.tensor([2.0, 1.2, 0.5, 0.4]).double()
    x = torch.randn(300, 4).double() * scales
    encoder, decoder = vae.Encoder(4, 2).double(), vae.Decoder(2, 4, sigma2=0.5).double()
    fit_linear(x, encoder, decoder)
    learned = linear_elbo(x, encoder, decoder).mean().item()
    closed = ppca.fit(x, 2)
    assert learned == pytest.approx(closed.log_evidence(x).mean().item(), abs=1e-3)
    W = decoder.network[0].weight.detach()
    assert (W.T @ W)[0, 1].abs() < 0.02 * (W.T @ W).diagonal().max()  # a diagonal q sees the axes


@given(st.integers(0, 9999))
@few
def test_few_points_have_the_mean_and_covariance_of_many(seed):
    torch.manual_seed(seed)
    x = torch.randn(9, 4).double() @ torch.randn(4, 4).double() + 1
    points = same_moments(x)
    assert len(points) == 8
    torch.testing.assert_close(points.mean(0), x.mean(0))
    torch.testing.assert_close(points.T.cov(correction=0), x.T.cov(correction=0))


def test_a_unit_below_the_line_has_no_kl_left():
    torch.manual_seed(0)
    x = torch.randn(300, 3).double() * torch.tensor([2.0, 0.3, 0.2]).double()
    encoder, decoder = vae.Encoder(3, 2).double(), vae.Decoder(2, 3, (), "fixed", 0.5).double()
    fit_linear(x, encoder, decoder)
    kl = kl_of_units(x, encoder).sort(descending=True).values
    assert kl[0] > 0.5 and kl[1] < 1e-3
