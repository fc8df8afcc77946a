import torch
from pictures import drawn_texts, unreadable
from shared_02 import digits
from torch.distributions import MultivariateNormal

from course_utils import ppca
from course_utils.lessons.l02_ppca_posterior.filling import fill, plot_filled

SEEN = torch.arange(64) < 32


def test_filled_pixels_are_the_likeliest_given_the_seen_ones():
    torch.manual_seed(0)
    model = ppca.PPCA(torch.randn(5, 2).double(), torch.randn(5).double(), 0.3)
    x, seen = model.sample(4), torch.tensor([True, False, True, True, False])
    filled = fill(x, seen, model.W, model.mu, model.sigma2).requires_grad_()
    C = model.W @ model.W.T + model.sigma2 * torch.eye(5).double()
    MultivariateNormal(model.mu, C).log_prob(filled).sum().backward()
    assert filled.grad[:, ~seen].abs().max() < 1e-10
    assert torch.equal(filled[:, seen], x[:, seen])
    changed = torch.where(seen, x, 9.0)  # what is hidden must not matter
    torch.testing.assert_close(fill(changed, seen, model.W, model.mu, model.sigma2), filled.data)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    model, x = ppca.fit(digits().train, 20), digits().test[:10]
    with drawn_texts() as texts:
        picture = plot_filled(x, SEEN, fill(x, SEEN, model.W, model.mu, model.sigma2))
    assert not unreadable(texts)
    assert "10 digits" in picture.alt
