import torch
from pictures import faults
from shared_06 import description

from course_utils import data, deep, vae
from course_utils.lessons.l06_vae import explore_mixture, plot_arc


def model():
    torch.manual_seed(0)
    return vae.Decoder(1, 2, (4,), sigma2=0.1)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    x = data.arc(300).x.float()
    alt = description(lambda: plot_arc(model(), x))
    assert "total variation" in alt


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_mixture(model(), data.arc(300).x.float()))


def test_many_gaussians_are_the_evidence_and_one_is_a_gaussian():
    x = data.arc(300).x.float()
    explorer, decoder = explore_mixture(model(), x), model()
    evidence = deep.log_evidence(x, decoder).mean()
    assert f"with all z, the evidence, it is {evidence:.2f}" in explorer.frame(num_codes=256)["alt"]
    with torch.no_grad():
        one = decoder(torch.zeros(1, 1)).log_prob(x).mean()
    assert f"{one:.2f} nats on the data" in explorer.frame(num_codes=1)["alt"]
