import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from shared_01 import few, tables

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.encoder_decoder import draw_autoencoder, reconstruct


@given(tables())
@few
def test_reconstruct_is_that_of_pca_from_any_basis_of_the_plane(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    mix = torch.randn(latent_dim, latent_dim, dtype=torch.float64) + 3 * torch.eye(latent_dim)
    torch.testing.assert_close(reconstruct(x, model.W), model.reconstruct(x))
    torch.testing.assert_close(reconstruct(x, model.W @ mix), model.reconstruct(x))


def test_the_drawing_can_be_read():
    with drawn_texts() as texts:
        draw_autoencoder()
    assert not unreadable(texts)
