import torch
from hypothesis import given
from shared_01 import few, tables

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.loss import left_out


@given(tables())
@few
def test_left_out_is_the_error_of_pca(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    error = pca.reconstruction_error(x, model.W)
    torch.testing.assert_close(left_out(model.eigenvalues, latent_dim), error)
