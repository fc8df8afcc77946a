import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import faults
from shared_03 import well_posed

from course_utils import em, ppca
from course_utils.lessons.l03_em_elbo.e_and_m import (
    explore_steps,
    pair_e_step,
    poll_m_step,
    predict_steps,
    stepper_data,
)
from course_utils.mixture import Mixture

few = settings(deadline=None, max_examples=25, derandomize=True)


@pytest.fixture(scope="module")
def explorer():
    return explore_steps()


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


def test_its_numbers_have_true_minus_signs(explorer):
    frame = explorer.frame(moves="E")
    labels = [frame[name] for name in ("elbo_label", "evidence_label", "bound_label")]
    assert all("−" in label and "-" not in label for label in labels)


@given(moves=st.text("EM", max_size=8))
@few
def test_e_moves_only_the_bound_and_m_never_lowers_it(explorer, moves):
    x, frame = stepper_data(), explorer.frame(moves=moves)
    evidence, bound = frame["evidence"][1], frame["bound"][1]
    for n, move in enumerate(moves):
        assert bound[n + 1] >= bound[n] - 1e-10
        if move == "E":
            assert evidence[n + 1] == evidence[n]
            assert bound[n + 1] == pytest.approx(evidence[n + 1], abs=1e-10)
        elif n and moves[n - 1] == "M":
            assert bound[n + 1] == pytest.approx(bound[n], abs=1e-10)
    best = ppca.fit(x, 1).log_evidence(x).mean().item()
    assert max(evidence) <= best + 1e-10


@given(st.integers(0, 9999))
@few
def test_a_pair_with_one_label_is_one_point_of_more_dimensions(seed):
    torch.manual_seed(seed)
    weights, means, sigma2 = (torch.rand(3, *size).double() + 0.1 for size in ((), (2,), ()))
    weights = weights / weights.sum()
    alone, joined = (Mixture(weights, m, sigma2) for m in (means, torch.cat([means, means], 1)))
    x = torch.randn(20, 4).double()
    first, second = (alone.log_joint(part) - weights.log() for part in x.split(2, 1))
    q = pair_e_step(weights.log(), first, second)
    torch.testing.assert_close(q, em.e_step(joined, x).probs)


def test_every_question_has_one_right_answer_and_every_option_a_reason():
    assert well_posed(poll_m_step()) and well_posed(predict_steps().poll)


@given(moves=st.text("EM", max_size=8))
@few
def test_an_m_step_raises_the_top_by_the_bound_less_the_old_gap_or_more(explorer, moves):
    frame = explorer.frame(moves=moves + "M")
    top, bound = frame["evidence"][1], frame["bound"][1]
    assert top[-1] - top[-2] >= bound[-1] - bound[-2] - (top[-2] - bound[-2]) - 1e-10


def test_no_gap_is_shown_as_less_than_nothing(explorer):
    assert not any("-" in explorer.frame(moves=m)["kl_label"][2] for m in ("E", "EE", "EME"))


@given(moves=st.text("EM", max_size=6))
@few
def test_after_an_e_step_the_top_rises_at_least_as_much_as_the_bound(explorer, moves):
    frame = explorer.frame(moves=moves + "EM")
    top, bound = frame["evidence"][1], frame["bound"][1]
    assert top[-1] - top[-2] >= bound[-1] - bound[-2] - 1e-10
