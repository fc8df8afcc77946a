"""Lesson 09, sections 1 to 4 and 8: questions, figures, stored tables, formulas of exercises."""

import pytest
import torch
from pictures import drawn, faults
from questions import ill_posed

from course_utils import ppca
from course_utils.lessons import l09_unseen_by_the_objective as lesson
from course_utils.lessons.l09_unseen_by_the_objective import (
    decides,
    discrete,
    plane,
    slider,
    worth,
)
from course_utils.priors import made, rate

POLLS = {
    "slider": lambda: slider.predict_slider().poll,
    "silent": decides.poll_silent,
    "free bits": decides.poll_free_bits,
}
EXPLORERS = {
    "slider": slider.explore_slider,
    "plane": plane.explore_plane,
    "temperature": discrete.explore_temperature,
}


@pytest.mark.parametrize("name", POLLS)
def test_a_question_has_one_right_answer_and_every_option_a_reason(name):
    assert not ill_posed(POLLS[name]())


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_corner_is_a_frame_that_can_be_read(name):
    assert not faults(EXPLORERS[name]())


def test_the_figures_can_be_read_and_describe_themselves_with_numbers():
    scores = {
        "MADE first, then z": decides.Score(0.01, -17.62, -17.62),
        "joint": decides.Score(1.08, -17.64, -17.59),
        "KL annealed": decides.Score(1.63, -17.63, -17.57),
        "free bits": decides.Score(2.90, -17.90, -17.64),
    }
    assert "rate 2.90" in drawn(lambda: decides.plot_trainings(scores, -17.62))
    assert "all before: rate 2.25, worth 0.73" in drawn(worth.plot_worth)
    assert "exact sum -1" in drawn(discrete.plot_elbos)
    assert "Ten images" in drawn(lambda: discrete.plot_classes(discrete.made_anew(0)[1]))


def test_the_references_are_the_librarys():
    for radius in (0, 1, 3, 7):
        assert torch.equal(decides.mask(radius, 8), made.window(radius).double())
    values = plane.eigenvalues()
    for level in (0.02, 0.5):
        of_library = rate.water_filling(values, level)
        found = [float(part) for part in plane.spend(values, of_library.rate)]
        assert found == pytest.approx([level, of_library.error])
    model = slider.model()
    for tau in (0.0, 0.4, 1.0):
        said = slider.information(values[:5], model.sigma2, tau).item()
        assert said == pytest.approx(rate.Invisible(model, tau).information(), abs=1e-9)


@pytest.mark.parametrize("beta", [0.4, 1.0, 10.0])
def test_the_linear_vae_is_at_its_optimum_on_the_curve(beta):
    """No other scale of W has a smaller loss, error / 2 sigma2 + beta rate."""
    at = plane.linear(plane.SIGMA2, beta)
    assert list(at) == pytest.approx(list(rate.water_filling(plane.eigenvalues(), beta * 0.05)))
    level, values = beta * 0.05, plane.eigenvalues()
    best = -ppca.PPCA(
        torch.diag((values - level).clamp(min=0).sqrt()), torch.zeros_like(values), level
    ).log_evidence(torch.diag((len(values) * values).sqrt()))
    for factor in (0.95, 1.05):
        other = ppca.PPCA(
            factor * torch.diag((values - level).clamp(min=0).sqrt()),
            torch.zeros_like(values),
            level,
        )
        assert -other.log_evidence(torch.diag((len(values) * values).sqrt())).mean() > best.mean()


def test_a_gaussians_rate_for_its_own_error():
    at = rate.water_filling(plane.eigenvalues(), 0.07)
    assert plane.gaussian_rate(at.error) == pytest.approx(at.rate, abs=1e-6)


def test_starts_of_one_model_reach_one_optimum_with_several_rates():
    elbos, rates = lesson.linear_starts((0.1, 1.0))
    assert elbos[0] == pytest.approx(elbos[1].item(), abs=1e-6)
    assert rates[1] > 3 * rates[0]


def test_made_alone_never_hears_of_z():
    """Silent for ever: the encoder is not trained, and the score is that of z = 0."""
    decoder, _ = decides.train(lambda fit, kl, done: fit, silent=1.0, seed=1)
    first = decoder.network[0].weight
    torch.manual_seed(1)
    fresh = made.Made(2, made.full(256), (64,)).network[0].weight
    shrunk = (first / fresh).detach()  # by AdamW's decay alone
    assert (shrunk - shrunk.mean()).abs().max() < 1e-4


def test_the_stored_tables_say_what_the_text_says():
    told, gained = torch.tensor([worth.WORTH[radius] for radius in worth.RADII]).mean(1).T
    assert (told.diff() < 0).all() and (gained.diff() < 0).all()
    assert told[0] == pytest.approx(3.06, abs=0.05) and told[3] == pytest.approx(2.25, abs=0.05)
    assert gained[0] == pytest.approx(5.24, abs=0.05) and gained[3] == pytest.approx(0.73, abs=0.05)
    for point in plane.BENT.values():
        assert plane.gaussian_rate(point.error) - point.rate > 1


def test_a_stored_worth_is_measured_again():
    told, gained = worth.measure(0, seed=1)
    assert told == pytest.approx(worth.WORTH[0][0][0], abs=0.3)
    assert gained == pytest.approx(worth.WORTH[0][0][1], abs=0.4)


def test_the_exact_gradient_is_autograds():
    torch.manual_seed(0)
    logits, values = torch.randn(10).double().requires_grad_(), torch.randn(10).double()
    wanted = torch.autograd.grad((logits.softmax(0) * values).sum(), logits)[0]
    q = torch.distributions.OneHotCategorical(logits=logits.detach())
    torch.testing.assert_close(discrete.exact_gradient(values, q), wanted)
