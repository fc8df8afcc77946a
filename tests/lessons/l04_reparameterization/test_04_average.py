import pytest
import torch
from shared_04 import EXPLORER_CHECKS, one_right_answer
from torch.distributions import Normal

from course_utils.lessons.l04_reparameterization.average import (
    explore_step,
    predict_step,
    slope_spreads,
)


def test_the_step_explorer_has_the_estimators_as_its_limit():
    explorer = explore_step()
    for draw in (1, 2, 9):
        near, at = (explorer.frame(draw=draw, step=step, scale=0.8) for step in (1e-6, 0.0))
        for panel in ("moved", "weighed"):
            assert near[panel].split("slope")[1] == at[panel].split("slope")[1]


@pytest.mark.parametrize(("step", "scale"), [(0.4, 1.0), (-0.6, 0.8), (0.0, 0.4)])
def test_the_spreads_shown_are_those_of_many_draws(step, scale):
    torch.manual_seed(0)
    eps = torch.randn(100_000, 9, dtype=torch.float64)
    z = 1 + scale * eps
    weights = (Normal(1 + step, scale).log_prob(z) - Normal(1.0, scale).log_prob(z)).exp()
    if step:
        slopes = [((z + step) ** 2 - z**2) / step, (weights - 1) * z**2 / step]
    else:
        slopes = [2 * z, z**2 * eps / scale]
    frame = explore_step().frame(draw=3, step=step, scale=scale)
    for panel, values in zip(("moved", "weighed"), slopes, strict=True):
        shown = float(frame[panel].split("sd over draws ")[1])
        assert values.mean(1).std().item() == pytest.approx(shown, rel=0.03)


def test_twenty_draws_of_the_nine_differ_and_reweighting_scatters_more():
    explorer = explore_step()
    slopes = []
    for draw in range(1, 21):
        frame = explorer.frame(draw=draw, step=0.4, scale=1.0)
        texts = [frame[panel].split("slope ")[1] for panel in ("moved", "weighed")]
        slopes.append([float(text.replace(",", " ").split()[0]) for text in texts])
    assert len(set(map(tuple, slopes))) == 20
    moved, weighed = torch.tensor(slopes).std(0)
    assert moved.item() == pytest.approx(0.67, rel=0.4) and weighed > 2 * moved


def test_every_step_is_of_mu_and_the_weights_are_density_ratios():
    frame = explore_step().frame(draw=1, step=0.4, scale=0.7)
    old, new = (torch.as_tensor(frame[name][0]) for name in ("before", "after"))
    torch.testing.assert_close(new, old + 0.4)
    ratio = (Normal(1.4, 0.7).log_prob(old) - Normal(1.0, 0.7).log_prob(old)).exp()
    torch.testing.assert_close(torch.as_tensor(frame["bars"])[:, 1, 1], ratio, rtol=1e-5, atol=0)


@pytest.mark.parametrize("check", EXPLORER_CHECKS)
def test_the_explorer(check):
    check(explore_step())


def test_the_question_has_one_right_answer():
    assert one_right_answer(predict_step().poll)


def test_the_answer_is_that_of_the_spreads_shown():
    wide, narrow = (slope_spreads(0.4, scale) for scale in (1.0, 0.4))
    assert narrow[0] < wide[0] and narrow[1] > wide[1]
    assert [round(spread / 3, 2) for spread in wide] == [0.67, 2.7]
    assert round(slope_spreads(0.0, 1.0)[1] / 3, 2) == 1.83
