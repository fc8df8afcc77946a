import pytest
import torch
from pictures import faults
from questions import ill_posed
from shared_07 import small_flow

from course_utils.lessons.l07_normalizing_flows.topology import (
    explore_cut,
    explore_gap,
    least_mass,
    predict_hole,
)
from course_utils.lessons.l07_normalizing_flows.truths import log_ring


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_hole(small_flow(), log_ring).poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_cut(small_flow(), log_ring))
    assert not faults(explore_gap())


def test_the_cut_goes_through_the_hole():
    assert "10 to the −21" in explore_cut(small_flow(), log_ring).frame(degrees=40)["alt"]


@pytest.mark.parametrize("mass", [0.3, 0.01])
def test_the_map_drawn_leaves_its_mass_in_the_gap(mass):
    frame = explore_gap().frame(mass=mass)
    (z, x), (density, places) = frame["map"], frame["density"]
    assert torch.trapezoid(density, places).item() == pytest.approx(1, abs=1e-3)
    low, high = (z[(x - edge).abs().argmin()] for edge in (-0.5, 0.5))
    held = (torch.special.ndtr(high) - torch.special.ndtr(low)).item()
    assert held == pytest.approx(mass, rel=0.02)
    # The map is straight over the gap but for the base's curvature, and near the least mass.
    assert held >= least_mass(1.0, ((x[1:] - x[:-1]) / (z[1:] - z[:-1])).max().item()).item()
