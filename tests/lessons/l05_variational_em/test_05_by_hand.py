import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from questions import ill_posed
from shared_05 import few

from course_utils.lessons.l05_variational_em.by_hand import explore_by_hand, predict_by_hand
from course_utils.lessons.l05_variational_em.truth import ring_table


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_by_hand().poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_by_hand())


@pytest.fixture(scope="module")
def by_hand():
    return explore_by_hand()


@given(mean=st.floats(-3, 3), scale=st.floats(0.03, 1.9), fives=st.integers(0, 36))
@few
def test_no_q_of_yours_crosses_the_line(by_hand, mean, scale, fives):
    frame = by_hand.frame(mean=mean, scale=scale, degrees=5 * fives)
    evidence = ring_table().evidence[0]
    assert frame["slice"][1].max() < evidence
    assert frame["here"][1][0] < evidence


def test_your_q_stands_on_its_curve(by_hand):
    frame = by_hand.frame(mean=-2.0, scale=0.3, degrees=20)
    means, bounds = frame["slice"]
    at = (means + 2.0).abs().argmin()
    assert bounds[at].item() == pytest.approx(frame["here"][1][0], abs=1e-9)


def test_your_q_and_its_curve_are_in_sight_at_every_corner(by_hand):
    lowest, highest = by_hand.artists["slice"].axes.get_ylim()
    for corner in by_hand.corners():
        frame = by_hand.frame(**corner)
        assert lowest < frame["slice"][1].min() and frame["here"][1][0] < highest
        assert lowest < frame["here"][1][0]
