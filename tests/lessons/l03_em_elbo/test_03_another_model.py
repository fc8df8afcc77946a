import torch
from pictures import drawn_texts, unreadable

from course_utils import em
from course_utils.lessons.l03_em_elbo.another_model import plot_hardening, plot_mixture
from course_utils.mixture import Mixture


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    x = torch.randn(50, 2).double()
    first = Mixture(torch.ones(2).double() / 2, 3 * torch.eye(2).double(), torch.ones(2).double())
    last = em.m_step(x, em.e_step(first, x))
    with drawn_texts() as texts:
        mixture = plot_mixture(x, first, last, [-4.25, -3.5])
    assert not unreadable(texts)
    assert "from -4.25 to -3.50" in mixture.alt


def test_hardening_can_be_read():
    with drawn_texts() as texts:
        picture = plot_hardening((-1.5, 1.5), [1.5, 0.8, 0.2])
    assert not unreadable(texts)
    assert "becomes a step" in picture.alt
