import re

import pytest
import torch
from pictures import faults
from shared_02 import digits

from course_utils import ppca
from course_utils.lessons.l02_ppca_posterior.stochastic_autoencoder import explore_reconstructions


@pytest.fixture(scope="module")
def explorer():
    return explore_reconstructions(digits().train, digits().test)


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@pytest.mark.parametrize(("index", "latent_dim"), [(0, 1), (3, 10), (19, 40)])
def test_the_error_shown_is_the_average_over_draws(explorer, index, latent_dim):
    frame = explorer.frame(index=index, latent_dim=latent_dim)
    model, x = ppca.fit(digits().train, latent_dim), digits().test[index]
    z = model.posterior(x[None]).sample((20_000,))[:, 0]
    errors = (x - z @ model.W.T - model.mu).square().sum(1)
    miss, spread = (float(v) for v in re.findall(r"\d+\.\d+", frame["error"]))
    standard_error = (errors.std() / len(errors) ** 0.5).item()
    assert miss + spread == pytest.approx(errors.mean().item(), abs=0.01 + 4 * standard_error)
    centre = model.posterior(x[None]).mean[0] @ model.W.T + model.mu
    assert miss == pytest.approx((x - centre).square().sum().item(), abs=0.006)
    torch.testing.assert_close(torch.as_tensor(frame["pair"][:8, :8]), x.reshape(8, 8))
    torch.testing.assert_close(torch.as_tensor(frame["pair"][10:18, :8]), centre.reshape(8, 8))
