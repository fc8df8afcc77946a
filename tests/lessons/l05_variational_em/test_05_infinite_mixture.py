from pictures import drawn_texts, unreadable

from course_utils.lessons.l05_variational_em.infinite_mixture import plot_infinite_mixture


def test_the_mixture_can_be_read_and_described_with_numbers():
    with drawn_texts() as texts:
        picture = plot_infinite_mixture()
    assert not unreadable(texts)
    assert "15 circles" in picture.alt
