import torch
from shared_06 import description

from course_utils.lessons.l06_vae import TEXTBOOK, TEXTBOOK_EPOCHS, plot_textbook


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    alt = description(lambda: plot_textbook([3.0, 1.0] * 100, 100, -0.6, -0.543))
    assert "median over five seeds is ELBO -0.751 and evidence -0.569" in alt
    assert "is at -2.000 after 100, its ELBO on new points -0.600" in alt


def test_what_is_stored_is_five_runs_and_no_bound_is_above_its_evidence():
    textbook = torch.tensor(TEXTBOOK)
    assert textbook.shape == (5, len(TEXTBOOK_EPOCHS), 2)
    assert (textbook[..., 0] < textbook[..., 1]).all()
