import torch

from course_utils.lessons.l07_normalizing_flows.small_steps import drift


def test_a_linear_flow_ends_at_its_matrix_exponential():
    A = torch.tensor([[0.3, -1.0], [0.5, 0.2]], dtype=torch.float64)
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x, log_det = drift(z, lambda x: x @ A.T, lambda x: A.trace().expand(len(x)), 20_000)
    torch.testing.assert_close(x, z @ torch.linalg.matrix_exp(A).T, rtol=0, atol=1e-3)
    torch.testing.assert_close(log_det, torch.full((5,), 0.5).double())
