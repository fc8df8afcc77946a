import numpy as np
import pytest
from pictures import faults
from questions import ill_posed

from course_utils import flows
from course_utils.lessons.l07_normalizing_flows.passes import (
    explore_passes,
    needed,
    predict_passes,
)


def test_its_question_has_one_right_answer_and_every_option_a_reason():
    assert not ill_posed(predict_passes().poll)


def test_every_corner_is_a_frame_that_can_be_read():
    assert not faults(explore_passes())


@pytest.mark.parametrize("task", ["sample", "density"])
@pytest.mark.parametrize("name", ["MAF", "IAF"])
def test_the_passes_drawn_are_those_the_layer_takes(name, task):
    layer = {"MAF": flows.MaskedAutoregressive, "IAF": flows.InverseAutoregressive}[name](5)
    calls: list = []
    layer.network.register_forward_hook(lambda *_: calls.append(1))
    value = flows.standard_normal(5).sample()
    layer.push(value) if task == "sample" else layer.pull(value)
    assert needed(name, task) == len(calls)


def test_an_entry_reads_those_before_it():
    explorer = explore_passes()
    third = explorer.frame(layer="MAF", task="sample", passes=3)
    assert [line[0, 0] for line in third["read"]] == [1, 2]
    assert all(line[-1, 0] == 3 for line in third["read"])
    assert np.shape(third["x"]) == (3, 2) and np.shape(third["z"]) == (5, 2)
