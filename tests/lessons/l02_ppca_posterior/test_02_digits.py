import pytest
import torch
from pictures import drawn_texts, unreadable
from shared_02 import digits

from course_utils import ppca
from course_utils.lessons.l02_ppca_posterior.digits import plot_digits


def dequantised(images):
    return images + (torch.rand_like(images) - 0.5) / 16


def draw():
    torch.manual_seed(0)
    blurred = dequantised(digits().train), dequantised(digits().test)
    return plot_digits(digits().train, digits().test, *blurred)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    with drawn_texts() as texts:
        picture = draw()
    assert not unreadable(texts)
    assert "8.13 with five" in picture.alt


def test_the_evidence_in_the_digits_figure_is_that_of_the_fits():
    alt = draw().alt
    for latent_dim, digits_shown in [(1, 1), (5, 2), (40, 1), (60, 1)]:
        evidence = ppca.fit(digits().train, latent_dim).log_evidence(digits().test).mean()
        assert f"{evidence:.{digits_shown}f}" in alt


@pytest.mark.parametrize("seed", [1, 2])
def test_dequantised_images_gain_nothing_from_the_last_latents(seed):
    torch.manual_seed(seed)
    blurred = dequantised(digits().train), dequantised(digits().test)
    for (train, test), low, high in [((digits().train, digits().test), 13, 15), (blurred, -1, 1)]:
        few, many = (ppca.fit(train, h).log_evidence(test).mean() for h in (50, 60))
        assert low < many - few < high
