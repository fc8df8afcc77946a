import re

import pytest
import torch
from pictures import faults
from shared_02 import well_posed

from course_utils.lessons.l02_ppca_posterior.units import cloud, explore_units, predict_units


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_units())


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_line_ends_at_a_regression(factor):
    x = cloud()
    S = x.T.cov(correction=0)
    slopes = {0.01: S[0, 1] / S[0, 0], 100.0: S[1, 1] / S[0, 1]}
    ends, heights = explore_units().frame(factor=factor)["line"]
    slope = (heights[1] - heights[0]) / (ends[1] - ends[0])
    assert slope == pytest.approx(slopes[factor].item(), rel=1e-3)


def test_the_noise_shown_is_in_the_old_unit():
    frame = explore_units().frame(factor=10.0)
    first, second = (float(v) for v in re.findall(r"[\d.]+", frame["numbers"])[:2])
    assert first == pytest.approx(10 * second, rel=0.1)


def test_the_question_has_one_right_answer():
    assert well_posed(predict_units().poll)
    assert torch.equal(cloud(), cloud())
