import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from questions import ill_posed
from shared_07 import few
from torch.distributions import Chi2, Normal
from torch.distributions import transforms as torch_transforms

from course_utils.lessons.l07_normalizing_flows.mass import (
    HAND,
    bins,
    by_hand,
    explore_bins,
    log_density,
    predict_bins,
)


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_bins().poll)


@pytest.fixture(scope="module")
def explorer():
    return explore_bins()


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@given(st.floats(-3, 3), st.floats(0.2, 4), st.booleans())
@few
def test_the_density_is_that_of_torchs_transformed_distribution(shift, scale, decreasing):
    slope = -scale if decreasing else scale
    base = Normal(torch.zeros(()).double(), 1.0)
    affine = torch_transforms.AffineTransform(shift, slope)
    x = torch.linspace(-5, 5, 11).double()
    ours = log_density(x, [lambda x: (x - shift) / slope], lambda z: 0 * z + slope)
    theirs = torch.distributions.TransformedDistribution(base, [affine]).log_prob(x)
    torch.testing.assert_close(ours, theirs)


def test_a_map_that_folds_adds_its_branches():
    x = torch.linspace(0.1, 5, 11).double()
    ours = log_density(x, [torch.sqrt, lambda x: -x.sqrt()], lambda z: 2 * z)
    torch.testing.assert_close(ours, Chi2(torch.ones(()).double()).log_prob(x))


@given(slope=st.floats(0.4, 5), share=st.floats(0.4, 0.7))
@few
def test_every_bin_holds_a_twentieth_of_the_density_drawn(explorer, slope, share):
    frame = explorer.frame(slope=slope, share=share, bin=7)
    density, x = frame["density"]
    _, lands = bins(slope, share)
    for low, high in itertools.pairwise(lands[1:-1]):
        inside = (x >= low) & (x <= high)
        edges = torch.cat([low[None], x[inside], high[None]])
        heights = torch.cat([density[inside][:1], density[inside], density[inside][-1:]])
        assert torch.trapezoid(heights, edges).item() == pytest.approx(0.05, abs=0.006)
    bars = torch.as_tensor(frame["bars"])
    areas = (bars[1:-1:2, 0] * (bars[2::2, 1] - bars[1:-1:2, 1]))[:20]
    torch.testing.assert_close(areas, torch.full((20,), 0.05).double())


def test_the_slope_in_the_middle_is_the_one_set():
    for slope in (0.4, 1.0, 5.0):
        theta = by_hand(slope, 0.5)
        x, log_slope = HAND.forward(torch.zeros(1).double(), theta)
        assert (x.item(), log_slope.exp().item()) == pytest.approx((0, slope), abs=1e-9)


@pytest.mark.parametrize("number", [1, 11, 20])
def test_the_coloured_bin_keeps_its_mass(explorer, number):
    frame = explorer.frame(slope=4.0, share=0.6, bin=number)
    (_, low), (height, _), (_, high), _ = frame["bar"]
    assert height * (high - low) == pytest.approx(0.05, abs=1e-9)
    assert {low, high} <= set(frame["band"][:, 1])
