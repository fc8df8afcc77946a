import torch
from torch.distributions import Normal

from course_utils.lessons.l04_reparameterization.diagnose import diagnose


def test_the_three_means_are_those_of_many_runs():
    torch.manual_seed(0)
    mu = torch.full((100_000,), 0.7, dtype=torch.float64, requires_grad=True)
    q = Normal(mu, 1.3)
    z, moving = q.sample((3,)), q.rsample((3,))
    values = [
        z**2 * q.log_prob(z),
        (moving**2).detach() * q.log_prob(moving),
        (z**2 - (z**2).mean(0)) * q.log_prob(z),
    ]
    for value, expected in zip(values, diagnose(0.7, 3), strict=True):
        (slopes,) = torch.autograd.grad(value.mean(0).sum(), mu, retain_graph=True)
        assert abs(slopes.mean() - expected) < 4 * slopes.std() / len(mu) ** 0.5 + 1e-9
