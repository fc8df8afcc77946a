import pytest
import torch

from course_utils import data, pca, vae
from course_utils.lessons.l06_vae import kl_of_units
from course_utils.lessons.l06_vae.loss_to_noise import units_alive


def test_on_the_digits():
    eigenvalues = pca.spectrum(data.digits().train)[1]
    assert units_alive(eigenvalues, 16) == (3, 0, 0)
    assert units_alive(eigenvalues, 64) == (3, 0, 3)


@pytest.mark.parametrize("loss", [0, 1, 2])
def test_training_by_the_loss_itself_leaves_as_many(loss):
    torch.manual_seed(0)
    x = torch.randn(500, 4).double() * torch.tensor([3.0, 1.7, 1.2, 0.5]).double()
    encoder, decoder = vae.Encoder(4, 2).double(), vae.Decoder(2, 4, (), "fixed").double()
    parameters = [*encoder.parameters(), *decoder.network.parameters()]
    descent = torch.optim.LBFGS(parameters, max_iter=300, line_search_fn="strong_wolfe")

    def value():
        descent.zero_grad()
        q, W = encoder(x), decoder.network[0].weight
        error = (x - decoder(q.mean).mean).square() + q.variance @ W.square().T  # E, exact: (N, D)
        kl = (q.mean.square() + q.variance - 1 - q.variance.log()) / 2
        miss = error.sum(1) if loss == 0 else error.mean(1)
        total = (miss + (kl.mean(1) if loss == 2 else kl.sum(1))).mean()
        total.backward()
        return total

    descent.step(value)
    eigenvalues = pca.spectrum(x)[1]
    assert (kl_of_units(x, encoder) > 0.005).sum() == units_alive(eigenvalues, 2)[loss]
