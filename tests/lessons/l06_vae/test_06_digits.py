import torch
from shared_06 import description, tiny

from course_utils import vae
from course_utils.lessons.l06_vae import fit_and_watch, plot_curves, plot_reconstructions
from course_utils.lessons.l06_vae.digits import EVERY


def test_watching_does_not_change_the_training():
    x, states = torch.rand(220, 64), []
    for watched in (True, False):
        encoder, decoder = tiny("scalar")
        torch.manual_seed(1)
        if watched:
            curves = fit_and_watch(x, x[:5], encoder, decoder, num_steps=EVERY + 1, lr=1e-2)
        else:
            vae.fit(x, encoder, decoder, EVERY + 1, batch_size=200, lr=1e-2, progress=False)
        states.append([*encoder.parameters(), *decoder.parameters()])
    for one, other in zip(*states, strict=True):
        torch.testing.assert_close(one, other)
    assert all(curve.shape == (3,) for curve in curves)
    assert (curves.test_elbo < curves.test_evidence).all()
    assert "On the way" not in description(lambda: plot_curves(curves))


def test_the_reconstructions_can_be_read_and_the_best_code_is_closer():
    x = torch.rand(12, 64)
    alt = description(lambda: plot_reconstructions(x, torch.arange(12.0), *tiny("scalar")))
    assert "2.0 to 11.0 nats" in alt
    ours, best = (float(word.rstrip(".")) for word in alt.split("error ")[1].split(" and "))
    assert best <= ours
