import pytest
import torch
from pictures import drawn_texts, faults, unreadable
from shared_01 import digits, well_posed

from course_utils import pca
from course_utils.lessons.l01_pca_autoencoder.network import (
    explore_mixing,
    plot_training,
    predict_axes,
    unexplained,
)


@pytest.fixture(scope="module")
def trained():
    """The best plane, in oblique coordinates, as training leaves them; and the digits."""
    W = pca.fit(digits().train, 2).W
    mix = torch.tensor([[0.8, -0.3], [1.2, 0.5]], dtype=torch.float64)
    A, B, mean = mix @ W.T, W @ torch.linalg.inv(mix), digits().train.mean(0)
    return A, B, mean, digits().test, digits().test_labels


@pytest.fixture(scope="module")
def explorer(trained):
    return explore_mixing(*trained)


def test_every_corner_is_a_frame_that_can_be_read(explorer):
    assert not faults(explorer)


def test_mixing_changes_the_code_and_not_the_reconstruction(explorer):
    plain = explorer.frame(shear=0.0, stretch=1.0, turn=0.0)
    for values in explorer.corners():
        frame = explorer.frame(**values)
        assert abs(frame["images"] - plain["images"]).max() < 1e-12
        assert frame["error"] == plain["error"]
        moved = torch.stack(frame["digit_0"]) - torch.stack(plain["digit_0"])
        assert moved.abs().max() > 0.1


def test_mixing_starts_from_the_reconstruction_of_pca(explorer):
    frame = explorer.frame(shear=0.0, stretch=1.0, turn=0.0)
    model = pca.fit(digits().train, 2)
    zero = digits().test[digits().test_labels == 0][:1]
    rebuilt = torch.as_tensor(frame["images"][10:18, :8])
    torch.testing.assert_close(rebuilt, model.reconstruct(zero).reshape(8, 8))
    error = (digits().test - model.reconstruct(digits().test)).square().sum(1).mean()
    assert f"{error:.6f}" in frame["error"]


def test_mixed_codes_stay_in_the_panel(explorer):
    for values in explorer.corners():
        frame = explorer.frame(**values)
        for name in ("digit_0", "digit_3", "digit_4"):
            z = torch.stack(frame[name])
            assert (torch.tensor([6, 5]) > z.abs().T).float().mean() > 0.95


def test_the_question_has_one_right_answer_and_every_option_a_reason(trained):
    assert well_posed(predict_axes(*trained).poll)


def test_the_figure_can_be_read_and_describes_itself_with_numbers():
    with drawn_texts() as texts:
        picture = plot_training([4.75, 3.6, 3.4201], 3.42)
    assert not unreadable(texts)
    assert all(figure in picture.alt for figure in ["4.75", "3.4201", "3.4200"])


def test_codes_of_one_plane_explain_each_other_and_of_two_do_not(trained):
    A, _, mean, x, _ = trained
    scores = (x - mean) @ pca.fit(digits().train, 3).W
    assert unexplained((x - mean) @ A.T, scores[:, :2]) < 1e-12
    assert unexplained((x - mean) @ A.T, scores[:, 1:]) > 0.1
