import pytest
import torch

from course_utils.lessons.l04_reparameterization.more_samples import plot_dimension, plot_error


@pytest.mark.parametrize("dims", [1, 2, 8])
def test_the_variances_in_many_dimensions_are_those_of_the_text(dims):
    torch.manual_seed(0)
    z = 1 + torch.randn(400_000, dims, dtype=torch.float64)
    h, n = z.square().sum(1), dims - 1
    assert (h * (z[:, 0] - 1)).var().item() == pytest.approx(30 + 22 * n + 4 * n**2, rel=0.05)
    centred = (h - 2 * dims) * (z[:, 0] - 1)
    assert centred.var().item() == pytest.approx(18 + 6 * n, rel=0.05)


@pytest.mark.parametrize("plot", [plot_error, plot_dimension])
def test_figures_describe_themselves_with_numbers(plot):
    alt = plot().alt
    assert len(alt) > 100 and any(c.isdigit() for c in alt)
