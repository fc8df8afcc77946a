import pytest
import torch
from pictures import faults
from shared_01 import digits

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.images import explore_components


@pytest.fixture(scope="module")
def explorer():
    return explore_components(digits().train, digits().test)


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@pytest.mark.parametrize("latent_dim", [1, 8, 64])
def test_components_show_the_measured_error(explorer, latent_dim):
    frame = explorer.frame(latent_dim=latent_dim)
    model = pca.fit(digits().train, latent_dim)
    error = pca.reconstruction_error(digits().train, model.W).item()
    held_out = (digits().test - model.reconstruct(digits().test)).square().sum(1).mean().item()
    assert frame["marker"][1] == [pytest.approx(error, abs=1e-9)]
    assert f"per training image is {error:.3f}" in frame["alt"]
    assert f"per test image it is {held_out:.3f}" in frame["alt"]
    rebuilt = model.reconstruct(digits().test[:1]).reshape(8, 8)
    torch.testing.assert_close(torch.as_tensor(frame["images"][10:18, :8]), rebuilt)
