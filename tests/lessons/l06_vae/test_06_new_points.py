from shared_06 import sound

from course_utils.lessons.l06_vae import poll_new_point


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_new_point())
