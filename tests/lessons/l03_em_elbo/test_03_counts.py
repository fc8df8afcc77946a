import pytest
import torch
from pictures import drawn_texts, unreadable
from torch.distributions import Poisson

from course_utils.lessons.l03_em_elbo.counts import RATES, calls, plot_counts, poisson_m_step


def test_no_other_rates_and_weights_are_better():
    counts, hours = calls()
    q = torch.randn(len(counts), 2).double().softmax(1)
    weights, rates = poisson_m_step(counts, hours, q)

    def expected_log_joint(logits, rates):
        log_joint = logits.log_softmax(0) + Poisson(rates * hours[:, None]).log_prob(
            counts[:, None]
        )
        return (q * log_joint).sum()

    leaves = weights.log().requires_grad_(), rates.requires_grad_()
    slopes = torch.autograd.grad(expected_log_joint(*leaves), leaves)
    assert max(slope.abs().max() for slope in slopes) < 1e-8
    assert weights.sum().item() == pytest.approx(1)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    with drawn_texts() as texts:
        picture = plot_counts(*calls(), RATES / 2, RATES, [-4.5, -2.63])
    assert not unreadable(texts)
    assert "3.00 and 9.00 calls an hour" in picture.alt


def test_the_busiest_telephone_is_drawn_whole(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "course_utils.lessons.l03_em_elbo.counts.figure", lambda *a, **k: drawn.append(a[0])
    )
    plot_counts(*calls(), RATES / 2, RATES, [-4.5, -2.63])
    assert drawn[0].axes[0].get_ylim()[1] > calls()[0].max() + 0.5
