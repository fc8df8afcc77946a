import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_07 import few, jacobian_log_det

from course_utils.lessons.l07_normalizing_flows.coupling import (
    HandCoupling,
    coupling_push,
    explore_coupling,
    nets,
    two_layers,
    two_layers_pull,
)


@given(st.integers(0, 9999))
@few
def test_log_determinants_are_autograds(seed):
    torch.manual_seed(seed)
    z, (s, t) = torch.randn(4, 4).double(), nets()
    _, log_det = coupling_push(z, s, t)
    expected = jacobian_log_det(lambda z: coupling_push(z, s, t), z)
    torch.testing.assert_close(log_det, expected)


@given(st.integers(0, 9999))
@few
def test_two_layers_are_two_layers(seed):
    torch.manual_seed(seed)
    z, (s, t) = torch.randn(4, 4).double(), nets()
    expected = jacobian_log_det(lambda z: two_layers(z, s, t), z)
    torch.testing.assert_close(two_layers(z, s, t)[1], expected)
    x, log_det = two_layers(z, s, t)
    torch.testing.assert_close(two_layers_pull(x, s, t), (z, log_det))
    middle, one = coupling_push(z, s, t)
    turned, two = coupling_push(middle.roll(2, -1), s, t)
    torch.testing.assert_close(two_layers(z, s, t), (turned.roll(2, -1), one + two))


def test_the_layer_by_hand_is_a_layer():
    torch.manual_seed(0)
    for flip in (False, True):
        layer, z = HandCoupling(0.7, 1.2, flip), torch.randn(5, 2).double()
        x, log_det = layer.push(z)
        torch.testing.assert_close(layer.pull(x), (z, log_det))
        torch.testing.assert_close(log_det, jacobian_log_det(layer.push, z))


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_coupling())
