from math import log

import pytest
import torch
from pictures import faults
from questions import ill_posed

from course_utils.lessons.l05_variational_em.ring import explore_ring, poll_seam, predict_ring
from course_utils.lessons.l05_variational_em.truth import Z, ring_posterior, ring_table


def test_its_questions_have_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_ring().poll, poll_seam())


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_ring())


def test_round_the_ring_the_evidence_stays_and_the_gap_is_symmetric():
    table = ring_table()
    assert (table.evidence - table.evidence[0]).abs().max() < 1e-6
    gap = table.evidence - table.elbo
    torch.testing.assert_close(gap, gap.flip(0), rtol=0, atol=1e-5)
    assert gap[0] > log(2) and gap[180] < 1e-4
    assert gap[10].item() == pytest.approx(0.132, abs=1e-3)
    frame = explore_ring().frame(degrees=10)
    assert frame["approximation"][1] + frame["approximation"][3] == pytest.approx(
        table.evidence[10].item()
    )
    assert frame["elbo"][1] + frame["elbo"][3] == pytest.approx(table.elbo[10].item())
    width = Z[1] - Z[0]
    assert (ring_posterior(77.0) * width).sum() == pytest.approx(1, abs=1e-6)
