from shared_07 import ill_posed

from course_utils.lessons.l07_normalizing_flows.autoregressive import poll_maf_or_iaf


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(poll_maf_or_iaf())
