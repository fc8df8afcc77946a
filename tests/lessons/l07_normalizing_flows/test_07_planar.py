import torch
from hypothesis import given
from hypothesis import strategies as st
from shared_07 import few, jacobian_log_det, shown

from course_utils import flows
from course_utils.lessons.l07_normalizing_flows.planar import planar, plot_warps


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


def warps():
    torch.manual_seed(0)
    return plot_warps({"Planar": flows.Planar(2), "Radial": flows.Radial(2)})


def test_the_warps_figure_can_be_read_and_describes_itself_with_numbers():
    assert "from 0.00 to 0.00" in shown(warps)
