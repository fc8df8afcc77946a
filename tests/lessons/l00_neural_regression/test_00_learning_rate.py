import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_00 import explorers

from course_utils import data
from course_utils.lessons.l00_neural_regression.learning_rate import (
    descend,
    momentum_limit,
    two_rates,
)


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_descent_converges_below_the_largest_stable_rate_and_not_above(factor):
    curvatures = torch.tensor([0.5, 2.0, 7.0], dtype=torch.float64)
    limit, fastest = two_rates(0.1, 1 - 0.1 * curvatures)
    best, start = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    last = descend(curvatures.diag(), best, start, factor * limit.item(), 1000)[-1].norm()
    assert last < 1e-6 if factor < 1 else last > 1e6
    slowest = [(1 - share * fastest * curvatures).abs().max() for share in (factor, 1.0)]
    assert slowest[0] > slowest[1]


def test_the_exact_rates_are_those_of_the_descent():
    frame = explorers()["rate"].frame(lr=0.05, num_steps=80)
    for measured, exact in (("flat", "exact_flat"), ("steep", "exact_steep")):
        t, errors = frame[measured]
        early = errors > 1e-12  # below, rounding takes over
        torch.testing.assert_close(errors[early], frame[exact][1][t][early], rtol=1e-2, atol=0)


def test_the_rate_question_has_the_numbers_of_the_data():
    sample = data.sine(10_000)
    features = torch.cat([sample.z, sample.z**3], 1)
    curvature = torch.linalg.eigvalsh(2 * features.T @ features / len(features))
    assert [round(v, 2) for v in curvature.tolist()] == [0.74, 31.9]
    assert abs(2 / curvature.max() - 0.063) < 5e-4
    assert abs(4 / curvature.sum() - 0.123) < 5e-4


@given(curvature=st.floats(0.1, 50), keep=st.floats(0, 0.95))
@settings(deadline=None, max_examples=30, derandomize=True)
def test_with_momentum_the_error_dies_out_below_the_limit_and_grows_above(curvature, keep):
    limit = momentum_limit(torch.tensor(curvature), keep).item()
    for share, grows in ((0.99, False), (1.01, True)):
        sum_of_roots = 1 + keep - share * limit * curvature
        roots = np.roots([1, -sum_of_roots, keep])  # of e'' = (1 + keep - αλ) e' - keep e
        assert (abs(roots).max() > 1) == grows
