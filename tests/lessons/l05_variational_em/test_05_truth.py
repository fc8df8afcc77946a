from math import pi

import pytest
import torch
from torch.distributions import Independent, Normal

from course_utils import vem
from course_utils.lessons.l05_variational_em.truth import RING, ring_points, ring_table


def test_ring_points_lie_where_they_should():
    x = ring_points(torch.tensor([0, 90, 180]))
    expected = torch.tensor([[1, 0], [0, 1], [-1, 0]]).double()
    torch.testing.assert_close(x, expected, rtol=0, atol=1e-12)
    z = Normal(0.0, 1.0).icdf(torch.tensor([[0.25]]).double())
    torch.testing.assert_close(RING.point(z), x[1:2], rtol=0, atol=1e-12)
    assert pi / 2 == pytest.approx(torch.atan2(x[1, 1], x[1, 0]).item())


def test_the_ring_table_is_as_good_as_a_search_over_all_gaussians():
    table = ring_table()
    means = torch.linspace(-3.2, 3.2, 161, dtype=torch.float64)
    scales = torch.logspace(-1.6, 0.2, 37, dtype=torch.float64)
    mean, scale = (g.flatten()[:, None] for g in torch.meshgrid(means, scales, indexing="ij"))
    q = Independent(Normal(mean, scale), 1)
    for degrees in (0, 3, 10, 45, 180, 350, 360):
        x = ring_points(torch.tensor([degrees])).expand(len(mean), 2)
        found = vem.exact_elbo(x, q, RING, 60).max()
        assert found - 1e-6 <= table.elbo[degrees] <= table.evidence[degrees] + 1e-9
