import functools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_06 import few, sound

from course_utils.lessons.l06_vae.thermometer import WIDTHS, explore_gaps, predict_gaps, ring_gaps


def test_the_question_has_one_right_answer_and_every_option_a_reason():
    assert sound(predict_gaps().poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_gaps())


def test_the_parts_of_the_ring_sum_and_none_is_negative():
    for gaps in ring_gaps().values():
        total = gaps.elbo + gaps.amortisation + gaps.approximation
        torch.testing.assert_close(total, gaps.evidence)
        assert gaps.amortisation.min() > -1e-6 and gaps.approximation.min() > -1e-6
    # The ring is a mirror image of itself, so its best Gaussians are too.
    torch.testing.assert_close(gaps.approximation, gaps.approximation.flip(0), atol=2e-3, rtol=0)
    assert gaps.approximation[95].item() == pytest.approx(0.132, abs=5e-3)


gap_explorer = functools.cache(explore_gaps)


@given(st.sampled_from(WIDTHS), st.integers(-90, 90))
@few
def test_what_is_written_adds_up(width, half):
    frame = gap_explorer().update(width=width, angle=2 * half)
    names = ("evidence", "approximation", "amortisation", "elbo")
    evidence, approximation, amortisation, elbo = (
        float(frame[f"{name}_label"].split()[-1].replace("−", "-")) for name in names
    )
    assert evidence - approximation - amortisation == pytest.approx(elbo, abs=0.11)
    assert frame["q"][1].min() >= 0 and frame["q"][1].max() <= 1


def test_the_angle_is_that_of_the_posterior():
    """Ten degrees past the seam z is far below 0, ten before it far above: 2 pi Phi(z) is the angle."""
    for angle, sign in ((10, -1), (-10, 1)):
        z, posterior = gap_explorer().update(width=128, angle=angle)["posterior"]
        assert sign * z[posterior.argmax()] > 1.5
