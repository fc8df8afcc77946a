import math

import pytest
import torch
from pictures import faults

from course_utils.lessons.l02_ppca_posterior.shrinking import explore_collapse
from course_utils.lessons.l02_ppca_posterior.toy_model import toy


@pytest.fixture(scope="module")
def points():
    torch.manual_seed(0)
    return toy(0.5).sample(15)


@pytest.fixture(scope="module")
def explorer(points):
    return explore_collapse(points)


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@pytest.mark.parametrize("sigma2", [1e-4, 0.5, 10.0])
def test_posteriors_shrink_the_scores_by_one_factor(explorer, points, sigma2):
    frame = explorer.frame(sigma2=sigma2)
    scores, means = frame["points"]
    torch.testing.assert_close(scores, points.mean(1))  # least squares with w = (1, 1)
    torch.testing.assert_close(means, 2 / (2 + sigma2) * scores)
    assert frame["factor"] == f"factor {2 / (2 + sigma2):.3f}"
    bars = torch.as_tensor(frame["bars"])
    half = 2 * math.sqrt(sigma2 / (2 + sigma2))
    torch.testing.assert_close(bars[:, 0, 1], means - half)
    torch.testing.assert_close(bars[:, 1, 1], means + half)
