from questions import ill_posed

from course_utils.lessons.l07_normalizing_flows.recall import recall


def test_its_questions_have_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(*(recall(number) for number in (1, 2, 3)))
