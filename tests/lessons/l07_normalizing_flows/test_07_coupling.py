import torch
from hypothesis import given
from hypothesis import strategies as st
from shared_07 import few, jacobian_log_det

from course_utils.lessons.l07_normalizing_flows.coupling import coupling_pull, coupling_push, nets


@given(st.integers(0, 9999))
@few
def test_log_determinants_are_autograds_and_pull_undoes_push(seed):
    torch.manual_seed(seed)
    z, (s, t) = torch.randn(4, 4).double(), nets()
    x, log_det = coupling_push(z, s, t)
    expected = jacobian_log_det(lambda z: coupling_push(z, s, t), z)
    torch.testing.assert_close(log_det, expected)
    torch.testing.assert_close(coupling_pull(x, s, t), (z, log_det))
