import math
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_02 import few, well_posed
from torch.distributions import Normal

from course_utils import exact
from course_utils.lessons.l02_ppca_posterior.brute_force import explore_posterior, predict_posterior
from course_utils.lessons.l02_ppca_posterior.curved_decoder import posterior_sd


@pytest.fixture(scope="module")
def explorer():
    return explore_posterior()


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


positions = st.fixed_dictionaries(
    {"sigma2": st.floats(0.01, 10), "along": st.floats(-3, 3), "across": st.floats(-2.5, 2.5)}
)


@given(positions)
@few
def test_the_posterior_shown_is_prior_times_likelihood(explorer, values):
    frame = explorer.frame(**values)
    z, likelihood = (torch.as_tensor(part) for part in frame["likelihood"])
    _, posterior = (torch.as_tensor(part) for part in frame["posterior"])
    product = likelihood * Normal(0, 1).log_prob(z).exp()
    ratio = (product / posterior)[posterior > 1e-3]
    torch.testing.assert_close(ratio, ratio[:1].expand(len(ratio)), rtol=1e-6, atol=0)


@given(positions)
@few
def test_the_numbers_shown_are_those_of_quadrature(explorer, values):
    frame = explorer.frame(**values)
    x = torch.tensor([frame["x"][0][0], frame["x"][1][0]])
    grid = torch.linspace(-8, 8, 8001, dtype=torch.float64)

    def log_joint(z):
        decoder = Normal(torch.cat([z, z], 1), math.sqrt(values["sigma2"]))
        return decoder.log_prob(x).sum(1) + Normal(0, 1).log_prob(z[:, 0])

    density = exact.posterior(log_joint, grid)
    mean = torch.trapezoid(density * grid, grid).item()
    sd = posterior_sd(grid, density[None]).item()
    shown = [float(v) for v in re.findall(r"-?\d+\.\d+", frame["numbers"] + frame["evidence"])]
    evidence = exact.log_evidence(log_joint, grid).item()
    assert shown == [
        pytest.approx(mean, abs=0.006),
        pytest.approx(sd, abs=0.006),
        pytest.approx(evidence, abs=0.051),
    ]


def test_moving_away_from_the_line_leaves_the_posterior_and_lowers_the_evidence(explorer):
    near = explorer.frame(across=0.0)
    far = explorer.frame(across=2.5)
    assert near["numbers"] == far["numbers"] and near["evidence"] != far["evidence"]
    assert abs(near["posterior"][1] - far["posterior"][1]).max() < 1e-12


def test_the_prediction_has_one_right_answer_and_shows_its_explorer():
    prediction = predict_posterior()
    assert well_posed(prediction.poll)
    assert "<img alt=" in prediction.demo.still()
