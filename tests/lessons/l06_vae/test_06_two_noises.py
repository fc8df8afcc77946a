import pytest
import torch
from shared_06 import description, sound

from course_utils.lessons.l06_vae import plot_noises, poll_budget
from course_utils.lessons.l06_vae.two_noises import gradient_noise


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_budget())


def test_the_two_parts_are_those_of_the_data_on_average():
    torch.manual_seed(0)
    points, draws = 0.5, 2.0  # standard deviations
    splits = [
        gradient_noise(points * torch.randn(50, 1) + draws * torch.randn(50, 3), 10, 4)
        for _ in range(400)
    ]
    first, second = torch.tensor(splits).mean(0)
    assert first.item() == pytest.approx(points**2 / 10, rel=0.25)
    assert second.item() == pytest.approx(draws**2 / 40, rel=0.05)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    gradients = torch.randn(200, 1) + torch.randn(200, 20)
    alt = description(lambda: plot_noises(gradients, gradient_noise))
    assert "10 points with 100 samples" in alt
