import functools

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import faults
from shared_06 import description, few, sound

from course_utils import data, pca, ppca
from course_utils.lessons.l06_vae import (
    COLLAPSE,
    explore_collapse,
    plot_active,
    plot_wall,
    poll_collapse,
)


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(poll_collapse())


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_collapse())


collapse_explorer = functools.cache(explore_collapse)


@given(st.floats(-2, 1.5), st.floats(0.25, 4))
@settings(few, max_examples=10)
def test_the_decoded_images_are_the_posterior_means_of_ppca(power, beta):
    digits, sigma2 = data.digits(), 10**power
    frame = collapse_explorer().update(sigma2=sigma2, beta=beta)
    mean, eigenvalues, eigenvectors = pca.spectrum(digits.train)
    length = (eigenvalues[:16] - beta * sigma2).clamp(min=0).sqrt()
    model = ppca.PPCA(eigenvectors[:, :16] * length, mean, beta * sigma2)
    x = digits.test[[0, 1, 2, 4]]
    decoded = model.posterior(x).mean @ model.W.T + mean
    torch.testing.assert_close(torch.from_numpy(frame["images"][:8, 10:18]), decoded[0].view(8, 8))
    assert f"{(length > 0).sum()} of 16" in frame["label"]


def test_what_is_stored_is_five_runs():
    assert torch.tensor(COLLAPSE).shape == (5, 2, 2)


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    assert "the wall itself" in description(plot_wall)
    eigenvalues = pca.spectrum(data.digits().train)[1]
    kl = {s: (eigenvalues[:16] / s).log().clamp(min=0) / 2 for s in (0.1, 0.3, 0.5)}
    alt = description(lambda: plot_active(eigenvalues, kl))
    assert "12 at 0.1, 4 at 0.3, 3 at 0.5" in alt
