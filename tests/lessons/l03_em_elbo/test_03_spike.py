from math import log

import pytest
from pictures import faults
from shared_03 import well_posed

from course_utils.lessons.l03_em_elbo.spike import POINTS, explore_spike, predict_spike, spiked


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_spike())


def test_ten_times_narrower_is_log_10_more_likely():
    wide, narrow = (spiked(scale).log_evidence(POINTS).sum().item() for scale in (1e-3, 1e-4))
    assert narrow - wide == pytest.approx(log(10), abs=1e-3)


def test_the_question_has_one_right_answer():
    assert well_posed(predict_spike().poll)
