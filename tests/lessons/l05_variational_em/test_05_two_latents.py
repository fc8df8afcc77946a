import torch
from pictures import drawn_texts, unreadable
from torch.distributions import Independent, MultivariateNormal, Normal

from course_utils.lessons.l05_variational_em.two_latents import plot_two_latents


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    axis = torch.linspace(-3, 3, 61).double()
    sigma = torch.tensor([[0.3, 0.2], [0.2, 0.3]]).double()
    full = MultivariateNormal(torch.zeros(4, 2).double(), sigma.expand(4, 2, 2))
    nodes = torch.cartesian_prod(axis, axis)
    density = full.log_prob(nodes[:, None])[:, 2].exp().reshape(61, 61)
    diagonal = Independent(Normal(torch.zeros(4, 2).double(), 0.4 * torch.ones(4, 2).double()), 1)
    gaps = torch.tensor([[0.25, 0.5, 0.75, 0.5], [0.0, 0.125, 0.25, 0.125]])
    with drawn_texts() as texts:
        picture = plot_two_latents(2, density, axis, diagonal, full, gaps)
    assert not unreadable(texts)
    assert "0.500 nats" in picture.alt
