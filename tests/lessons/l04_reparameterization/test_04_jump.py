import torch
from shared_04 import under

from course_utils.lessons.l04_reparameterization.jump import plot_jump, with_jump


def test_its_mean_is_the_gradient_of_the_average_in_both_parameters():
    at, height, mu, scale, step = 0.3, 2.0, 0.8, 0.7, 1e-3

    def average(mean, width):
        """E[sin z + height * (z > at)], the jump by the normal distribution function."""
        _, smooth = under(mean, width)
        z, _ = under(mean, width)
        beyond = torch.distributions.Normal(0.0, 1.0).cdf(
            torch.tensor((mean - at) / width).double()
        )
        return smooth(z.sin()) + height * beyond.item()

    exact = [
        (average(mu + step, scale) - average(mu - step, scale)) / (2 * step),
        (average(mu, scale + step) - average(mu, scale - step)) / (2 * step),
    ]
    z, under_q = under(mu, scale)
    parts = with_jump(torch.cos, at, height, mu, scale, (z - mu) / scale)
    for part, truth in zip(parts, exact, strict=True):
        assert abs(under_q(part) - truth) < 1e-5


def test_the_figure_describes_itself_with_numbers():
    crosses = torch.special.ndtr(torch.tensor(-1.0)) - torch.special.ndtr(torch.tensor(-1.4))
    assert f"{crosses:.3f}" in plot_jump().alt and "0.242" in plot_jump().alt
