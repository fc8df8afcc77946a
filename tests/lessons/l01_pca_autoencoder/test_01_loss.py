import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from shared_01 import few, tables

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.loss import left_out, plot_weights


@given(tables())
@few
def test_left_out_is_the_error_of_pca(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    error = pca.reconstruction_error(x, model.W)
    torch.testing.assert_close(left_out(model.eigenvalues, latent_dim), error)


def test_the_shares_drawn_add_up_and_the_best_plane_keeps_most():
    with drawn_texts() as texts:
        picture = plot_weights()
    assert not unreadable(texts)
    shares = [
        float(text.words)
        for text in texts
        if text.words.count(".") == 1 and text.size == 16 and text.words.replace(".", "").isdigit()
    ]
    assert abs(sum(shares[:5]) - 2) < 0.03 and sum(shares[5:]) == 2
    assert "the best one 12.0" in picture.alt
