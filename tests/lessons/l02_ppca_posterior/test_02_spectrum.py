import pytest
import torch
from pictures import faults
from shared_02 import well_posed

from course_utils.lessons.l02_ppca_posterior.closed_form import best_log_likelihood
from course_utils.lessons.l02_ppca_posterior.spectrum import (
    SPECTRUM,
    explore_spectrum,
    predict_noise,
)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_spectrum())


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_the_curve_is_highest_at_the_mean_of_those_left_out(latent_dim):
    explorer, mean = explore_spectrum(), SPECTRUM[latent_dim:].mean().item()
    noise, height = explorer.frame(latent_dim=latent_dim)["likelihood"]
    assert noise[torch.tensor(height).argmax()] == pytest.approx(mean, rel=0.05)
    at_mean = explorer.frame(latent_dim=latent_dim, sigma2=mean)["here"][1][0]
    best = best_log_likelihood(SPECTRUM, latent_dim, 1, mean).item()
    assert at_mean == pytest.approx(best) and at_mean >= max(height)


def test_the_question_has_one_right_answer_the_mean():
    poll = predict_noise().poll
    assert well_posed(poll)
    [right] = [option.text for option in poll.options if option.right]
    assert f"{SPECTRUM[2:].mean():.1f}" in right
