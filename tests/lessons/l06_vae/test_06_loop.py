import torch

from course_utils.kit.exercise import EXERCISES
from course_utils.lessons.l06_vae.loop import one_epoch


def test_an_epoch_moves_both_networks_and_does_not_depend_on_the_minibatch_of_the_kl():
    x, encoder, decoder = EXERCISES["06.3"].cases[0]
    before = [p.clone() for net in (encoder, decoder) for p in net.parameters()]
    torch.manual_seed(0)
    losses = one_epoch(x, encoder, decoder)
    assert losses.shape == (3,)
    after = [p for net in (encoder, decoder) for p in net.parameters()]
    assert all((p != q).any() for p, q in zip(before, after, strict=True))
