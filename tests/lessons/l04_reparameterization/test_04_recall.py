import pytest
from shared_04 import one_right_answer

from course_utils.lessons.l04_reparameterization.recall import recall


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_question_has_one_right_answer(number):
    assert one_right_answer(recall(number))
