import pytest
import torch
from shared_04 import EXPLORER_CHECKS, one_right_answer, quadrature, under

from course_utils.lessons.l04_reparameterization.which_one import (
    _exact,
    explore_variance,
    predict_variance,
)


@pytest.mark.parametrize("k", [0, 1, 2, 4, 8])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_what_the_histograms_are_labelled_with_is_exact_and_the_best_baseline_best(k, scale):
    def h(z):
        return (k * z).cos() if k else z**2

    def slope(z):
        return -k * (k * z).sin() if k else 2 * z

    labelled = [_exact(k, scale, baseline) for baseline in (0, 1, 2)]
    z, average = under(1.0, scale)
    assert [row[1] for row in labelled] == pytest.approx(
        [0, average(h(z)), average(h(z) * (z - 1) ** 2) / scale**2], abs=1e-9
    )
    for gradient, b, moved, weighed in labelled:
        exact = quadrature(h, slope, 1.0, scale, b)
        assert (gradient, moved, weighed) == pytest.approx(exact, rel=1e-8, abs=1e-9)
    assert labelled[2][3] <= min(row[3] for row in labelled) + 1e-12


def test_the_mean_of_h_is_not_always_a_good_baseline():
    variances = [_exact(4, 0.3, baseline)[3] for baseline in (0, 1)]
    assert [round(v, 1) for v in variances] == [3.6, 5.7]


def test_histograms_hold_every_sample_inside_the_axis():
    frame = explore_variance().frame(k=8, scale=1.0, baseline=0)
    for name, side in (("moved", 1), ("weighed", -1)):
        outline = torch.as_tensor(frame[name])
        assert (side * outline[:, 1]).min() == 0 and (side * outline[:, 1]).max() == 1


@pytest.mark.parametrize("check", EXPLORER_CHECKS)
def test_the_explorer(check):
    check(explore_variance())


def test_the_question_has_one_right_answer():
    assert one_right_answer(predict_variance().poll)


def test_the_wave_of_the_question_turns_round_as_q_widens():
    narrow, wide = (_exact(2, scale, 0)[2:] for scale in (0.3, 2.0))
    assert [round(v, 2) for v in (*narrow, *wide)] == [0.33, 4.03, 2.0, 0.12]
