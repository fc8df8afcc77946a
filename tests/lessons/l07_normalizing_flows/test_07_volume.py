import torch
from pictures import faults
from questions import ill_posed

from course_utils.lessons.l07_normalizing_flows.volume import explore_volume, predict_stretch


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_stretch().poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_volume())


def test_the_area_said_is_that_of_the_parallelogram_drawn():
    frame = explore_volume().frame(first=2.0, second=0.5, shear=1.5)
    corner = torch.as_tensor(frame["square"])
    sides = torch.stack([corner[1] - corner[0], corner[3] - corner[0]])
    assert f"= {sides.det().abs().item():.2f}" in frame["numbers"]
