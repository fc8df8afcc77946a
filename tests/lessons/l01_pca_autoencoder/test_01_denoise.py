import torch

from course_utils.lessons.l01_pca_autoencoder.denoise import denoising_floor


def test_no_descent_ends_below_the_floor_and_it_is_reached():
    torch.manual_seed(0)
    spectrum, sigma2 = torch.tensor([4.0, 2.5, 1.5, 0.25], dtype=torch.float64), 0.7
    A, B = (torch.randn(2, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimiser = torch.optim.Adam([A, B], lr=0.02)
    for _ in range(1500):
        miss = torch.eye(4) - B.T @ A
        loss = torch.trace(miss @ spectrum.diag() @ miss.T) + sigma2 * (B.T @ A).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert -1e-9 < loss.item() - denoising_floor(spectrum, 2, sigma2).item() < 1e-3
