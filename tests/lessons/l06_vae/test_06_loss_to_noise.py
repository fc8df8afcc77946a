import torch

from course_utils import data, pca
from course_utils.lessons.l06_vae.loss_to_noise import trained_by, units_alive


def test_on_the_digits():
    eigenvalues = pca.spectrum(data.digits().train)[1]
    assert units_alive(eigenvalues, 16) == (3, 0, 0)
    assert units_alive(eigenvalues, 64) == (3, 0, 3)


def test_training_by_the_losses_themselves_leaves_as_many():
    torch.manual_seed(0)
    x = torch.randn(500, 6).double() * torch.tensor([3.0, 1.4, 0.85, 0.3, 0.3, 0.3]).double()
    eigenvalues = pca.spectrum(x)[1]
    assert trained_by(x, 3) == list(units_alive(eigenvalues, 3)) == [3, 1, 2]
