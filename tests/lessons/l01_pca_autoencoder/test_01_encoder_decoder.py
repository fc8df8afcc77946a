import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from shared_01 import few, tables

from course_utils import pca
from course_utils.kit.examine import examine
from course_utils.kit.exercise import EXERCISES
from course_utils.lessons.l01_pca_autoencoder.encoder_decoder import draw_autoencoder, reconstruct


def half_filled(x, W):
    z = (x - x.mean(0)) @ W
    return z @ W.T + ...


def test_half_filled_blanks_are_open():
    assert examine(EXERCISES["01.1"], half_filled).kind == "open"


@given(tables())
@few
def test_reconstruct_is_that_of_pca(table):
    x, latent_dim = table
    model = pca.fit(x, latent_dim)
    torch.testing.assert_close(reconstruct(x, model.W), model.reconstruct(x))


def test_the_drawing_can_be_read():
    with drawn_texts() as texts:
        draw_autoencoder()
    assert not unreadable(texts)
