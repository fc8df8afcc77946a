from math import log

import torch
from pictures import drawn
from questions import ill_posed

from course_utils import vae
from course_utils.lessons.l07_normalizing_flows.autoencoder import (
    plot_branches,
    plot_flow_encoder,
    plot_gaps,
    poll_digits,
)


def branches():
    torch.manual_seed(0)
    encoder, decoder = vae.MixtureEncoder(2, 1), vae.Decoder(1, 2)
    with torch.no_grad():
        encoder.network[0].weight.zero_()
        encoder.network[0].bias.copy_(torch.tensor([0.0, log(3), -1.5, 2.0, 0.0, 0.0]))
    return plot_branches(encoder, decoder)


def test_the_branches_figure_can_be_read_and_describes_itself_with_numbers():
    assert "the weights are 0.25 at z = −1.5, 0.75 at z = 2.0" in drawn(branches)


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(poll_digits())


def test_the_drawing_and_the_gaps_can_be_read():
    assert "New is a flow" in drawn(plot_flow_encoder)
    gaps = {"Gaussian q": (4.7, 0.9), "flow q": (4.6, 0.9), "flow prior": (4.8, 1.0)}
    assert "flow q 4.60 on test and 0.90 on training" in drawn(lambda: plot_gaps(gaps))
