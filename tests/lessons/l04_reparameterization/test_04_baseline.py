import torch

from course_utils.lessons.l04_reparameterization.baseline import best_baseline, plot_scatter


def test_no_other_baseline_is_better_than_the_best():
    torch.manual_seed(0)
    eps = torch.randn(200_000, dtype=torch.float64)
    reward = (1 + eps) ** 2
    b = best_baseline(reward, eps)
    assert abs(b - 4) < 0.1
    second = [((reward - c) * eps).square().mean() for c in (b - 0.1, b, b + 0.1)]
    assert second[1] < second[0] and second[1] < second[2]


def test_the_figure_describes_itself_with_numbers():
    eps = torch.randn(5000, dtype=torch.float64)
    assert f"{(2 * eps).std():.1f}" in plot_scatter(2 * eps, eps**3).alt
