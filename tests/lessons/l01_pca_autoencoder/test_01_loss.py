import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from shared_01 import few, tables

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.loss import plot_weights, read_losses


@given(tables())
@few
def test_the_measured_losses_of_pca_give_its_spectrum(table):
    x, _ = table
    model = pca.fit(x, x.shape[1])
    errors = [pca.reconstruction_error(x, model.W[:, :h]) for h in range(1, x.shape[1] + 1)]
    losses = torch.stack([(x - x.mean(0)).square().sum(1).mean(), *errors])
    torch.testing.assert_close(read_losses(losses)[0], model.eigenvalues)


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
