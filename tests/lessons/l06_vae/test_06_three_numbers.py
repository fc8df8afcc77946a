import torch
from shared_06 import description, sound

from course_utils import data
from course_utils.lessons.l06_vae import plot_seam, poll_remedy


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_remedy())


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    gap = torch.linspace(1e-4, 1, 300).double() ** 8
    alt = description(lambda: plot_seam(data.arc(300).x.float(), gap))
    assert f"mean {gap.mean():.4f}" in alt and "up to 1.0 nats" in alt
