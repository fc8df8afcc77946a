import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import faults

from course_utils.lessons.l03_em_elbo.hill import (
    em_path,
    explore_bound,
    one_parameter_log_evidence,
    touching_bound,
)

few = settings(deadline=None, max_examples=25, derandomize=True)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_bound())


@given(st.floats(-4, 9))
@few
def test_the_bound_touches_stays_below_and_leads_uphill(old):
    theta = torch.linspace(-6, 11, 300).double()
    gap = one_parameter_log_evidence(theta) - touching_bound(theta, old)
    assert gap.min() > -1e-10
    here = torch.tensor([old]).double()
    torch.testing.assert_close(touching_bound(here, old), one_parameter_log_evidence(here))
    before, after = one_parameter_log_evidence(torch.tensor(em_path(old, 1)).double())
    assert after >= before - 1e-12


def test_the_next_theta_is_the_top_of_the_bound():
    theta = torch.linspace(-4, 9, 100_001).double()
    for old in (-3.0, 0.5, 8.0):
        top = theta[touching_bound(theta, old).argmax()].item()
        assert em_path(old, 1)[1] == pytest.approx(top, abs=2e-4)
