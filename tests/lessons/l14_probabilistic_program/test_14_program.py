"""Lesson 14's questions, explorers, figures, and the formulas behind its coin."""

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed
from torch.distributions import Beta, Binomial

from course_utils.bayes_net import ELBO
from course_utils.lessons import l14_probabilistic_program as lesson
from course_utils.lessons.l14_probabilistic_program import objective, trace

HEADS = torch.tensor(7.0, dtype=torch.float64)
POLLS = {
    **{f"recall {n}": (lambda n=n: lesson.recall(n)) for n in (1, 2, 3)},
    "trace": lambda: lesson.predict_trace().poll,
    "naive": lambda: lesson.predict_naive().poll,
    "shapes": lesson.poll_shapes,
    "do": lesson.poll_do,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.mark.parametrize("explore", [trace.explore_trace, objective.explore_gradients])
def test_every_corner_is_a_frame_that_can_be_read(explore):
    assert not faults(explore())


def test_the_evidence_is_the_quadrature_of_the_joint():
    theta = torch.linspace(0, 1, 4001, dtype=torch.float64)[1:-1]
    joint = Binomial(10, theta).log_prob(HEADS) + Beta(2.0, 2.0).log_prob(theta)
    assert lesson.evidence(HEADS) == pytest.approx(
        (joint.exp().sum() / 4000).log().item(), abs=1e-6
    )


@pytest.mark.parametrize(("a", "b"), [(3.0, 4.0), (9.0, 5.0), (1.5, 8.0)])
def test_estimates_have_the_exact_mean_but_the_naive_one_has_0(a, b):
    pair = torch.tensor([a, b], dtype=torch.float64)
    exact = lesson.exact_gradient(*pair, HEADS).item()
    found = lesson.estimates(*pair, HEADS, 40_000)
    for how, values in found.items():
        truth = 0.0 if how == "as it stands" else exact
        assert values.mean() == pytest.approx(truth, abs=4 * values.std().item() / 200)


def test_the_exact_gradient_is_the_elbos_by_quadrature():
    theta = torch.linspace(0, 1, 20_001, dtype=torch.float64)[1:-1]
    joint = Binomial(10, theta).log_prob(HEADS) + Beta(2.0, 2.0).log_prob(theta)

    def elbo(a):
        log_q = Beta(torch.tensor(a).double(), 4.0).log_prob(theta)
        return (log_q.exp() * (joint - log_q)).sum() / 20_000

    slope = (elbo(3.001) - elbo(2.999)) / 0.002 * 3
    pair = torch.tensor([3.0, 4.0], dtype=torch.float64)
    assert lesson.exact_gradient(*pair, HEADS) == pytest.approx(slope.item(), abs=1e-3)


def test_the_figures_say_their_numbers():
    assert "sgvb at 0.2000" in drawn(lambda: lesson.plot_fits({"sgvb": [3.0, 0.2]}))
    assert "mixture: k  Categorical, then x" in drawn(lesson.plot_graphs)
    r, zero = torch.full((9,), 2.0).double(), torch.zeros(9).double()
    counts, b = torch.tensor([3.0, 1.0]).double(), torch.tensor(2.0).double()
    text = drawn(lambda: lesson.plot_rates(r, zero, counts, b, b))
    assert "have mean 2.00; weighed, 2.00; the exact posterior's is 1.50" in text
    images = {step: torch.rand(10, 64) for step in (0, 20, 100, 400)}
    assert "after 400 steps" in drawn(lambda: lesson.plot_watched(images))


def test_the_writer_is_watched_at_its_moments_and_learns(monkeypatch):
    monkeypatch.setattr("course_utils.lessons.l14_probabilistic_program.images.MOMENTS", (0, 5, 12))
    x = (torch.rand(300, 64) < 0.2).float()
    cost = ELBO(lesson.Writer(2), lesson.Reader(2))
    before = cost(x, x=x).item()
    seen = lesson.fit_and_watch(cost, x, torch.randn(4, 2))
    assert list(seen) == [0, 5, 12] and all(image.shape == (4, 64) for image in seen.values())
    assert cost(x, x=x).item() < before - 3


def test_the_guide_comes_near_the_posterior():
    away = lesson.fit_guide(lesson.Guide(1.0, 1.0, 5), "sgvb", HEADS)
    assert len(away) == 600 and away[-1] < 0.02 < 0.5 < away[0]
