import torch
from pictures import drawn_texts, unreadable

from course_utils.lessons.l05_variational_em.average import plot_naive


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    with drawn_texts() as texts:
        estimates = torch.tensor([[-9.0, 2.0, 7.5], [-8.0, 3.0, 7.5]])
        picture = plot_naive([10, 100, 1000], estimates, 8.125)
    assert not unreadable(texts)
    assert "8.12" in picture.alt
