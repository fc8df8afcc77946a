import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, unreadable

from course_utils import em
from course_utils.lessons.l03_em_elbo.identity import mixture_elbo, plot_every_q
from course_utils.mixture import Mixture

few = settings(deadline=None, max_examples=25, derandomize=True)


@given(st.integers(0, 9999))
@few
def test_the_mixture_reference_is_that_of_em(seed):
    torch.manual_seed(seed)
    sigma2 = 0.1 + torch.rand(3).double()  # no narrower: the exercise's log q needs every q > 0
    model = Mixture(torch.ones(3).double() / 3, torch.randn(3, 2).double(), sigma2)
    x = torch.randn(20, 2).double()
    q = em.e_step(model, x)
    bound = mixture_elbo(model.log_joint(x), q.probs)
    torch.testing.assert_close(bound, em.elbo(model, q, x))


def test_the_figure_can_be_read_and_touches_at_the_posterior():
    with drawn_texts() as texts:
        picture = plot_every_q((0.12, 0.03))
    assert not unreadable(texts)
    assert "log p(x) = -1.90 at the posterior, 0.80" in picture.alt
