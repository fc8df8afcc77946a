import pytest
import torch
from pictures import drawn
from shared_07 import small_flow
from torch.distributions import Categorical, MixtureSameFamily, Normal

from course_utils import flows
from course_utils.lessons.l07_normalizing_flows.fitting import plot_density, plot_two_peaks
from course_utils.lessons.l07_normalizing_flows.truths import log_checkerboard, log_moons


def two_peaks():
    peaks = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-2.0, 2.0]), 0.5))
    line = flows.Flow(flows.standard_normal(1), [flows.Spline(1, 4, 5.0)])
    return plot_two_peaks(line, peaks)


FIGURES = {
    "peaks": (two_peaks, "slope 1.0"),
    "checkerboard": (
        lambda: plot_density(small_flow(), log_checkerboard, 4.4, "Checkerboard"),
        "the true one 0.03",
    ),
    "moons": (
        lambda: plot_density(small_flow(), log_moons, 2.4, "Two moons"),
        "the true one 0.6",
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_can_be_read_and_describe_themselves_with_numbers(name):
    draw, says = FIGURES[name]
    assert says in drawn(draw)
