import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from shared_05 import few, seeds
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from course_utils import deep, vem
from course_utils.lessons.l05_variational_em.algorithm import draw_model, local_elbo


@given(seeds)
@few
def test_the_local_elbo_averages_to_the_exact_one(seed):
    torch.manual_seed(seed)
    x, model = torch.randn(4, 3).double(), deep.Decoder(1, 3, (6,), sigma2=0.5).double()
    mu, sigma = torch.randn(4, 1).double(), 0.3 * torch.randn(4, 1).double().exp()
    eps = torch.randn(4000, 4, 1).double()
    ours = local_elbo(lambda z: model(z).log_prob(x), mu, sigma[..., None], eps).detach()
    q = Independent(Normal(mu, sigma), 1)
    exact = vem.exact_elbo(x, q, model, 40).detach()
    with torch.no_grad():
        error = model(mu + sigma * eps).log_prob(x).std(0) / 4000**0.5
    assert ((ours - exact).abs() < 5 * error + 1e-6).all()


def test_a_full_covariance_costs_what_torch_says():
    torch.manual_seed(0)
    mu, factor = torch.randn(4, 3).double(), torch.randn(4, 3, 3).double().tril()
    factor.diagonal(dim1=1, dim2=2).abs_().add_(0.1)
    q = MultivariateNormal(mu, scale_tril=factor)
    prior = MultivariateNormal(torch.zeros(3).double(), torch.eye(3).double())
    ours = local_elbo(lambda z: z.sum(-1), mu, factor, torch.zeros(1, 4, 3).double())
    torch.testing.assert_close(ours, mu.sum(1) - kl_divergence(q, prior))


def test_the_drawing_of_the_model_can_be_read():
    with drawn_texts() as texts:
        picture = draw_model()
    assert not unreadable(texts)
    assert "row n of a table" in picture.alt
