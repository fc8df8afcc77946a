from shared_06 import description, sound

from course_utils.lessons.l06_vae import plot_bob, plot_vae, poll_new_point


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_new_point())


def test_the_drawings_can_be_read_and_describe_themselves():
    assert "encoder" in description(plot_vae) and "no encoder" in description(plot_bob)
