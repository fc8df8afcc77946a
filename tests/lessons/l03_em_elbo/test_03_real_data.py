from pictures import drawn_texts, unreadable

from course_utils.lessons.l03_em_elbo.real_data import plot_convergence


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    with drawn_texts() as texts:
        climb = plot_convergence([-12.0, 1.0, 3.0, 3.5], 3.6)
    assert not unreadable(texts)
    assert "15.6 nats below" in climb.alt
