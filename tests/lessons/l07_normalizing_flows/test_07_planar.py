import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_07 import few, jacobian_log_det

from course_utils import flows
from course_utils.lessons.l07_normalizing_flows.planar import (
    explore_planar,
    explore_radial,
    fold,
    planar,
    planar_layer,
    radial_layer,
)


@given(st.integers(0, 9999))
@few
def test_log_determinants_are_autograds(seed):
    torch.manual_seed(seed)
    z = torch.randn(4, 4).double()
    w, u, b = 2 * torch.randn(4).double(), 2 * torch.randn(4).double(), torch.randn(()).item()
    log_det = jacobian_log_det(lambda z: planar(z, w, u, b), z)
    torch.testing.assert_close(planar(z, w, u, b)[1], log_det)


@given(st.integers(0, 9999))
@few
def test_the_planar_reference_is_the_librarys_layer(seed):
    torch.manual_seed(seed)
    layer, z = flows.Planar(3).double(), torch.randn(5, 3).double()
    torch.nn.init.normal_(layer.theta.free, std=2.0)
    w, u, b = layer.theta.free.detach().split([3, 3, 1])
    with torch.no_grad():
        torch.testing.assert_close(planar(z, w, u, b.item()), layer.push(z))


@given(st.integers(0, 9999), st.floats(-4, -1.2) | st.floats(-0.99, 1))
@few
def test_the_fold_is_where_the_determinant_is_negative_and_three_points_land(seed, wu):
    torch.manual_seed(seed)
    w = torch.randn(3).double()
    a_0, y_0 = fold(w, wu * w / (w @ w))
    a = torch.linspace(-9, 9, 20_001).double()
    y, det = a + wu * a.tanh(), 1 + wu * (1 - a.tanh() ** 2)
    assert (((det < 0) == (a.abs() < a_0)) | (det.abs() < 1e-3)).all()
    for level, count in ((0.9 * y_0, 3 if wu < -1 else 1), (1.1 * y_0 + 0.01, 1)):
        assert ((y[1:] > level) != (y[:-1] > level)).sum() == count


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_planar())
    assert not faults(explore_radial())


@pytest.mark.parametrize("stretch", [0.1, 1.0, 6.0])
def test_the_stretch_set_is_the_determinant_on_the_line(stretch):
    layer = planar_layer(stretch, 40, 2.0)
    with torch.no_grad():
        _, log_det = layer.push(torch.zeros(1, 2))
    assert log_det.exp().item() == pytest.approx(stretch, rel=1e-4)


@pytest.mark.parametrize(("gamma", "delta"), [(0.1, 2.0), (5.0, 0.5)])
def test_a_radial_layer_moves_a_distance_as_the_text_says(gamma, delta):
    with torch.no_grad():
        x, _ = radial_layer(gamma, delta).push(torch.tensor([[0.6, 0.8]]))
    assert x.norm().item() == pytest.approx((gamma + 1) / (delta + 1), rel=1e-5)
