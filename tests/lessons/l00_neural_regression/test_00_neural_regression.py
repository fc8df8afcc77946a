"""What holds for every explorer, question and figure of the lesson."""

import pytest
import torch
from shared_00 import decoders, explorers, points

from course_utils.lessons import l00_neural_regression as lesson


@pytest.mark.parametrize("name", ["step", "rate", "choices", "beyond"])
def test_every_corner_is_a_finite_frame_with_a_description(name):
    explorer = explorers()[name]
    corners = explorer.corners()
    assert len(corners) >= 2
    for corner in [*corners, *explorer.filmstrip]:
        frame = explorer.frame(**corner)
        assert len(frame.pop("alt")) > 50
        for value in frame.values():
            if not isinstance(value, str) and not any(isinstance(v, str) for v in value):
                assert all(torch.as_tensor(v).isfinite().all() for v in value)


@pytest.mark.parametrize("name", ["step", "rate", "choices", "beyond"])
def test_every_still_shows_the_default_and_the_filmstrip(name):
    explorer = explorers()[name]
    assert explorer.still().count("<img alt=") == 1 + len(explorer.filmstrip)


def test_every_question_has_one_right_answer_and_it_has_no_usual_place():
    z, x = points()
    polls = [lesson.recall(k) for k in (1, 2, 3)] + [lesson.poll_backprop()]
    polls += [lesson.poll_miss(), lesson.poll_uneven(), lesson.poll_momentum(), lesson.poll_few()]
    features = torch.cat([z, z**3], 1).double()
    predictions = [
        lesson.predict_step(),
        lesson.predict_rate(features, x.double()),
        lesson.predict_beyond(decoders(), z, x),
    ]
    polls += [prediction.poll for prediction in predictions]
    right = []
    for poll in polls:
        [place] = [i for i, option in enumerate(poll.options) if option.right]
        right.append(place)
    assert max(map(right.count, right)) <= len(right) / 2  # no place is the right one's


def test_figures_describe_themselves_with_numbers():
    z, x = points()
    pictures = [
        lesson.plot_data(z, x),
        lesson.plot_fit(z, x, decoders()[0], "Before training"),
        lesson.plot_training([0.4, 0.1, 0.011], floor=0.01),
        lesson.plot_density(scale=0.1),
        lesson.plot_steps(),
        lesson.plot_few(z[:20], x[:20], decoders()[0], [0.1, 0.001], [0.1, 0.02], every=20),
    ]
    for picture in pictures:
        assert len(picture.alt) > 50 and any(c.isdigit() for c in picture.alt)
