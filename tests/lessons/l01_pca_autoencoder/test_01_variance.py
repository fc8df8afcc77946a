import torch
from hypothesis import given
from shared_01 import few, tables

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.variance import left_out_for_every_dim


@given(tables())
@few
def test_the_floor_for_every_dim_is_left_out_for_each(table):
    eigenvalues = pca.spectrum(table[0])[1]
    floor = left_out_for_every_dim(eigenvalues)
    each = [eigenvalues[h:].sum() for h in range(len(eigenvalues) + 1)]
    torch.testing.assert_close(floor, torch.stack(each))
