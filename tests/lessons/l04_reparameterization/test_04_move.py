import torch
from torch.distributions import Normal

from course_utils import gradients
from course_utils.lessons.l04_reparameterization.move import elbo_gradient, plot_noise_to_samples


def test_elbo_gradient_is_the_maths_layers():
    seen = []
    mu, log_variance = torch.tensor([0.5, 0.4], dtype=torch.float64)
    q = Normal(mu, (log_variance / 2).exp())
    theirs = gradients.pathwise(lambda z: seen.append(z.detach()) or z.sin(), q, 40, entropy=True)
    ours = elbo_gradient(torch.cos, mu, log_variance, (seen[0] - mu) / q.scale)
    torch.testing.assert_close(ours, (theirs["loc"], theirs["scale"] * q.scale / 2))


def test_the_figure_describes_itself_with_numbers():
    assert "1.28" in plot_noise_to_samples().alt
