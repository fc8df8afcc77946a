import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import drawn_texts, unreadable
from shared_02 import few
from torch.distributions import Normal

from course_utils import exact
from course_utils.lessons.l02_ppca_posterior.curved_decoder import plot_curved, posterior_sd


@given(st.floats(-2, 2), st.floats(0.05, 1))
@few
def test_posterior_sd_is_that_of_a_bell(mean, scale):
    grid = torch.linspace(-9, 9, 2001, dtype=torch.float64)
    density = Normal(mean, scale).log_prob(grid).exp()[None]
    torch.testing.assert_close(posterior_sd(grid, density).item(), scale, rtol=1e-6, atol=0)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    grid = torch.linspace(-5, 5, 2001, dtype=torch.float64)
    pair = torch.tensor([[0.8, 0.6], [0.03, 0.02]], dtype=torch.float64)

    def log_joint(z):
        decoded = torch.cat([z.cos(), z.sin()], 1)
        return -(pair[:, None] - decoded).square().sum(-1) / (2 * 0.3**2) - z[:, 0] ** 2 / 2

    with drawn_texts() as texts:
        picture = plot_curved(grid, pair, exact.posterior(log_joint, grid))
    assert not unreadable(texts)
    assert "0.29" in picture.alt
