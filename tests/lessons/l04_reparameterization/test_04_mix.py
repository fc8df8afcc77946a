import torch

from course_utils.lessons.l04_reparameterization.mix import best_weight


def test_no_other_weight_has_less_variance():
    torch.manual_seed(0)
    eps = torch.randn(10_000, dtype=torch.float64)
    path, score = 2 * (1 + eps), (1 + eps) ** 2 * eps
    spread = torch.stack([path, score]).cov()
    c = best_weight(spread[0, 0], spread[1, 1], spread[0, 1])
    variances = [(w * path + (1 - w) * score).var() for w in (c - 0.01, c, c + 0.01)]
    assert variances[1] < variances[0] and variances[1] < variances[2]


def test_for_the_square_it_is_above_one():
    assert abs(best_weight(4.0, 30.0, 8.0) - 22 / 18) < 1e-12
