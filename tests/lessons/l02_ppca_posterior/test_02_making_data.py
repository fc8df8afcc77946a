import torch
from pictures import drawn_texts, unreadable

from course_utils.lessons.l02_ppca_posterior.making_data import plot_samples
from course_utils.lessons.l02_ppca_posterior.toy_model import toy


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    model, z = toy(0.5), torch.randn(15, 1, dtype=torch.float64)
    with drawn_texts() as texts:
        picture = plot_samples(model, z, z @ model.W.T + 0.7 * torch.randn(15, 2).double())
    assert not unreadable(texts)
    assert "15 draws" in picture.alt
