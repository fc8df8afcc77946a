import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_02 import few, well_posed
from torch.distributions import Normal

from course_utils.lessons.l02_ppca_posterior.curved_decoder import (
    explore_curved,
    posterior_sd,
    predict_curved,
)


@given(st.floats(-2, 2), st.floats(0.05, 1))
@few
def test_posterior_sd_is_that_of_a_bell(mean, scale):
    grid = torch.linspace(-9, 9, 2001, dtype=torch.float64)
    density = Normal(mean, scale).log_prob(grid).exp()[None]
    torch.testing.assert_close(posterior_sd(grid, density).item(), scale, rtol=1e-6, atol=0)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_curved())


def test_the_posterior_is_the_prior_at_the_centre_and_narrow_on_the_curve():
    explorer = explore_curved()
    z, density = (torch.as_tensor(part) for part in explorer.frame(distance=0.0)["posterior"])
    torch.testing.assert_close(density, Normal(0, 1).log_prob(z).exp(), rtol=1e-4, atol=1e-4)
    assert explorer.frame(distance=1.0)["numbers"] == "posterior: sd 0.29"
    assert well_posed(predict_curved().poll)
