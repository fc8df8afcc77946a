from shared_06 import description

from course_utils import data, vae
from course_utils.lessons.l06_vae import plot_arc


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    x = data.arc(300).x.float()
    alt = description(lambda: plot_arc(vae.Decoder(1, 2, (4,), sigma2=0.1), x))
    assert "total variation" in alt
