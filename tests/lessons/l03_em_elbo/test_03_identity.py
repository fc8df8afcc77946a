from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import drawn_texts, unreadable

from course_utils import em
from course_utils.lessons.l03_em_elbo.identity import (
    gap_of_one_label,
    mixture_elbo,
    plot_every_q,
)
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


@given(st.integers(0, 9999))
@few
def test_the_gap_of_one_label_is_between_none_and_the_log_of_their_number(seed):
    torch.manual_seed(seed)
    log_joint = 3 * torch.randn(9, 4).double()
    gap = gap_of_one_label(log_joint)
    assert gap.min() >= 0 and gap.max() <= log(4)
    nearly = torch.nn.functional.one_hot(log_joint.argmax(1), 4).double().clamp(min=1e-14)
    bound = mixture_elbo(log_joint, nearly)
    torch.testing.assert_close(log_joint.logsumexp(1) - bound, gap, rtol=0, atol=1e-10)
    assert gap_of_one_label(torch.zeros(1, 4).double()).item() == pytest.approx(log(4))


def test_the_figure_can_be_read_and_touches_at_the_posterior():
    with drawn_texts() as texts:
        picture = plot_every_q((0.12, 0.03))
    assert not unreadable(texts)
    assert "log p(x) = −1.90 at the posterior, 0.80" in picture.alt
    assert "log p(x) = −1.90" in [text.words for text in texts]
