import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pictures import faults
from shared_01 import few, well_posed

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.line import cloud, explore_rotation, predict_rotation


@pytest.fixture(scope="module")
def explorer():
    return explore_rotation(cloud())


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


@given(st.integers(0, 180))
@few
def test_kept_and_lost_are_the_trace_of_the_covariance(explorer, angle):
    x, frame = cloud(), explorer.frame(angle=float(angle))
    kept, lost = frame["kept"][3], frame["lost"][3]
    w = torch.tensor([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    assert lost == pytest.approx(pca.reconstruction_error(x, w[:, None].double()).item())
    assert kept + lost == pytest.approx(pca.spectrum(x)[1].sum().item())
    assert frame["lost"][1] == kept <= pca.spectrum(x)[1][0]


def test_the_best_line_keeps_the_first_eigenvalue(explorer):
    (x, y), eigenvalues = pca.fit(cloud(), 1).W[:, 0], pca.spectrum(cloud())[1]
    best = math.degrees(math.atan2(y, x)) % 180
    assert best == pytest.approx(30, abs=5)
    frame = explorer.frame(angle=best)
    assert frame["kept"][3] == pytest.approx(eigenvalues[0].item())
    assert frame["lost"][3] == pytest.approx(eigenvalues[1].item())


def test_the_prediction_has_one_right_answer_and_shows_its_explorer():
    prediction = predict_rotation(cloud())
    assert well_posed(prediction.poll)
    assert "<img alt=" in prediction.demo.still()
