from questions import ill_posed

from course_utils.lessons.l05_variational_em.recall import recall


def test_the_questions_have_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(*(recall(k) for k in (1, 2, 3)))
