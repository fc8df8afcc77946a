from math import log

import pytest
import torch

from course_utils import data, deep
from course_utils.lessons.l07_normalizing_flows.truths import log_checkerboard, log_moons, log_ring


def test_the_truths_integrate_to_one_and_have_the_known_entropies():
    axis = torch.linspace(-2.5, 3.5, 201, dtype=torch.float64)
    grid, cell = torch.cartesian_prod(axis, axis), (axis[1] - axis[0]) ** 2
    for truth, entropy in ((log_moons, None), (log_ring, 0.9517)):
        log_p = truth(grid)
        assert (log_p.exp().sum() * cell).item() == pytest.approx(1, abs=1e-6)
        if entropy:
            assert (-(log_p.exp() * log_p).sum() * cell).item() == pytest.approx(entropy, abs=1e-4)
    board = log_checkerboard(data.checkerboard(1000).x)
    assert (board == -log(32)).all()
    assert log_checkerboard(torch.tensor([[-3.0, -1.0], [5.0, 1.0]])).isneginf().all()


def test_the_rings_truth_is_quadrature_over_its_latent():
    x = data.ring(20, seed=3).x
    torch.testing.assert_close(log_ring(x), deep.log_evidence(x, deep.ring()), rtol=0, atol=2e-4)


def test_the_moons_truth_is_a_smoothed_histogram_of_its_data():
    x = data.two_moons(1_000_000, seed=5).x
    for centre in ([0.0, 1.0], [1.0, -0.5], [1.0, 0.0], [0.0, 0.5]):
        middle = torch.tensor([centre], dtype=torch.float64)
        share = ((x - middle).abs() < 0.05).all(1).double().mean().item()
        corner = torch.cartesian_prod(*[torch.linspace(-0.05, 0.05, 21).double()] * 2)
        expected = log_moons(middle + corner).exp().mean().item() * 0.01
        assert share == pytest.approx(expected, abs=4 * (expected / len(x)) ** 0.5 + 5e-5)
