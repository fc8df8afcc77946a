import itertools

import torch
from hypothesis import given
from pictures import drawn_texts, unreadable
from questions import ill_posed
from shared_05 import few, seeds

from course_utils import mixture, vem
from course_utils.lessons.l05_variational_em.missing_pixels import (
    mean_field_bound,
    mean_field_sweep,
    plot_completions,
    poll_pixels,
)


def enumerated_elbo(log_joint, means, q, pixels):
    """L of q(k) prod q(x_d) by a sum over every k and every picture of the hidden pixels."""
    total = torch.zeros(()).double()
    for k, probability in enumerate(q):
        for hidden in itertools.product([0.0, 1.0], repeat=means.shape[1]):
            bits = torch.tensor(hidden).double()
            q_pixels = torch.where(bits == 1, pixels, 1 - pixels).log().sum()
            p_pixels = torch.where(bits == 1, means[k], 1 - means[k]).log().sum()
            log_q = probability.log() + q_pixels
            total += log_q.exp() * (log_joint[k] + p_pixels - log_q)
    return total


def binary_sweep(log_joint, means, q):
    """One sweep for pixels of two values, off and on."""
    q, pixels = mean_field_sweep(log_joint, torch.stack([1 - means, means], 2).log(), q)
    return q, pixels[..., 1]


@given(seeds)
@few
def test_a_mean_field_sweep_maximises_the_enumerated_bound_factor_by_factor(seed):
    torch.manual_seed(seed)
    means, start = torch.rand(3, 4).double() * 0.8 + 0.1, torch.randn(1, 3).double().softmax(1)
    log_joint = torch.randn(1, 3).double() - 4
    q, pixels = binary_sweep(log_joint, means, start)
    best_pixels = enumerated_elbo(log_joint[0], means, start[0], pixels[0])
    best_q = enumerated_elbo(log_joint[0], means, q[0], pixels[0])
    assert best_q >= best_pixels - 1e-12
    assert best_q <= log_joint.logsumexp(1) + 1e-12
    for _ in range(5):
        moved = (pixels[0].logit() + 0.3 * torch.randn(4).double()).sigmoid()
        assert enumerated_elbo(log_joint[0], means, start[0], moved) <= best_pixels + 1e-12
        other = (q[0].log() + 0.3 * torch.randn(3).double()).softmax(0)
        assert enumerated_elbo(log_joint[0], means, other, pixels[0]) <= best_q + 1e-12


@given(seeds)
@few
def test_the_bound_of_the_pixels_is_the_enumerated_one_of_their_best_component(seed):
    torch.manual_seed(seed)
    means, log_joint = torch.rand(3, 4).double() * 0.8 + 0.1, torch.randn(1, 3).double() - 4
    q, pixels = binary_sweep(log_joint, means, torch.randn(1, 3).double().softmax(1))
    ours = mean_field_bound(log_joint, means, pixels)
    torch.testing.assert_close(ours[0], enumerated_elbo(log_joint[0], means, q[0], pixels[0]))


def test_its_questions_have_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(*(poll_pixels(number) for number in (1, 2, 3)))


def test_sweeps_are_those_of_vem_mean_field():
    torch.manual_seed(0)
    model = mixture.BernoulliMixture(
        torch.tensor([0.2, 0.3, 0.5]).double(), torch.rand(3, 8).double() * 0.9 + 0.05
    )
    x, seen = (torch.rand(5, 8) > 0.5).double(), torch.arange(8) >= 4
    q = torch.rand(5, 3).double().softmax(1)
    theirs = vem.mean_field(model, x, seen, q, 7)
    for _ in range(7):
        q, pixels = binary_sweep(model.log_joint(x, seen), model.means[:, ~seen], q)
    torch.testing.assert_close(q, theirs.weights)
    torch.testing.assert_close(pixels, theirs.means)


def test_the_completions_can_be_read_and_described_with_numbers():
    seen, image = torch.arange(64) >= 32, (torch.rand(64) > 0.5).double()
    with drawn_texts() as texts:
        fills = torch.rand(2, 32).double()
        picture = plot_completions(image, seen, fills[0], fills, [0.625, 1.25])
    assert not unreadable(texts)
    assert "1.250" in picture.alt
